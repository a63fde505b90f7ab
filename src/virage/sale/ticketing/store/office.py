"""Orders by what somebody knows of them, within what a role covers."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.sale.ticketing.store.queries import queries


class Scope(Struct, frozen=True):
    """The events that roles cover: those of some organisers, some more, or all."""

    everywhere: bool
    organiser_ids: list[UUID]
    event_ids: list[UUID]


class Known(Struct, frozen=True):
    """What somebody knows of an order; whichever is true of it is enough. `holder` is a part of a name."""

    code: str | None = None
    owner_ids: Sequence[UUID] = ()
    holder: str | None = None
    places: Sequence[int] = ()


async def found_orders(conn: Connection, known: Known, scope: Scope, wanted: int) -> list[UUID]:
    """The latest orders of which something is known, at most so many."""
    rows = queries.found_orders(
        conn,
        code=known.code,
        owner_ids=known.owner_ids,
        holder=known.holder,
        places=known.places,
        everywhere=scope.everywhere,
        organiser_ids=scope.organiser_ids,
        event_ids=scope.event_ids,
        wanted=wanted,
    )
    return [row["id"] async for row in rows]


class Sum(Struct, frozen=True):
    """Places of an event that are sold and held, and the money kept for them."""

    event_id: UUID
    sold: int
    held: int
    revenue_cents: int


async def event_sums(conn: Connection, scope: Scope) -> list[Sum]:
    """The sums of every public event within a scope."""
    rows = queries.event_sums(
        conn, everywhere=scope.everywhere, organiser_ids=scope.organiser_ids, event_ids=scope.event_ids
    )
    return [Sum(row["event_id"], row["sold"], row["held"], row["revenue_cents"]) async for row in rows]
