"""Search for orders and sums of sales, within the scope of a role."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.sale.ticketing.store.queries import queries


class Scope(Struct, frozen=True):
    """The events that roles cover: all, or those of some organisers, at some venues, and some single events."""

    everywhere: bool
    organiser_ids: list[UUID]
    venue_codes: list[str]
    event_ids: list[UUID]


class OrderCriteria(Struct, frozen=True):
    """Criteria of an order search, of which one is enough. `holder` is part of a name, `seats` are places by event."""

    code: str | None = None
    owner_ids: Sequence[UUID] = ()
    holder: str | None = None
    seats: Mapping[UUID, int] = {}


async def found_orders(conn: Connection, known: OrderCriteria, scope: Scope, wanted: int) -> list[UUID]:
    """Return the latest orders that match a criterion, at most `wanted`."""
    rows = queries.found_orders(
        conn,
        code=known.code,
        owner_ids=known.owner_ids,
        holder=known.holder,
        seat_events=list(known.seats.keys()),
        seats=list(known.seats.values()),
        everywhere=scope.everywhere,
        organiser_ids=scope.organiser_ids,
        venue_codes=scope.venue_codes,
        event_ids=scope.event_ids,
        wanted=wanted,
    )
    return [row["id"] async for row in rows]


async def priced_events(conn: Connection) -> list[UUID]:
    """Return every event with prices."""
    return [row["event_id"] async for row in queries.priced_events(conn)]


class EventTotals(Struct, frozen=True):
    """Sold and held places of an event, and revenue after refunds."""

    event_id: UUID
    sold: int
    held: int
    revenue_cents: int


async def event_sums(conn: Connection, scope: Scope) -> list[EventTotals]:
    """Return the sums of every public event within a scope."""
    rows = queries.event_sums(
        conn,
        everywhere=scope.everywhere,
        organiser_ids=scope.organiser_ids,
        venue_codes=scope.venue_codes,
        event_ids=scope.event_ids,
    )
    return [EventTotals(row["event_id"], row["sold"], row["held"], row["revenue_cents"]) async for row in rows]
