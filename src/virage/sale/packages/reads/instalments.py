"""Instalments for screens and emails: what may be chosen, and what became of what was agreed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from virage.identity.people.types import Email, EmailContent, EmailKind
from virage.money.payments import api as payments
from virage.money.payments.types import SavedCardState
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.platform.values.zones import zone_note
from virage.sale.packages.rules.instalments import PartEvent, divide
from virage.sale.packages.rules.terms import InstalmentRow, Package
from virage.sale.packages.store import instalments as store
from virage.sale.packages.store import packages as packages_store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import OrderRow
from virage.site.programme import api as programme
from virage.site.venue.api import venues

InstalmentProgress = Literal["unpaid", "planned", "charging", "to_pay", "paid", "ended"]
"""`unpaid`: the first one is not paid yet. `ended`: its places are free again, or all of its events were cancelled."""


class InstalmentPart(Struct, frozen=True):
    """A part that a buyer may choose; `due_at` is None for the first, which is paid at once."""

    cents: Cents
    due_at: datetime | None
    event_ids: list[UUID]


class Instalment(Struct, frozen=True):
    """An agreed part of a subscription. `next_at` is when its card is charged next, `until` the end of its places.

    `declined` counts the charges that the bank refused; `reason` is why the card was not charged.
    """

    number: int
    state: InstalmentProgress
    cents: Cents
    due_at: datetime
    next_at: datetime | None
    until: datetime
    event_ids: list[UUID]
    declined: int
    reason: str | None


class Instalments(Struct, frozen=True):
    """The agreed parts of a subscription; `card` is the label of the saved card, None if there is none.

    `is_replaced`: another card is being saved.
    """

    card: str | None
    is_replaced: bool
    parts: list[Instalment]


def choices(package: Package, events: Sequence[PartEvent], now: datetime) -> list[list[InstalmentPart]]:
    """Return the ways to pay a subscription in two parts or more, the fewest first."""
    found = [divide(events, wanted, package.instalment_days, now) for wanted in range(2, package.instalments_max + 1)]
    return [
        [InstalmentPart(part.cents, part.due_at, [event.event_id for event in part.events]) for part in parts]
        for wanted, parts in enumerate(found, start=2)
        if len(parts) == wanted
    ]


async def instalments_of(conn: Connection, subscription_ids: Sequence[UUID]) -> dict[UUID, Instalments]:
    """Return what was agreed, by subscription; those that are paid at once are missing."""
    rows = await store.instalments_of(conn, subscription_ids)
    if not rows:
        return {}
    plans = await store.plans(conn, rows)
    orders = await ticketing.parts(conn, [row.id for found in rows.values() for row in found])
    cards = await payments.methods(conn, [plan.method_id for plan in plans.values()])
    replaced = await store.next_cards(conn, rows)
    return {
        id_: Instalments(
            cards[plan.method_id].label if cards[plan.method_id].state is SavedCardState.SAVED else None,
            id_ in replaced,
            [_instalment(row, orders.get(row.id, ())) for row in rows[id_]],
        )
        for id_, plan in plans.items()
    }


def _instalment(row: InstalmentRow, orders: Sequence[OrderRow]) -> Instalment:
    states = {order.state for order in orders}
    if states & {"paid", "refunded"}:
        state: InstalmentProgress = "paid"
    elif not states & {"held", "paying"}:
        state = "ended"
    else:
        by_row: Mapping[str, InstalmentProgress] = {"waiting": "unpaid", "open": "planned", "charging": "charging"}
        state = by_row.get(row.state, "to_pay")
    costs = [order for order in orders if order.state not in ("released", "expired")] or orders
    return Instalment(
        number=row.number,
        state=state,
        cents=sum(order.total_cents for order in costs),
        due_at=row.due_at,
        next_at=row.next_at,
        until=row.until,
        event_ids=[order.event_id for order in orders],
        declined=row.declined,
        reason=row.reason,
    )


async def instalment_email(conn: Connection, email: Email) -> EmailContent | None:
    """Return an instalment as its emails tell it; None once it is paid or has ended."""
    rows = [] if email.about_id is None else await store.instalments(conn, [email.about_id])
    if not rows:
        return None
    (row,) = rows
    agreed = (await instalments_of(conn, [row.plan_id]))[row.plan_id]
    (part,) = [one for one in agreed.parts if one.number == row.number]
    if part.state in ("paid", "ended") or (email.kind is EmailKind.INSTALMENT_DUE and part.state != "planned"):
        return None
    subscription = (await packages_store.subscriptions(conn, [row.plan_id]))[row.plan_id]
    package = (await packages_store.packages(conn, [subscription.package_id]))[subscription.package_id]
    events = await programme.events(conn, part.event_ids)
    zone = min(events.values(), key=lambda event: (event.starts_at, event.id)).zone
    values = {
        "package": package.name,
        "number": row.number,
        "count": len(agreed.parts),
        "cents": part.cents,
        "events": len(part.event_ids),
        "card": agreed.card or "",
        "due_at": row.due_at.astimezone(zone),
        "again": row.next_at is not None,
        "again_at": (row.next_at or row.until).astimezone(zone),
        "until": row.until.astimezone(zone),
        "zone": zone_note(zone, (await venues(conn))[0].zone),
    }
    return EmailContent(values, path=f"/subscriptions/{row.plan_id}")
