"""What screens and neighbours may ask of the programme."""

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
    Defect,
    Event,
    HouseRules,
    Kind,
    Organiser,
    Reason,
    SalePhase,
    Series,
    State,
    Text,
    defects,
)
from virage.site.venue.types import load_ground


class EventLine(Struct, frozen=True):
    """One line of what is on."""

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


class Board(Struct, frozen=True):
    """What is on, by start. `now` is the server's clock, which a rehearsal may shift."""

    now: datetime
    events: list[EventLine]


class PublicEvent(Struct, frozen=True):
    """An event as the public sees it."""

    id: UUID
    kind: Kind
    title: Text
    subtitle: Text
    series_id: UUID | None
    series_title: Text | None
    organiser_id: UUID
    ground_version: str
    doors_at: datetime
    starts_at: datetime
    ends_at: datetime
    sale_opens_at: datetime
    sale_closes_at: datetime
    sale: SalePhase
    state: State
    rules: HouseRules
    now: datetime


class OfficeEvent(Struct, frozen=True):
    """An event for its organiser, with what it still needs before it can be published."""

    event: Event
    sale: SalePhase
    defects: list[Defect]


async def event(conn: Connection, event_id: UUID) -> Event | None:
    """One event in any state."""
    return (await store.events_by_id(conn, [event_id])).get(event_id)


async def events(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, Event]:
    """Many events in any state, by id."""
    return await store.events_by_id(conn, event_ids)


async def event_within(conn: Connection, event_id: UUID, principal: Principal, *roles: Role) -> Event | Refused:
    """The event in any state, if one of the roles covers it; another organiser's looks as if it did not exist."""
    found = await event(conn, event_id)
    if found is None or not any(
        holds(principal, role, scope="event", scope_id=event_id, within=[("organiser", found.organiser_id)])
        for role in roles
    ):
        return Refused(Reason.NOT_FOUND)
    return found


async def upcoming(conn: Connection, now: datetime) -> list[Event]:
    """Published events that are not over, by start."""
    return await store.upcoming_events(conn, now)


async def organisers(conn: Connection, ids: Sequence[UUID] | None = None) -> list[Organiser]:
    """Organisers by name, 500 at most; None asks for all."""
    return await store.organisers(conn, ids)


async def series(conn: Connection, organiser_ids: Sequence[UUID] | None = None) -> list[Series]:
    """Series of some organisers, the newest first, 500 at most; None asks for all."""
    return await store.series_of(conn, organiser_ids)


async def office_events(
    conn: Connection, organiser_ids: Sequence[UUID] | None, event_ids: Sequence[UUID], now: datetime
) -> list[OfficeEvent]:
    """Events for the office, the latest start first, 500 at most; None asks for those of all organisers."""
    return [office_view(found, now) for found in await store.office_events(conn, organiser_ids, event_ids)]


def office_view(found: Event, now: datetime) -> OfficeEvent:
    """An event with its defects; what is cancelled has none that matter."""
    missing = [] if found.state == "cancelled" else defects(found, found.ground_version, load_ground().version, now)
    return OfficeEvent(found, found.sale_phase(now), missing)


def event_line(found: Event, now: datetime) -> EventLine:
    """One line of what is on."""
    return EventLine(
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
    )


def public_view(found: Event, now: datetime) -> PublicEvent:
    """An event as the public sees it."""
    return PublicEvent(
        found.id,
        found.kind,
        found.title,
        found.subtitle,
        found.series_id,
        found.series_title,
        found.organiser_id,
        found.ground_version,
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
    """What is on, as JSON, for all who ask at once: one query and one encoding."""
    now = max(asked)
    async with db.connection() as conn:
        found = await store.upcoming_events(conn, now)
    body = msgspec.json.encode(Board(now, [event_line(item, now) for item in found]))
    return [body] * len(asked)


async def public_events(db: Database, ids: Sequence[UUID]) -> list[Event | None]:
    """Events that are or were public, for all who ask at once: one query."""
    async with db.connection() as conn:
        found = await public_events_of(conn, list(set(ids)))
    return [found.get(event_id) for event_id in ids]


async def public_events_of(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Event]:
    """Events that are or were public, by id."""
    return await store.public_events_by_id(conn, ids)
