"""A draw as everyone sees it, and the entry of the person who asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from virage.money.payments import api as payments
from virage.money.payments.types import SavedCardState
from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.money import Cents
from virage.sale.draws.rules.setup import highest_price, takes_entries
from virage.sale.draws.rules.terms import (
    GROUP_MAX,
    WITHOUT_SEATS,
    Draw,
    DrawState,
    EntryContent,
    EntryRow,
    EntryState,
)
from virage.sale.draws.store import draws as store
from virage.sale.draws.store import entries as entries_store
from virage.sale.ticketing import api as ticketing
from virage.sale.ticketing.types import Party, Pricing, SeatNeed, Tariff
from virage.site.programme import api as programme

MyState = Literal[
    "card_missing",
    "entered",
    "lapsed",
    "won",
    "to_pay",
    "paid",
    "waiting",
    "not_possible",
    "released",
    "lost",
    "cancelled",
]
SHOWN: Mapping[EntryState, MyState] = {
    "entered": "entered",
    "lapsed": "lapsed",
    "won": "won",
    "review": "not_possible",  # a ban that matches is not told
    "held": "won",
    "charging": "won",
    "to_pay": "to_pay",
    "paid": "paid",
    "waiting": "waiting",
    "released": "released",
    "lost": "lost",
    "cancelled": "cancelled",
}


class DrawQuota(Struct, frozen=True):
    """What a draw offers of a category, with its prices by tariff. None: all that is free when the entries close."""

    category_id: UUID
    name: LocalisedText
    prices: dict[Tariff, Cents]
    places: int | None
    spaces: int | None


class MyEntry(Struct, frozen=True):
    """My entry. `code` is what is published instead of me; `number` is its place in the order of the draw, from 1.

    `charged_at_most_cents` is the highest amount that my card is charged. `reason` is why it was declined.
    `unmet` are the needs that my seats lack, None before I have seats. `needs_deleted`: the entry has ended, or its
    draw, at `needs_deleted_at` (None for an entry that ended before): no needs are kept, named or not.
    """

    state: MyState
    code: str
    party: Party
    wishes: list[UUID]
    any_other: bool
    wheelchair: bool
    needs: list[SeatNeed]
    unmet: list[SeatNeed] | None
    needs_deleted: bool
    needs_deleted_at: datetime | None
    method_id: UUID
    card: str | None
    card_failed: bool
    charged_at_most_cents: Cents
    number: int | None
    category_id: UUID | None
    order_id: UUID | None
    pays_until: datetime | None
    reason: str | None


class PublicDraw(Struct, frozen=True):
    """A draw for everyone. `commitment`, `entries_sha256` and `seed` are in hexadecimal; the seed is revealed last."""

    id: UUID
    event_id: UUID
    state: DrawState
    takes_entries: bool
    closes_at: datetime
    draws_at: datetime
    ends_at: datetime
    pay_hours: int
    group_max: int
    fee_cents: Cents
    quotas: list[DrawQuota]
    entries: int
    public_value_name: str | None
    public_value: str | None
    commitment: str | None
    entries_sha256: str | None
    seed: str | None
    mine: MyEntry | None


class DrawAnswer(Struct, frozen=True):
    """The draw of an event, None if it has none."""

    draw: PublicDraw | None


async def public_draw(conn: Connection, event_id: UUID, person_id: UUID | None, now: datetime) -> PublicDraw | None:
    """Return the draw of an event once it has opened, with the entry of a person."""
    draw = await store.draw_of_event(conn, event_id)
    event = await programme.event(conn, event_id)
    if draw is None or event is None or draw.opened_at is None:
        return None
    pricing = await ticketing.load_pricing(conn, event_id)
    entry = None if person_id is None else await entries_store.entry_of_person(conn, draw.id, person_id)
    return PublicDraw(
        id=draw.id,
        event_id=event_id,
        state=draw.state,
        takes_entries=takes_entries(draw, now),
        closes_at=draw.closes_at,
        draws_at=draw.draws_at,
        ends_at=draw.ends_at,
        pay_hours=draw.pay_hours,
        group_max=min(GROUP_MAX, event.rules.limit_per_buyer),
        fee_cents=pricing.fee_cents,
        quotas=quotas_of(draw, pricing),
        entries=await entries_store.count_all(conn, draw.id),
        public_value_name=draw.public_value_name,
        public_value=draw.public_value,
        commitment=_hex(draw.commitment),
        entries_sha256=_hex(draw.entries_sha256),
        seed=_hex(draw.seed),
        mine=None if entry is None else await _mine(conn, entry, draw, pricing),
    )


def quotas_of(draw: Draw, pricing: Pricing) -> list[DrawQuota]:
    """Return the quotas of a draw with the names and prices of their categories."""
    categories = {category.id: category for category in pricing.categories}
    return [
        DrawQuota(
            quota.category_id,
            categories[quota.category_id].name,
            categories[quota.category_id].prices,
            quota.places,
            quota.spaces,
        )
        for quota in draw.quotas
        if quota.category_id in categories
    ]


async def _mine(conn: Connection, entry: EntryRow, draw: Draw, pricing: Pricing) -> MyEntry:
    card = (await payments.methods(conn, [entry.method_id])).get(entry.method_id)
    agreed = await entries_store.charge_maxima(conn, [entry.id])
    categories = [quota.category_id for quota in draw.quotas]
    content = EntryContent(
        party=entry.party,
        wishes=[categories[position] for position in entry.wishes],
        any_other=entry.any_other,
        wheelchair=entry.wheelchair,
    )
    missing = entry.state == "entered" and (card is None or card.state is not SavedCardState.SAVED)
    ended = entry.state in WITHOUT_SEATS
    return MyEntry(
        state="card_missing" if missing else SHOWN[entry.state],
        code=entry.code,
        party=entry.party,
        wishes=content.wishes,
        any_other=entry.any_other,
        wheelchair=entry.wheelchair,
        needs=entry.needs,
        unmet=entry.unmet,
        needs_deleted=ended or draw.ended_at is not None,
        needs_deleted_at=None if ended else draw.ended_at,
        method_id=entry.method_id,
        card=None if card is None else card.label,
        card_failed=card is not None and card.state is SavedCardState.FAILED,
        charged_at_most_cents=agreed.get(entry.id, highest_price(content, categories, pricing)),
        number=entry.number,
        category_id=None if entry.category is None else categories[entry.category],
        order_id=entry.order_id,
        pays_until=entry.pays_until if entry.state == "to_pay" else None,
        reason=entry.reason if entry.state in ("to_pay", "released") else None,
    )


class PublishedDraw(Struct, frozen=True):
    """The file `draw.json`: what a check of the result needs beside the other files."""

    id: UUID
    event: UUID
    commitment: str | None
    entries_sha256: str | None
    public_value_name: str | None
    public_value: str | None
    seed: str | None
    quotas: list[tuple[UUID, int | None, int | None]]


def published_draw(draw: Draw) -> PublishedDraw:
    """Return what is published of a draw now."""
    return PublishedDraw(
        draw.id,
        draw.event_id,
        _hex(draw.commitment),
        _hex(draw.entries_sha256),
        draw.public_value_name,
        draw.public_value,
        _hex(draw.seed),
        [(quota.category_id, quota.places, quota.spaces) for quota in draw.quotas],
    )


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


async def export(conn: Connection, person_id: UUID) -> list[dict[str, Any]]:
    """Return the entries of a person, for their export."""
    rows = await entries_store.entries_of_person(conn, person_id)
    draws = await store.draws(conn, [row.draw_id for row in rows])
    events = await programme.events(conn, sorted({draw.event_id for draw in draws.values()}))
    return [
        {
            "id": row.id,
            "event": events[draws[row.draw_id].event_id].title if draws[row.draw_id].event_id in events else None,
            "code": row.code,
            "state": row.state,
            "entered_at": row.entered_at,
            "party": row.party,
            "wheelchair": row.wheelchair,
            "needs": row.needs,
            "unmet": row.unmet,
            "order_id": row.order_id,
        }
        for row in rows
    ]
