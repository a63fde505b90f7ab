"""The waiting lists of events."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.waiting import INVITATIONS_MAX, WaitingEntry, WaitingRequest
from virage.sale.ticketing.store.queries import queries


class FreeListing(NamedTuple):
    """A listing that no basket holds; one place and tariff per ticket."""

    seller_id: UUID
    places: list[int]
    tariffs: list[int]


async def entry(conn: Connection, event_id: UUID, person_id: UUID) -> WaitingEntry | None:
    """Return the entry of a person, or None."""
    row = await queries.waiting(conn, event_id=event_id, person_id=person_id)
    return None if row is None else WaitingEntry(**row)


async def of_person(conn: Connection, person_id: UUID) -> list[WaitingEntry]:
    """Return the entries of a person, the oldest first."""
    return [WaitingEntry(**row) async for row in queries.waiting_of_person(conn, person_id=person_id)]


async def of_event(conn: Connection, event_id: UUID) -> list[WaitingEntry]:
    """Return the waiting list of an event, by turn."""
    return [WaitingEntry(**row) async for row in queries.waiting_of_event(conn, event_id=event_id)]


async def lock(conn: Connection, event_id: UUID, now: datetime) -> list[WaitingEntry]:
    """Lock the waiting list of an event, and return it with who has an open basket."""
    return [WaitingEntry(**row) async for row in queries.lock_waiting(conn, event_id=event_id, now=now)]


async def ahead(conn: Connection, event_id: UUID, person_id: UUID) -> int:
    """Return how many entries, of those with or without needs of access like this one, have their turn before it."""
    return int(await queries.waiting_ahead(conn, event_id=event_id, person_id=person_id))


async def events(conn: Connection) -> list[UUID]:
    """Return the events that have a waiting list."""
    return [row["event_id"] async for row in queries.events_waited_for(conn)]


async def join(conn: Connection, event_id: UUID, person_id: UUID, request: WaitingRequest, now: datetime) -> None:
    """Insert an entry, or change the wishes of one, which keeps its turn."""
    await queries.join_waiting(
        conn,
        event_id=event_id,
        person_id=person_id,
        size=request.size,
        wheelchairs=request.wheelchairs,
        needs=request.needs,
        category_ids=request.category_ids,
        now=now,
    )


async def leave(conn: Connection, event_id: UUID, person_id: UUID) -> bool:
    """Delete the entry of a person; return whether there was one."""
    return await queries.leave_waiting(conn, event_id=event_id, person_id=person_id) is not None


async def invite(conn: Connection, event_id: UUID, person_ids: Collection[UUID], until: datetime) -> None:
    """Store that locked entries are invited until a moment."""
    await queries.invite_waiting(conn, event_id=event_id, person_ids=list(person_ids), until=until)


async def end(conn: Connection, event_id: UUID, now: datetime) -> None:
    """Delete entries of people who have bought since they joined, and of those whose last invitation is over."""
    await queries.end_waiting(conn, event_id=event_id, now=now, most=INVITATIONS_MAX)


async def forget(conn: Connection, event_ids: Collection[UUID]) -> None:
    """Delete the waiting lists of events."""
    await queries.forget_waiting(conn, event_ids=sorted(event_ids))


async def forget_person(conn: Connection, person_id: UUID) -> None:
    """Delete the entries of an erased person."""
    await queries.forget_waiting_of(conn, person_id=person_id)


async def free_listings(conn: Connection, event_id: UUID, now: datetime) -> list[FreeListing]:
    """Return the listings of an event that no basket holds, the oldest first."""
    return [FreeListing(**row) async for row in queries.free_listings(conn, event_id=event_id, now=now)]
