"""Queries of notification preferences and records."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.media.live.rules.notifications import NotificationKind, NotificationPreferences
from virage.media.live.store.queries import queries
from virage.platform.data.database import Connection


class Cursor(NamedTuple):
    """Progress in a feed: all entries up to `number`, and the next one for persons up to `after`."""

    number: int
    after: UUID | None


class Deliveries(NamedTuple):
    """Persons who were notified of an entry, and persons whose notification is held."""

    sent: Sequence[UUID]
    held: Sequence[UUID]


class StoredPreferences(Struct, frozen=True):
    """A fan's preferences for an event, or (None) for all events of the club."""

    event_id: UUID | None
    choice: NotificationPreferences


class NotificationRecord(Struct, frozen=True):
    """A notification that a fan got, or that is held for them."""

    event_id: UUID
    number: int
    held: bool
    at: datetime


async def preferences_of(conn: Connection, person_id: UUID) -> list[StoredPreferences]:
    """Return all preferences of a fan."""
    return [
        StoredPreferences(row["event_id"], _preferences(row))
        async for row in queries.preferences_of(conn, person_id=person_id)
    ]


async def save_preferences(
    conn: Connection, person_id: UUID, event_id: UUID | None, choice: NotificationPreferences
) -> None:
    """Store a fan's preferences."""
    await queries.save_preferences(
        conn,
        person_id=person_id,
        event_id=event_id,
        kinds=choice.kinds,
        even_during=choice.even_during,
        quiet=choice.quiet,
    )


async def delete_preferences(conn: Connection, person_id: UUID, event_id: UUID) -> None:
    """Delete a fan's preferences for an event."""
    await queries.delete_preferences(conn, person_id=person_id, event_id=event_id)


async def erase(conn: Connection, person_id: UUID) -> None:
    """Delete a fan's preferences and records."""
    await queries.delete_all_preferences(conn, person_id=person_id)
    await queries.delete_notifications(conn, person_id=person_id)


async def notifications_of(conn: Connection, person_id: UUID) -> list[NotificationRecord]:
    """Return a fan's notification records."""
    return [NotificationRecord(*row) async for row in queries.notifications_of(conn, person_id=person_id)]


async def lock_cursor(conn: Connection, event_id: UUID) -> Cursor:
    """Lock and return the progress in a feed."""
    await queries.open_notification_progress(conn, event_id=event_id)
    return Cursor(*await queries.lock_notification_progress(conn, event_id=event_id))


async def set_cursor(conn: Connection, event_id: UUID, cursor: Cursor) -> None:
    """Store the progress in a feed."""
    await queries.set_notification_progress(conn, event_id=event_id, number=cursor.number, after=cursor.after)


async def subscribers(
    conn: Connection, event_id: UUID, kind: NotificationKind, after: UUID, most: int
) -> dict[UUID, NotificationPreferences]:
    """Return the preferences of the next persons who selected a kind, ordered by id."""
    rows = queries.subscribers(conn, event_id=event_id, kind=kind, after=after, limit_=most)
    return {row["person_id"]: _preferences(row) async for row in rows}


async def held_persons(conn: Connection, event_id: UUID, after: UUID, most: int) -> list[UUID]:
    """Return the next persons with held notifications, ordered by id."""
    rows = queries.held_persons(conn, event_id=event_id, after=after, limit_=most)
    return [row["person_id"] async for row in rows]


async def notified_persons(conn: Connection, event_id: UUID, number: int, after: UUID, most: int) -> list[UUID]:
    """Return the next persons who were notified of an entry, ordered by id."""
    rows = queries.notified_persons(conn, event_id=event_id, number=number, after=after, limit_=most)
    return [row["person_id"] async for row in rows]


async def record(conn: Connection, event_id: UUID, number: int, deliveries: Deliveries, now: datetime) -> None:
    """Store the persons notified of an entry, and those for whom it is held."""
    await queries.record_notifications(
        conn,
        event_id=event_id,
        number=number,
        person_ids=[*deliveries.sent, *deliveries.held],
        held=[False] * len(deliveries.sent) + [True] * len(deliveries.held),
        now=now,
    )


async def delete_held(conn: Connection, event_id: UUID, number: int) -> None:
    """Delete the held notifications of a withdrawn entry."""
    await queries.delete_held(conn, event_id=event_id, number=number)


async def release_held(conn: Connection, event_id: UUID, person_ids: Sequence[UUID]) -> None:
    """Delete the held notifications of persons."""
    await queries.release_held(conn, event_id=event_id, person_ids=list(person_ids))


async def delete_old(conn: Connection, before: datetime) -> None:
    """Delete notification records before a time."""
    await queries.delete_old_notifications(conn, before=before)


def _preferences(row: Mapping[str, Any]) -> NotificationPreferences:
    return msgspec.convert({name: row[name] for name in ("kinds", "even_during", "quiet")}, NotificationPreferences)
