"""Join and leave the waiting list of an event, and invite those who wait when seats are free or listed."""

from datetime import datetime, timedelta
from uuid import UUID

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.exchange import may_trade
from virage.sale.ticketing.rules.open_sale import OpenSale
from virage.sale.ticketing.rules.sale import OPEN_STATES
from virage.sale.ticketing.rules.terms import TARIFFS, Tariff
from virage.sale.ticketing.rules.waiting import (
    ListedSeats,
    Supply,
    WaitingEntry,
    WaitingRefusal,
    WaitingRequest,
    may_wait,
    to_invite,
)
from virage.sale.ticketing.settings import ExchangeSettings
from virage.sale.ticketing.store import exchange as exchange_store
from virage.sale.ticketing.store import orders as orders_store
from virage.sale.ticketing.store import waiting as store
from virage.site.programme import api as programme


async def join(
    conn: Connection, sale: OpenSale, request: WaitingRequest, person_id: UUID, now: datetime
) -> WaitingEntry | Refused:
    """Join the waiting list, or change the wishes of an entry, which keeps its turn.

    Refusals: `sale_not_open`, `sale_closed`, `event_cancelled`, `category_unknown`, `limit_reached`, `invalid_input`,
    `seats_available` while seats for the party are free or listed.
    """
    event_id = sale.event.event_id
    mine = await orders_store.known_orders(conn, [], [event_id], [person_id])
    bought = sum(
        len(order.places)
        for order in mine
        if order.state == "paid" or (order.state in OPEN_STATES and order.expires_at > now)
    )
    refusal = may_wait(sale, request, bought, now)
    if refusal is not None:
        return refusal
    if (await _supply(conn, sale, now)).find(request, person_id) is not None:
        return Refused(WaitingRefusal.SEATS_AVAILABLE)
    await store.join(conn, event_id, person_id, request, now)
    await append(conn, [Fact("waiting_joined", person_id, event_id)], now)
    entry = await store.entry(conn, event_id, person_id)
    if entry is None:
        raise RuntimeError("The entry was just stored.")
    return entry


async def leave(conn: Connection, event_id: UUID, person_id: UUID, now: datetime) -> None:
    """Leave the waiting list of an event; without an entry, nothing happens."""
    if await store.leave(conn, event_id, person_id):
        await append(conn, [Fact("waiting_left", person_id, event_id)], now)


async def events(conn: Connection, now: datetime) -> list[UUID]:
    """Delete the waiting lists of events whose sale is over; return the others."""
    waited_for = await programme.events(conn, await store.events(conn))
    over = [id_ for id_, event in waited_for.items() if event.state != "published" or event.sale_closes_at <= now]
    await store.forget(conn, over)
    return sorted(set(waited_for) - set(over))


async def invite(conn: Connection, settings: ExchangeSettings, sale: OpenSale, now: datetime) -> int:
    """Tell those who wait for an event, as many parties as there are seats for, by email; return how many.

    The seats are not reserved: the first who pays gets them. `sale` is changed, and is not that of other buyers.
    """
    event_id = sale.event.event_id
    await store.end(conn, event_id, now)
    chosen = to_invite(await store.lock(conn, event_id, now), await _supply(conn, sale, now), now)
    if not chosen:
        return 0
    until = now + timedelta(minutes=settings.waiting_invitation_minutes)
    await store.invite(conn, event_id, [one.person_id for one in chosen], until)
    await append(conn, [Fact("waiting_invited", None, event_id, {"person": one.person_id}) for one in chosen], now)
    emails = [
        NewEmail(
            id=new_id(),
            kind=EmailKind.WAITING_LIST,
            subject_id=event_id,
            about_id=new_id(),  # each invitation is an email of its own
            person_id=one.person_id,
            expires_at=until,
        )
        for one in chosen
    ]
    await queue_emails(conn, emails, now)
    return len(chosen)


async def _supply(conn: Connection, sale: OpenSale, now: datetime) -> Supply:
    """Return what an event has for those who wait: listings count while its exchange is open."""
    event_id = sale.event.event_id
    event, terms = await programme.event(conn, event_id), await exchange_store.terms(conn, event_id)
    if may_trade(event, terms, now) is not None:
        return Supply(sale, [])
    listed = [
        ListedSeats(
            seller_id=one.seller_id,
            size=len(one.places),
            category_ids=frozenset(sale.category_id(place) for place in one.places),
            access=any(TARIFFS[tariff] is Tariff.ACCESS for tariff in one.tariffs),
            features=tuple(
                sale.inventory.plan.features[place] if place < sale.venue.seats else 0 for place in one.places
            ),
        )
        for one in await store.free_listings(conn, event_id, now)
    ]
    return Supply(sale, listed)
