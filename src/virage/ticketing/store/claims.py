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


async def claim_places(conn: Connection, claims: Sequence[Claim]) -> int:
    """Claim sorted places in one statement; how many of them were free. The others stay as they are."""
    return int(await queries.claim_places(conn, **_columns(claims)))


async def claimants(conn: Connection, claims: Sequence[Claim]) -> dict[tuple[UUID, int], UUID]:
    """Which order has each of the places, whoever wanted it."""
    columns = _columns(claims)
    del columns["order_ids"]
    return {(row["event_id"], row["place"]): row["order_id"] async for row in queries.claimants(conn, **columns)}


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
