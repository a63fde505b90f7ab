"""Who has a place of an event."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from virage.kernel.database import Connection
from virage.ticketing.store.queries import queries


class Claim(Struct, frozen=True, order=True):
    """One place of an event for one order; claims are written in this order, everywhere."""

    event_id: UUID
    place: int
    order_id: UUID


async def claim_places(conn: Connection, claims: Sequence[Claim]) -> list[Claim]:
    """Claim sorted places in one statement; those of them that were not free, and stay with whoever has them.

    A place that an earlier claim of the same order has is not free either: it is that claim's.
    """
    row = await queries.claim_places(conn, **_columns(claims))
    if row["whole"]:
        return []
    won = set(zip(row["order_ids"] or (), row["places"] or (), strict=True))
    return [claim for claim in claims if (claim.order_id, claim.place) not in won]


async def free_places(conn: Connection, claims: Sequence[Claim]) -> int:
    """Give back the places that the orders still have; how many."""
    return int(await queries.free_places(conn, **_columns(claims)))


async def places_taken(conn: Connection, event_id: UUID) -> list[int]:
    """Every place of an event that somebody has."""
    return [row[0] async for row in queries.places_taken(conn, event_id=event_id)]


async def claims_of_event(conn: Connection, event_id: UUID) -> dict[int, UUID]:
    """Every place of an event that somebody has, and the order that has it."""
    return {row["place"]: row["order_id"] async for row in queries.claims_of_event(conn, event_id=event_id)}


def _columns(claims: Sequence[Claim]) -> dict[str, list[UUID] | list[int]]:
    return {
        "event_ids": [claim.event_id for claim in claims],
        "places": [claim.place for claim in claims],
        "order_ids": [claim.order_id for claim in claims],
    }
