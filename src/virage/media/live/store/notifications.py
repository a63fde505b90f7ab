"""Who asked to be told what, and what they were told."""

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
    """Up to where a feed was told: all entries up to `number`, and the next one to persons up to `after`."""

    number: int
    after: UUID | None


class Deliveries(NamedTuple):
    """Who was told of an entry, and for whom it is held."""

    sent: Sequence[UUID]
    held: Sequence[UUID]


class StoredPreferences(Struct, frozen=True):
    """What a fan asked to be told, of an event or (None) of all of the club."""

    event_id: UUID | None
    choice: NotificationPreferences


class NotificationRecord(Struct, frozen=True):
    """What a fan was told of an entry, or what is held for them."""

    event_id: UUID
    number: int
    held: bool
    at: datetime


async def preferences_of(conn: Connection, person_id: UUID) -> list[StoredPreferences]:
    """All that a fan asked to be told."""
    return [
        StoredPreferences(row["event_id"], _preferences(row))
        async for row in queries.choices_of(conn, person_id=person_id)
    ]


async def save_preferences(
    conn: Connection, person_id: UUID, event_id: UUID | None, choice: NotificationPreferences
) -> None:
    """Write what a fan asks to be told."""
    await queries.put_choice(
        conn,
        person_id=person_id,
        event_id=event_id,
        kinds=choice.kinds,
        even_during=choice.even_during,
        quiet=choice.quiet,
    )


async def delete_preferences(conn: Connection, person_id: UUID, event_id: UUID) -> None:
    """Let what was asked for the club hold for an event again."""
    await queries.drop_choice(conn, person_id=person_id, event_id=event_id)


async def erase(conn: Connection, person_id: UUID) -> None:
    """Forget what a fan asked and was told."""
    await queries.forget_choices(conn, person_id=person_id)
    await queries.forget_notices(conn, person_id=person_id)


async def notifications_of(conn: Connection, person_id: UUID) -> list[NotificationRecord]:
    """What a fan was told."""
    return [NotificationRecord(*row) async for row in queries.told_to(conn, person_id=person_id)]


async def lock_cursor(conn: Connection, event_id: UUID) -> Cursor:
    """Up to where a feed was told, locked until the transaction ends."""
    await queries.open_noticed(conn, event_id=event_id)
    return Cursor(*await queries.lock_noticed(conn, event_id=event_id))


async def set_cursor(conn: Connection, event_id: UUID, cursor: Cursor) -> None:
    """Write up to where a feed was told."""
    await queries.set_noticed(conn, event_id=event_id, number=cursor.number, after=cursor.after)


async def subscribers(
    conn: Connection, event_id: UUID, kind: NotificationKind, after: UUID, most: int
) -> dict[UUID, NotificationPreferences]:
    """The next persons who chose a kind, in order."""
    rows = queries.choosers(conn, event_id=event_id, kind=kind, after=after, limit_=most)
    return {row["person_id"]: _preferences(row) async for row in rows}


async def held_persons(conn: Connection, event_id: UUID, after: UUID, most: int) -> list[UUID]:
    """The next persons for whom something is held, in order."""
    rows = queries.holding(conn, event_id=event_id, after=after, limit_=most)
    return [row["person_id"] async for row in rows]


async def notified_persons(conn: Connection, event_id: UUID, number: int, after: UUID, most: int) -> list[UUID]:
    """The next persons who were told of an entry, in order."""
    rows = queries.told_of(conn, event_id=event_id, number=number, after=after, limit_=most)
    return [row["person_id"] async for row in rows]


async def record(conn: Connection, event_id: UUID, number: int, deliveries: Deliveries, now: datetime) -> None:
    """Write who was told of an entry, and for whom it is held."""
    await queries.note(
        conn,
        event_id=event_id,
        number=number,
        person_ids=[*deliveries.sent, *deliveries.held],
        held=[False] * len(deliveries.sent) + [True] * len(deliveries.held),
        now=now,
    )


async def delete_held(conn: Connection, event_id: UUID, number: int) -> None:
    """Forget what is held of an entry that did not happen."""
    await queries.drop_held_of(conn, event_id=event_id, number=number)


async def release_held(conn: Connection, event_id: UUID, person_ids: Sequence[UUID]) -> None:
    """Forget what was held for persons."""
    await queries.release(conn, event_id=event_id, person_ids=list(person_ids))


async def delete_old(conn: Connection, before: datetime) -> None:
    """Forget what was told before a time."""
    await queries.forget_told(conn, before=before)


def _preferences(row: Mapping[str, Any]) -> NotificationPreferences:
    return msgspec.convert({name: row[name] for name in ("kinds", "even_during", "quiet")}, NotificationPreferences)
