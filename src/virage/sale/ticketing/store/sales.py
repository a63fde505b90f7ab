"""What was sold, counted by the database."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.sale.ticketing.store.queries import queries


class Sold(Struct, frozen=True):
    """Places of one part of the ground, sold or only held, in one hour. `part` counts the given parts from 1."""

    sold: bool
    hour: datetime
    part: int
    places: int
    cents: int


class Totals(Struct, frozen=True):
    """Orders that were paid, and their money; the total contains the fee."""

    orders: int
    total_cents: int
    refunded_cents: int


async def sold_by_hour(conn: Connection, event_id: UUID, from_places: Sequence[int]) -> list[Sold]:
    """What an event sold and holds; the ground is cut into parts that begin at `from_places`, rising."""
    rows = queries.sold_by_hour(conn, event_id=event_id, from_places=from_places)
    return [Sold(*row) async for row in rows]


async def order_totals(conn: Connection, event_id: UUID) -> Totals:
    """Orders, their money and refunds of an event."""
    return Totals(*(await queries.order_totals(conn, event_id=event_id)))


async def refunded_by_part(conn: Connection, event_id: UUID, from_places: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(places, cents) that were given back, by part of the ground."""
    rows = queries.refunded_by_part(conn, event_id=event_id, from_places=from_places)
    return {row["part"]: (row["places"], row["cents"]) async for row in rows}
