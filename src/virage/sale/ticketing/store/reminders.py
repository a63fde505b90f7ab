"""Reminders that were sent, so that each holder gets one of each kind."""

from collections.abc import Collection
from uuid import UUID

from virage.platform.data.database import Connection
from virage.sale.ticketing.store.queries import queries


async def remind_unnamed(conn: Connection, event_id: UUID, wanted: int) -> list[UUID]:
    """Return the next holders of tickets without a name who were not reminded, and store that they are."""
    return [row["person_id"] async for row in queries.remind_unnamed(conn, event_id=event_id, wanted=wanted)]


async def remind_holders(conn: Connection, event_id: UUID, wanted: int) -> list[UUID]:
    """Return the next holders of tickets who were not reminded of the event, and store that they are."""
    return [row["person_id"] async for row in queries.remind_holders(conn, event_id=event_id, wanted=wanted)]


async def forget(conn: Connection, open_events: Collection[UUID]) -> None:
    """Delete the reminders of all other events."""
    await queries.forget_reminders(conn, event_ids=sorted(open_events))


async def wants_reminders(conn: Connection, person_id: UUID) -> bool:
    """Return whether a person wants reminders of events."""
    return bool(await queries.wants_reminders(conn, person_id=person_id))


async def choose(conn: Connection, person_id: UUID, *, wanted: bool) -> None:
    """Store whether a person wants reminders of events."""
    await (queries.accept_reminders if wanted else queries.refuse_reminders)(conn, person_id=person_id)


async def forget_person(conn: Connection, person_id: UUID) -> None:
    """Delete the reminders of an erased person, and their choice."""
    await queries.forget_reminded(conn, person_id=person_id)
    await queries.accept_reminders(conn, person_id=person_id)
