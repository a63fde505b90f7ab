"""Places for sale and taken places of many events, counted by the database."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.sale.ticketing.store.queries import queries


class PartForSale(Struct, frozen=True):
    """A block or standing area of an event, by code. `capacity` is None for a block: its number of seats."""

    event_id: UUID
    code: str
    full_cents: Cents
    capacity: int | None


async def parts_for_sale(conn: Connection, event_ids: Sequence[UUID]) -> list[PartForSale]:
    """Return every block and area for sale at these events."""
    return [PartForSale(*row) async for row in queries.parts_for_sale(conn, event_ids=event_ids)]


async def taken_by_part(
    conn: Connection, event_ids: Sequence[UUID], from_places: Sequence[int]
) -> dict[tuple[UUID, int], int]:
    """Return claimed places by event and part; parts begin at `from_places`, ascending, and count from 1."""
    rows = queries.taken_by_part(conn, event_ids=event_ids, from_places=from_places)
    return {(row["event_id"], row["part"]): row["places"] async for row in rows}
