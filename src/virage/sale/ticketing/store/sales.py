"""Sales counted by the database."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.sale.ticketing.store.queries import queries


class Sold(Struct, frozen=True):
    """Places of a part of the venue, sold or held, in one hour. `part` counts from 1."""

    sold: bool
    hour: datetime
    part: int
    places: int
    cents: int


class Totals(Struct, frozen=True):
    """Paid orders and their amounts; the total includes the fee."""

    orders: int
    total_cents: int
    refunded_cents: int


async def sold_by_hour(conn: Connection, event_id: UUID, from_places: Sequence[int]) -> list[Sold]:
    """Return sold and held places of an event by hour and part; parts begin at `from_places`, ascending."""
    rows = queries.sold_by_hour(conn, event_id=event_id, from_places=from_places)
    return [Sold(*row) async for row in rows]


async def order_totals(conn: Connection, event_id: UUID) -> Totals:
    """Return the number of orders, their total and their refunds."""
    return Totals(*(await queries.order_totals(conn, event_id=event_id)))


async def refunded_by_part(conn: Connection, event_id: UUID, from_places: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return refunded (places, cents) by part of the venue."""
    rows = queries.refunded_by_part(conn, event_id=event_id, from_places=from_places)
    return {row["part"]: (row["places"], row["cents"]) async for row in rows}
