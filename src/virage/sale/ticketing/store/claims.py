"""Claims: which order has which place of an event."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.terms import TicketRow
from virage.sale.ticketing.store.queries import queries


class Claim(Struct, frozen=True, order=True):
    """A place of an event claimed by an order; claims are always inserted in this sort order."""

    event_id: UUID
    place: int
    order_id: UUID


class Occupied(Struct, frozen=True):
    """A place of a refunded ticket whose holder was inside."""

    event_id: UUID
    place: int
    order_id: UUID
    ticket_id: UUID


async def keep_occupied(conn: Connection, order_id: UUID, tickets: Sequence[TicketRow]) -> None:
    """Store the places of these tickets of an order as occupied; their claims stay."""
    if tickets:
        await queries.keep_occupied(
            conn,
            order_id=order_id,
            event_ids=[ticket.event_id for ticket in tickets],
            places=[ticket.place for ticket in tickets],
            ticket_ids=[ticket.id for ticket in tickets],
        )


async def occupied_places(conn: Connection) -> list[Occupied]:
    """Return every place of a refunded ticket whose holder was inside."""
    return [Occupied(**row) async for row in queries.occupied_places(conn)]


async def occupied_of_orders(conn: Connection, order_ids: Sequence[UUID]) -> list[Occupied]:
    """Return the places of refunded tickets of these orders whose holders were inside."""
    return [Occupied(**row) async for row in queries.occupied_of_orders(conn, order_ids=order_ids)]


async def forget_occupied(conn: Connection, places: Sequence[Occupied]) -> None:
    """Delete these occupied places."""
    await queries.forget_occupied(conn, ticket_ids=[place.ticket_id for place in places])


class Missed(Struct, frozen=True):
    """Claims that were not made, and the events that were moved to another version of their venue."""

    claims: list[Claim]
    moved: frozenset[UUID] = frozenset()


async def claim_places(conn: Connection, claims: Sequence[Claim], versions: Mapping[UUID, str]) -> Missed:
    """Claim sorted places in one statement; return those that were not free.

    A place with an earlier claim of the same order is not free either. `versions` are those of the venues that number
    the places, by event; an event without one is not checked.
    """
    row = await queries.claim_places(conn, **_columns(claims), versions=[versions.get(c.event_id) for c in claims])
    if row["whole"]:
        return Missed([])
    won = set(zip(row["order_ids"] or (), row["places"] or (), strict=True))
    return Missed([c for c in claims if (c.order_id, c.place) not in won], frozenset(row["moved"] or ()))


async def replace_claims(conn: Connection, event_id: UUID, orders: Mapping[int, UUID]) -> None:
    """Replace every claim of an event whose orders are locked; `orders` are the new claims by place."""
    await queries.clear_claims(conn, event_id=event_id)
    await queries.put_claims(conn, event_id=event_id, places=list(orders.keys()), order_ids=list(orders.values()))
    await queries.forget_occupied_of_event(conn, event_id=event_id)


async def put_moved_event(conn: Connection, event_id: UUID, venue_version: str) -> None:
    """Store the current version of the venue of a moved event."""
    await queries.put_moved_event(conn, event_id=event_id, venue_version=venue_version)


async def free_places(conn: Connection, claims: Sequence[Claim]) -> int:
    """Delete the claims that the orders still have; return how many."""
    return int(await queries.free_places(conn, **_columns(claims)))


async def move_claims(conn: Connection, orders: Mapping[UUID, UUID]) -> None:
    """Move all claims of each order to the other order; both are locked."""
    await queries.move_claims(conn, from_ids=list(orders.keys()), to_ids=list(orders.values()))


async def hand_claims(conn: Connection, claims: Sequence[Claim], to_ids: Sequence[UUID]) -> int:
    """Move these claims to other orders, all locked; return how many were there."""
    return int(
        await queries.hand_claims(
            conn,
            event_ids=[claim.event_id for claim in claims],
            places=[claim.place for claim in claims],
            from_ids=[claim.order_id for claim in claims],
            to_ids=list(to_ids),
        )
    )


async def places_taken(conn: Connection, event_id: UUID) -> list[int]:
    """Return every claimed place of an event."""
    return [row[0] async for row in queries.places_taken(conn, event_id=event_id)]


async def claims_of_event(conn: Connection, event_id: UUID) -> dict[int, UUID]:
    """Return every claimed place of an event with its order."""
    return {row["place"]: row["order_id"] async for row in queries.claims_of_event(conn, event_id=event_id)}


def _columns(claims: Sequence[Claim]) -> dict[str, list[UUID] | list[int]]:
    return {
        "event_ids": [claim.event_id for claim in claims],
        "places": [claim.place for claim in claims],
        "order_ids": [claim.order_id for claim in claims],
    }
