"""What organisers do with the programme, in the caller's transaction.

`who` is the person or program that acts, None for the system itself (a demo's seed, for instance).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.site.programme import store
from virage.site.programme.rules import (
    Event,
    EventContent,
    NewEvent,
    Organiser,
    Reason,
    Series,
    check_usable,
    content_of,
    digest,
    may_amend,
    may_cancel,
    may_publish,
)
from virage.site.venue.types import load_ground


class EventCancelled(Protocol):
    """What a cancelled event causes in the domains above; it runs in the transaction that cancels."""

    async def __call__(self, conn: Connection, event: Event, now: datetime) -> None:
        """Handle an event that was published and is now cancelled. Long work belongs into a job."""
        ...


class EventMoved(Protocol):
    """What a changed start of a public event causes in the domains above; it runs in the transaction that amends."""

    async def __call__(self, conn: Connection, event: Event, was_at: datetime) -> None:
        """Handle an event that was to start at `was_at`. Long work belongs into a job."""
        ...


async def add_organiser(conn: Connection, organiser: Organiser, who: UUID | None, now: datetime) -> Organiser | Refused:
    """Add an organiser; the same again is the same organiser."""
    if await store.insert_organiser(conn, organiser, now):
        await append(conn, [Fact("organiser_added", who, organiser.id)], now)
        return organiser
    known = await store.organisers(conn, [organiser.id])
    return organiser if known == [organiser] else Refused(Reason.ID_TAKEN)


async def add_series(conn: Connection, series: Series, who: UUID | None, now: datetime) -> Series | Refused:
    """Add a tournament or season of an organiser; the same again is the same series."""
    if not await store.organisers(conn, [series.organiser_id]):
        return Refused(Reason.UNKNOWN_ORGANISER)
    if await store.insert_series(conn, series, now):
        data = {"organiser_id": series.organiser_id}
        await append(conn, [Fact("series_added", who, series.id, data)], now)
        return series
    known = await store.series_by_id(conn, [series.id])
    return series if known[series.id] == series else Refused(Reason.ID_TAKEN)


async def create(conn: Connection, new: NewEvent, who: UUID | None, now: datetime) -> Event | Refused:
    """Create a draft over the ground as it is now. The same again is the same event, whatever became of it since."""
    refusal = check_usable(new) or await _check_series(conn, new, new.organiser_id)
    if refusal is not None:
        return refusal
    if not await store.organisers(conn, [new.organiser_id]):
        return Refused(Reason.UNKNOWN_ORGANISER)
    if await store.insert_event(conn, new, load_ground().version, now):
        await append(conn, [Fact("event_created", who, new.id, {"organiser_id": new.organiser_id})], now)
    elif await store.request_digest(conn, new.id) != digest(new):
        return Refused(Reason.ID_TAKEN)
    return (await store.events_by_id(conn, [new.id]))[new.id]


async def amend(
    conn: Connection,
    event_id: UUID,
    content: EventContent,
    who: UUID | None,
    now: datetime,
    *,
    revision: int | None = None,
    moved: Sequence[EventMoved] = (),
) -> Event | Refused:
    """Replace the content of an event; with `revision`, only if nobody amended it since.

    `moved` do what follows if it is public and starts at another time.
    """
    event = await store.lock_event(conn, event_id)
    if event is None:
        return Refused(Reason.NOT_FOUND)
    if content_of(event) == content_of(content):
        return event
    refusal = (
        may_amend(event, content, revision, load_ground().version, now)
        or check_usable(content)
        or await _check_series(conn, content, event.organiser_id)
    )
    if refusal is not None:
        return refusal
    await store.update_event(conn, event_id, content)
    await append(conn, [Fact("event_amended", who, event_id, {"revision": event.revision + 1})], now)
    amended = (await store.events_by_id(conn, [event_id]))[event_id]
    if event.state == "published" and amended.starts_at != event.starts_at:
        for handler in moved:
            await handler(conn, amended, event.starts_at)
    return amended


async def publish(conn: Connection, event_id: UUID, who: UUID | None, now: datetime) -> Event | Refused:
    """Show an event to the public, if it is complete."""
    event = await store.lock_event(conn, event_id)
    if event is None:
        return Refused(Reason.NOT_FOUND)
    if event.state == "published":
        return event
    refusal = may_publish(event, load_ground().version, now)
    if refusal is not None:
        return refusal
    await store.mark_published(conn, event_id, now)
    await append(conn, [Fact("event_published", who, event_id, {"organiser_id": event.organiser_id})], now)
    return (await store.events_by_id(conn, [event_id]))[event_id]


async def cancel(
    conn: Connection, event_id: UUID, who: UUID | None, now: datetime, handlers: Sequence[EventCancelled] = ()
) -> Event | Refused:
    """Cancel an event for good; `handlers` do what follows from it if it was public."""
    event = await store.lock_event(conn, event_id)
    if event is None:
        return Refused(Reason.NOT_FOUND)
    if event.state == "cancelled":
        return event
    refusal = may_cancel(event, now)
    if refusal is not None:
        return refusal
    await store.mark_cancelled(conn, event_id, now)
    await append(conn, [Fact("event_cancelled", who, event_id, {"organiser_id": event.organiser_id})], now)
    cancelled = (await store.events_by_id(conn, [event_id]))[event_id]
    if event.state == "published":
        for handler in handlers:
            await handler(conn, cancelled, now)
    return cancelled


async def _check_series(conn: Connection, content: EventContent, organiser_id: UUID) -> Refused | None:
    """A series must be the organiser's own."""
    if content.series_id is None:
        return None
    known = (await store.series_by_id(conn, [content.series_id])).get(content.series_id)
    return None if known is not None and known.organiser_id == organiser_id else Refused(Reason.UNKNOWN_SERIES)
