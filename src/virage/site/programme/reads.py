"""Reads of the programme for screens and other domains."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection, Database
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, holds
from virage.site.programme import store
from virage.site.programme.rules import (
    Event,
    EventRules,
    Kind,
    Organiser,
    Reason,
    SalePhase,
    Series,
    State,
    Text,
    defects,
)


class EventSummary(Struct, frozen=True):
    """A published event in short."""

    id: UUID
    kind: Kind
    title: Text
    subtitle: Text
    series_id: UUID | None
    series_title: Text | None
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime
    sale_opens_at: datetime
    sale_closes_at: datetime
    sale: SalePhase
    venue_code: str
    venue_name: str
    time_zone: str


class EventListing(Struct, frozen=True):
    """Published events by start. `now` is the server's clock, which can be shifted for tests."""

    now: datetime
    events: list[EventSummary]


class PublicEvent(Struct, frozen=True):
    """An event for the public."""

    id: UUID
    kind: Kind
    title: Text
    subtitle: Text
    series_id: UUID | None
    series_title: Text | None
    organiser_id: UUID
    venue_version: str
    venue_code: str
    venue_name: str
    time_zone: str
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime
    sale_opens_at: datetime
    sale_closes_at: datetime
    sale: SalePhase
    state: State
    rules: EventRules
    now: datetime


class OfficeEvent(Struct, frozen=True):
    """An event for its organiser, with its defects."""

    event: Event
    sale: SalePhase
    defects: list[str]


async def event(conn: Connection, event_id: UUID) -> Event | None:
    """Return an event in any state."""
    return (await store.events_by_id(conn, [event_id])).get(event_id)


async def venue_version(conn: Connection, event_id: UUID) -> str | None:
    """Return the venue version of an event in any state; None if there is no such event."""
    found = await event(conn, event_id)
    return None if found is None else found.venue_version


async def events(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, Event]:
    """Return events in any state, by id."""
    return await store.events_by_id(conn, event_ids)


async def event_within(conn: Connection, event_id: UUID, principal: Principal, *roles: Role) -> Event | Refused:
    """Return an event in any state if one of the roles covers it, else `not_found`."""
    found = await event(conn, event_id)
    if found is None or not any(
        holds(
            principal,
            role,
            scope="event",
            scope_id=event_id,
            within=[("organiser", found.organiser_id), ("venue", found.venue_code)],
        )
        for role in roles
    ):
        return Refused(Reason.NOT_FOUND)
    return found


async def upcoming(conn: Connection, now: datetime) -> list[Event]:
    """Return published events that are not over, by start."""
    return await store.upcoming_events(conn, now)


async def organisers(conn: Connection, ids: Sequence[UUID] | None = None) -> list[Organiser]:
    """Return organisers by name, at most 500; None means all."""
    return await store.organisers(conn, ids)


async def series(conn: Connection, organiser_ids: Sequence[UUID] | None = None) -> list[Series]:
    """Return series of some organisers, the newest first, at most 500; None means all."""
    return await store.series_of(conn, organiser_ids)


async def office_events(
    conn: Connection,
    organiser_ids: Sequence[UUID] | None,
    event_ids: Sequence[UUID],
    venue_codes: Sequence[str],
    *,
    now: datetime,
    languages: Sequence[str],
) -> list[OfficeEvent]:
    """Return events for the office, the latest start first, at most 500; None means all organisers."""
    found = await store.office_events(conn, organiser_ids, event_ids, venue_codes)
    return [office_view(event, now, languages) for event in found]


def office_view(found: Event, now: datetime, languages: Sequence[str]) -> OfficeEvent:
    """Return an event with its defects, also of texts in `languages`; a cancelled event has none."""
    missing = [] if found.state == "cancelled" else defects(found, now, languages)
    return OfficeEvent(found, found.sale_phase(now), missing)


def event_line(found: Event, now: datetime) -> EventSummary:
    """Return an event in short."""
    return EventSummary(
        found.id,
        found.kind,
        found.title,
        found.subtitle,
        found.series_id,
        found.series_title,
        found.doors_at,
        found.starts_at,
        found.ends_at,
        found.sale_opens_at,
        found.sale_closes_at,
        found.sale_phase(now),
        found.venue_code,
        found.venue_name,
        found.time_zone,
    )


def public_view(found: Event, now: datetime) -> PublicEvent:
    """Return an event for the public."""
    return PublicEvent(
        found.id,
        found.kind,
        found.title,
        found.subtitle,
        found.series_id,
        found.series_title,
        found.organiser_id,
        found.venue_version,
        found.venue_code,
        found.venue_name,
        found.time_zone,
        found.doors_at,
        found.starts_at,
        found.ends_at,
        found.sale_opens_at,
        found.sale_closes_at,
        found.sale_phase(now),
        found.state,
        found.rules,
        now,
    )


async def boards(db: Database, asked: Sequence[datetime]) -> list[bytes]:
    """Return the published events as JSON for all concurrent requests: one query and one encoding."""
    now = max(asked)
    async with db.connection() as conn:
        found = await store.upcoming_events(conn, now)
    body = msgspec.json.encode(EventListing(now, [event_line(item, now) for item in found]))
    return [body] * len(asked)


async def public_events(db: Database, ids: Sequence[UUID]) -> list[Event | None]:
    """Return events that are or were public for all concurrent requests: one query."""
    async with db.connection() as conn:
        found = await public_events_of(conn, list(set(ids)))
    return [found.get(event_id) for event_id in ids]


async def public_events_of(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Event]:
    """Return events that are or were public, by id."""
    return await store.public_events_by_id(conn, ids)
