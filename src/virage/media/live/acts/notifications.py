"""Telling fans of a feed by push: what they chose, entry by entry, some thousand persons at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple, Protocol
from uuid import UUID, uuid5

from msgspec import Struct

from virage.identity.people import api as people
from virage.identity.people.types import PushMessage
from virage.matchday.access.types import Attending
from virage.media.live.rules.entries import FeedEntry, Teams
from virage.media.live.rules.notifications import (
    Notification,
    NotificationKind,
    NotificationPreferences,
    Recipient,
    delivery,
    notification_for,
    validated,
)
from virage.media.live.store import feed as feeds
from virage.media.live.store import notifications as store
from virage.media.live.store.notifications import Cursor, Deliveries
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused

NOTIFY_JOB: Final = "live_notices"
PERSONS_AT_ONCE: Final = 5_000
FIRST_PERSON: Final = UUID(int=0)


class NotificationsDue(Struct, frozen=True):
    """The job: tell whoever chose it what is new in a feed."""

    event_id: UUID


class Attendance(Protocol):
    """Who has tickets of an event, and whether they are in the ground: the gates above know."""

    async def __call__(self, conn: Connection, event_id: UUID, person_ids: Sequence[UUID]) -> dict[UUID, Attending]:
        """Find those of some persons who have tickets."""
        ...


async def set_preferences(
    conn: Connection, person_id: UUID, event_id: UUID | None, choice: NotificationPreferences
) -> NotificationPreferences | Refused:
    """Tell a fan that and nothing else from now on, of an event or (None) of all of the club."""
    said = validated(choice)
    if not isinstance(said, Refused):
        await store.save_preferences(conn, person_id, event_id, said)
    return said


async def reset_preferences(conn: Connection, person_id: UUID, event_id: UUID) -> None:
    """Tell a fan of an event what they chose for the club."""
    await store.delete_preferences(conn, person_id, event_id)


async def erase_person(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - a PersonErased
    """Forget what somebody who is erased chose and was told."""
    await store.erase(conn, person_id)
    return None


async def notify_next_page(conn: Connection, event_id: UUID, attendance: Attendance, now: datetime) -> bool:
    """Tell the next entry that is news to the next persons; whether there may be more to tell.

    Whoever else tells of the feed waits, so that nobody is told of a goal after it was taken back.
    """
    cursor = await store.lock_cursor(conn, event_id)
    feed = await feeds.feed(conn, event_id)
    if feed is None or cursor.number >= feed.head:
        return False
    entries = [written.entry for written in await feeds.entries_after(conn, event_id, 0)]
    entry, news = _next_notification(entries, cursor.number, feed.teams, now)
    if news is None:
        await store.set_cursor(conn, event_id, Cursor(feed.head, None))
        return False
    after = cursor.after if cursor.after is not None and entry.number == cursor.number + 1 else FIRST_PERSON
    done = await _notify(conn, _Batch(event_id, entry, news, after), attendance, now)
    where = Cursor(entry.number, None) if done is None else Cursor(entry.number - 1, done)
    await store.set_cursor(conn, event_id, where)
    return True


def _next_notification(
    entries: Sequence[FeedEntry], number: int, teams: Teams | None, now: datetime
) -> tuple[FeedEntry, Notification | None]:
    """The next entry that is news and not too old, or the last one with nothing to say."""
    for entry in islice(entries, number, None):
        news = notification_for(entry, entries, teams)
        if news is not None and entry.at > now - news.lasts:
            return entry, news
    return entries[-1], None


class _Batch(NamedTuple):
    """One piece of news for the persons after one."""

    event_id: UUID
    entry: FeedEntry
    news: Notification
    after: UUID


async def _notify(conn: Connection, turn: _Batch, attendance: Attendance, now: datetime) -> UUID | None:
    """Tell it to the next persons; the last of them, None when all are told."""
    event_id, _, news, after = turn
    held: list[UUID] = []
    if news.kind is None:
        page = told = await store.notified_persons(conn, event_id, news.about, after, PERSONS_AT_ONCE)
        await store.delete_held(conn, event_id, news.about)
    elif news.ends_period:
        page = told = await _summary_recipients(conn, turn, news.kind)
        await store.release_held(conn, event_id, page)
    else:
        chosen = await store.subscribers(conn, event_id, news.kind, after, PERSONS_AT_ONCE)
        page = list(chosen)
        told, held = await _sort_recipients(conn, turn, chosen, attendance)
    if not news.ends_period:
        await store.record(conn, event_id, news.about, Deliveries(told, held), now)
    if told:
        await people.push_to(conn, _message(turn, told, now), now)
    return page[-1] if len(page) == PERSONS_AT_ONCE else None


async def _summary_recipients(conn: Connection, turn: _Batch, kind: NotificationKind) -> list[UUID]:
    """The next persons who hear how it stands: who chose so, and for whom something is held."""
    chosen = await store.subscribers(conn, turn.event_id, kind, turn.after, PERSONS_AT_ONCE)
    held = await store.held_persons(conn, turn.event_id, turn.after, PERSONS_AT_ONCE)
    return sorted({*chosen, *held})[:PERSONS_AT_ONCE]


async def _sort_recipients(
    conn: Connection, turn: _Batch, chosen: Mapping[UUID, NotificationPreferences], attendance: Attendance
) -> tuple[list[UUID], list[UUID]]:
    """Who is told now, and for whom it is held."""
    news = turn.news
    asked = news.is_played or news.kind is NotificationKind.GROUND
    attending = await attendance(conn, turn.event_id, list(chosen)) if asked else {}
    become = {id_: delivery(news, Recipient(choice, attending.get(id_))) for id_, choice in chosen.items()}
    told, held = ([id_ for id_, one in become.items() if one == wanted] for wanted in ("told", "held"))
    return told, held


def _message(turn: _Batch, told: Sequence[UUID], now: datetime) -> PushMessage:
    event_id, entry, news, _ = turn
    tag = "period" if news.ends_period or news.kind is NotificationKind.PERIODS else str(news.about)
    return PushMessage(
        person_ids=told,
        kind="live",
        topic=uuid5(event_id, tag),
        said=news.said,
        data={"event": event_id, "tag": f"live:{event_id}:{tag}", "revision": entry.number, "loud": news.is_loud},
        expires_at=min(entry.at, now) + news.lasts,  # whoever tells may have another clock
        urgency=news.urgency,
        revision=entry.number,
        corrects=news.kind is None,
    )
