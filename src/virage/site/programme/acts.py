"""Commands of the programme, in the caller's transaction.

`who` is the person or API client, None for the system itself (for instance the demo's seed).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import UNSET

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
    check_dates,
    content_of,
    digest,
    may_amend,
    may_cancel,
    may_publish,
)
from virage.site.venue import api as venue


class EventCancelled(Protocol):
    """Handler of a cancelled event in a domain above; it runs in the cancelling transaction."""

    async def __call__(self, conn: Connection, event: Event, now: datetime) -> None:
        """Handle a published event that is now cancelled. Long work belongs in a job."""
        ...


class EventMoved(Protocol):
    """Handler of a changed start of a public event in a domain above; it runs in the amending transaction."""

    async def __call__(self, conn: Connection, event: Event, was_at: datetime) -> None:
        """Handle an event that was to start at `was_at`. Long work belongs in a job."""
        ...


async def add_organiser(conn: Connection, organiser: Organiser, who: UUID | None, now: datetime) -> Organiser | Refused:
    """Add an organiser; a repeated request returns the same organiser."""
    if await store.insert_organiser(conn, organiser, now):
        await append(conn, [Fact("organiser_added", who, organiser.id)], now)
        return organiser
    known = await store.organisers(conn, [organiser.id])
    return organiser if known == [organiser] else Refused(Reason.ID_TAKEN)


async def add_series(conn: Connection, series: Series, who: UUID | None, now: datetime) -> Series | Refused:
    """Add a tournament or season of an organiser; a repeated request returns the same series."""
    if not await store.organisers(conn, [series.organiser_id]):
        return Refused(Reason.UNKNOWN_ORGANISER)
    if await store.insert_series(conn, series, now):
        data = {"organiser_id": series.organiser_id}
        await append(conn, [Fact("series_added", who, series.id, data)], now)
        return series
    known = await store.series_by_id(conn, [series.id])
    return series if known[series.id] == series else Refused(Reason.ID_TAKEN)


async def create(conn: Connection, new: NewEvent, who: UUID | None, now: datetime) -> Event | Refused:
    """Create a draft at the current version of its venue. A repeated request returns the event in its current state."""
    refusal = check_dates(new) or await _check_series(conn, new, new.organiser_id)
    if refusal is not None:
        return refusal
    if not await store.organisers(conn, [new.organiser_id]):
        return Refused(Reason.UNKNOWN_ORGANISER)
    version = await _version_of_new(conn, new)
    if version is None:
        return Refused(Reason.UNKNOWN_VENUE)
    if await store.insert_event(conn, new, version, now):
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
    languages: Sequence[str] = (),
) -> Event | Refused:
    """Replace the content of an event; with `revision`, only if it was not amended since.

    `moved` are called if a public event starts at another time. `languages`: those in which a public event needs its
    texts.
    """
    event = await store.lock_event(conn, event_id)
    if event is None:
        return Refused(Reason.NOT_FOUND)
    if content_of(event) == content_of(content):
        return event
    refusal = (
        may_amend(event, content, revision, now, languages)
        or check_dates(content)
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


async def lock_for_move(
    conn: Connection, event_id: UUID, from_version: str, to_version: str, now: datetime
) -> Event | Refused:
    """Return an event that may move to another version of its venue, locked until the end of the transaction.

    Refused with `changed_meanwhile` if the event is not at `from_version` any more.
    """
    event = await store.lock_event(conn, event_id)
    if event is None:
        return Refused(Reason.NOT_FOUND)
    if event.state == "cancelled":
        return Refused(Reason.CANCELLED)
    if event.ends_at <= now:
        return Refused(Reason.OVER)
    if event.venue_version != from_version:
        return Refused(Reason.CHANGED)
    if to_version not in {known.version for known in await venue.versions(conn, event.venue_code)}:
        return Refused(Reason.UNKNOWN_VENUE)
    return event


async def set_venue_version(conn: Connection, event: Event, version: str, who: UUID | None, now: datetime) -> None:
    """Move an event that is locked by `lock_for_move`; the caller moves its tickets in the same transaction."""
    await store.set_version(conn, event.id, version)
    await append(conn, [Fact("event_version_changed", who, event.id, {"version": version})], now)


async def publish(
    conn: Connection, event_id: UUID, who: UUID | None, now: datetime, *, languages: Sequence[str] = ()
) -> Event | Refused:
    """Publish an event, if it is complete, with its texts in `languages`."""
    event = await store.lock_event(conn, event_id)
    if event is None:
        return Refused(Reason.NOT_FOUND)
    if event.state == "published":
        return event
    refusal = may_publish(event, now, languages)
    if refusal is not None:
        return refusal
    await store.mark_published(conn, event_id, now)
    await append(conn, [Fact("event_published", who, event_id, {"organiser_id": event.organiser_id})], now)
    return (await store.events_by_id(conn, [event_id]))[event_id]


async def cancel(
    conn: Connection, event_id: UUID, who: UUID | None, now: datetime, handlers: Sequence[EventCancelled] = ()
) -> Event | Refused:
    """Cancel an event permanently; `handlers` are called if it was public."""
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


async def _version_of_new(conn: Connection, new: NewEvent) -> str | None:
    """Return the current version of the venue of a new event: the one that is named, or the only one."""
    if new.venue_code is not UNSET:
        named = await venue.venue_of(conn, new.venue_code)
        return None if named is None else named.version
    all_venues = await venue.venues(conn)
    return all_venues[0].version if len(all_venues) == 1 else None


async def _check_series(conn: Connection, content: EventContent, organiser_id: UUID) -> Refused | None:
    """Refuse a series of another organiser."""
    if content.series_id is None:
        return None
    known = (await store.series_by_id(conn, [content.series_id])).get(content.series_id)
    return None if known is not None and known.organiser_id == organiser_id else Refused(Reason.UNKNOWN_SERIES)
