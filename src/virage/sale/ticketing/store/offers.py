"""What many events sell, and how much of it is taken, without bringing any of them into memory."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.sale.ticketing.store.queries import queries


class PartForSale(Struct, frozen=True):
    """A block or a standing area of an event, by its code. `capacity` None: as many places as the block has seats."""

    event_id: UUID
    code: str
    full_cents: Cents
    capacity: int | None


async def parts_for_sale(conn: Connection, event_ids: Sequence[UUID]) -> list[PartForSale]:
    """Every part of the ground that these events sell."""
    return [PartForSale(*row) async for row in queries.parts_for_sale(conn, event_ids=event_ids)]


async def taken_by_part(
    conn: Connection, event_ids: Sequence[UUID], from_places: Sequence[int]
) -> dict[tuple[UUID, int], int]:
    """Places that somebody has, by event and part; the parts begin at `from_places`, rising, and count from 1."""
    rows = queries.taken_by_part(conn, event_ids=event_ids, from_places=from_places)
    return {(row["event_id"], row["part"]): row["places"] async for row in rows}
