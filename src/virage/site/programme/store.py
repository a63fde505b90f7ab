"""Queries of the programme, one typed function each."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec

from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.site.programme.rules import Event, EventContent, NewEvent, Organiser, Series, digest

LIST_MAX = 500
"""Maximum length of a list for the office."""

_sql = load(__file__)


def _event(row: Mapping[str, Any]) -> Event:
    return msgspec.convert(dict(row), Event)


async def _events(rows: AsyncIterable[Mapping[str, Any]]) -> list[Event]:
    return [_event(row) async for row in rows]


async def insert_organiser(conn: Connection, organiser: Organiser, now: datetime) -> bool:
    """Whether it is new."""
    return await _sql.insert_organiser(conn, id=organiser.id, name=organiser.name, now=now) is not None


async def organisers(conn: Connection, ids: Sequence[UUID] | None) -> list[Organiser]:
    """Return organisers by name, at most `LIST_MAX`; None means all."""
    rows = _sql.organisers(conn, all_of_them=ids is None, ids=ids or [], most=LIST_MAX)
    return [Organiser(row["id"], row["name"]) async for row in rows]


async def insert_series(conn: Connection, series: Series, now: datetime) -> bool:
    """Whether it is new."""
    inserted = await _sql.insert_series(
        conn, id=series.id, organiser_id=series.organiser_id, title=series.title, now=now
    )
    return inserted is not None


async def series_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Series]:
    """Return series by id."""
    return {row["id"]: msgspec.convert(dict(row), Series) async for row in _sql.series_by_id(conn, ids=ids)}


async def series_of(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[Series]:
    """Return the newest `LIST_MAX` series of some organisers; None means all."""
    rows = _sql.series_of(conn, all_of_them=organiser_ids is None, organiser_ids=organiser_ids or [], most=LIST_MAX)
    return [msgspec.convert(dict(row), Series) async for row in rows]


def _columns(content: EventContent) -> dict[str, Any]:
    return {name: getattr(content, name) for name in EventContent.__struct_fields__}


async def insert_event(conn: Connection, new: NewEvent, venue_version: str, now: datetime) -> bool:
    """Whether it is new."""
    inserted = await _sql.insert_event(
        conn,
        **_columns(new),
        id=new.id,
        organiser_id=new.organiser_id,
        venue_version=venue_version,
        request_digest=digest(new),
        now=now,
    )
    return inserted is not None


async def request_digest(conn: Connection, event_id: UUID) -> bytes | None:
    """Return the hash of the request that created an event; None if there is no such event."""
    return cast("bytes | None", await _sql.request_digest(conn, id=event_id))


async def lock_event(conn: Connection, event_id: UUID) -> Event | None:
    """Return the event, locked until the end of the transaction."""
    if await _sql.lock_event(conn, id=event_id) is None:
        return None
    return (await events_by_id(conn, [event_id]))[event_id]


async def update_event(conn: Connection, event_id: UUID, content: EventContent) -> None:
    """Replace the content of an event."""
    await _sql.update_event(conn, id=event_id, **_columns(content))


async def set_version(conn: Connection, event_id: UUID, venue_version: str) -> None:
    """Move an event to another version of its venue."""
    await _sql.set_version(conn, id=event_id, venue_version=venue_version)


async def mark_published(conn: Connection, event_id: UUID, now: datetime) -> None:
    """Mark an event as published."""
    await _sql.mark_published(conn, id=event_id, now=now)


async def mark_cancelled(conn: Connection, event_id: UUID, now: datetime) -> None:
    """Mark an event as cancelled."""
    await _sql.mark_cancelled(conn, id=event_id, now=now)


async def events_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Event]:
    """Return events in any state, by id."""
    return {row["id"]: _event(row) async for row in _sql.events_by_id(conn, ids=ids)}


async def public_events_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Event]:
    """Return events that are or were public, by id."""
    return {row["id"]: _event(row) async for row in _sql.public_events_by_id(conn, ids=ids)}


async def upcoming_events(conn: Connection, now: datetime) -> list[Event]:
    """Return published events that are not over, by start."""
    return await _events(_sql.upcoming_events(conn, now=now))


async def office_events(
    conn: Connection,
    organiser_ids: Sequence[UUID] | None,
    event_ids: Sequence[UUID] = (),
    venue_codes: Sequence[str] = (),
) -> list[Event]:
    """Return the latest `LIST_MAX` events for the office; None means all organisers."""
    return await _events(
        _sql.office_events(
            conn,
            all_of_them=organiser_ids is None,
            organiser_ids=organiser_ids or [],
            event_ids=list(event_ids),
            venue_codes=list(venue_codes),
            most=LIST_MAX,
        )
    )
