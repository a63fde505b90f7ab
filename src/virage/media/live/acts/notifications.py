"""Push notifications of a feed: preferences, and delivery to pages of some thousand persons."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.identity.people.types import PushMessage
from virage.matchday.access.types import EventAttendance
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
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at

NOTIFY_JOB: Final = "live_notices"
PERSONS_AT_ONCE: Final = 5_000
FIRST_PERSON: Final = UUID(int=0)


class NotificationsDue(Struct, frozen=True):
    """Job payload: send the pending notifications of a feed."""

    event_id: UUID


class Attendance(Protocol):
    """Ticket holders of an event and their presence, provided by access."""

    async def __call__(
        self, conn: Connection, event_id: UUID, person_ids: Sequence[UUID]
    ) -> dict[UUID, EventAttendance]:
        """Return those of the given persons who have tickets."""
        ...


async def set_preferences(
    conn: Connection, person_id: UUID, event_id: UUID | None, choice: NotificationPreferences
) -> NotificationPreferences | Refused:
    """Replace a fan's preferences for an event, or for all events of the club (None)."""
    texts = validated(choice)
    if not isinstance(texts, Refused):
        await store.save_preferences(conn, person_id, event_id, texts)
    return texts


async def reset_preferences(conn: Connection, person_id: UUID, event_id: UUID) -> None:
    """Delete a fan's preferences for an event, so that those for the club apply."""
    await store.delete_preferences(conn, person_id, event_id)


async def erase_person(conn: Connection, person_id: UUID, now: datetime) -> Refused | None:  # noqa: ARG001 - a PersonErased
    """Delete the preferences and notification records of an erased person."""
    await store.erase(conn, person_id)
    return None


async def notify_next_page(conn: Connection, event_id: UUID, attendance: Attendance, now: datetime) -> bool:
    """Notify the next page of persons of the next entry, and return whether more may remain.

    The cursor's lock serialises notifications of a feed: a goal is never sent after its withdrawal.
    """
    cursor = await store.lock_cursor(conn, event_id)
    feed = await feeds.feed(conn, event_id)
    if feed is None or cursor.number >= feed.head:
        return False
    entries = [written.entry for written in await feeds.entries_after(conn, event_id, 0)]
    entry, notification = _next_notification(entries, cursor.number, feed.teams, now)
    if notification is None:
        await store.set_cursor(conn, event_id, Cursor(feed.head, None))
        return False
    after = cursor.after if cursor.after is not None and entry.number == cursor.number + 1 else FIRST_PERSON
    last = await _notify(conn, _Batch(event_id, entry, notification, after), attendance, now)
    where = Cursor(entry.number, None) if last is None else Cursor(entry.number - 1, last)
    await store.set_cursor(conn, event_id, where)
    return True


def _next_notification(
    entries: Sequence[FeedEntry], number: int, teams: Teams | None, now: datetime
) -> tuple[FeedEntry, Notification | None]:
    """Return the next entry with an unexpired notification, or the last entry and None."""
    for entry in islice(entries, number, None):
        notification = notification_for(entry, entries, teams)
        if notification is not None and entry.at > now - notification.lifetime:
            return entry, notification
    return entries[-1], None


class _Batch(NamedTuple):
    """A notification for the persons after an id."""

    event_id: UUID
    entry: FeedEntry
    notification: Notification
    after: UUID


async def _notify(conn: Connection, batch: _Batch, attendance: Attendance, now: datetime) -> UUID | None:
    """Notify the next page of persons, and return the last of them; None after the last page."""
    event_id, _, notification, after = batch
    held: list[UUID] = []
    if notification.kind is None:
        page = sent = await store.notified_persons(conn, event_id, notification.about, after, PERSONS_AT_ONCE)
        await store.delete_held(conn, event_id, notification.about)
    elif notification.ends_period:
        page = sent = await _summary_recipients(conn, batch, notification.kind)
        await store.release_held(conn, event_id, page)
    else:
        chosen = await store.subscribers(conn, event_id, notification.kind, after, PERSONS_AT_ONCE)
        page = list(chosen)
        sent, held = await _sort_recipients(conn, batch, chosen, attendance)
    if not notification.ends_period:
        await store.record(conn, event_id, notification.about, Deliveries(sent, held), now)
    if sent:
        await people.send_push(conn, _message(batch, sent, now), now)
    return page[-1] if len(page) == PERSONS_AT_ONCE else None


async def _summary_recipients(conn: Connection, batch: _Batch, kind: NotificationKind) -> list[UUID]:
    """Return the next recipients of the summary: subscribers, and persons with held notifications."""
    chosen = await store.subscribers(conn, batch.event_id, kind, batch.after, PERSONS_AT_ONCE)
    held = await store.held_persons(conn, batch.event_id, batch.after, PERSONS_AT_ONCE)
    return sorted({*chosen, *held})[:PERSONS_AT_ONCE]


async def _sort_recipients(
    conn: Connection, batch: _Batch, chosen: Mapping[UUID, NotificationPreferences], attendance: Attendance
) -> tuple[list[UUID], list[UUID]]:
    """Return the persons who are notified now, and those whose notification is held."""
    notification = batch.notification
    asked = notification.in_play or notification.kind is NotificationKind.GROUND
    attending = await attendance(conn, batch.event_id, list(chosen)) if asked else {}
    event = await programme.event(conn, batch.event_id)
    if event is None:
        return [], []
    venue = await venue_at(conn, event.venue_version)
    become = {
        id_: delivery(notification, Recipient(choice, attending.get(id_)), venue) for id_, choice in chosen.items()
    }
    sent, held = ([id_ for id_, result in become.items() if result == wanted] for wanted in ("sent", "held"))
    return sent, held


def _message(batch: _Batch, sent: Sequence[UUID], now: datetime) -> PushMessage:
    event_id, entry, notification, _ = batch
    tag = (
        "period"
        if notification.ends_period or notification.kind is NotificationKind.PERIODS
        else str(notification.about)
    )
    return PushMessage(
        person_ids=sent,
        kind="live",
        topic=named_id(event_id, tag),
        said=notification.texts,
        data={
            "event": event_id,
            "tag": f"live:{event_id}:{tag}",
            "revision": entry.number,
            "loud": notification.is_audible,
        },
        expires_at=min(entry.at, now) + notification.lifetime,  # the publisher's clock may be ahead
        urgency=notification.urgency,
        revision=entry.number,
        corrects=notification.kind is None,
    )
