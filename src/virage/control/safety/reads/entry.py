"""The forecast of an event's entry, from the counts of its pictures and the tickets by group of gates."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from virage.control.safety.reads.pictures import VenuePictures
from virage.control.safety.rules.alerts import AlertMeasure
from virage.control.safety.rules.entry import AHEAD_MIN, LIMIT, MEMBERS, EntryForecast, EntryOutlook, outlook
from virage.control.safety.rules.entry_record import (
    EntryCheck,
    EntryEvent,
    EntryRecord,
    backtest,
    is_counted,
    silent_gates,
)
from virage.control.safety.rules.picture import VenuePicture
from virage.control.safety.store import alerts as alerts_store
from virage.control.safety.store import entry as store
from virage.control.safety.store import pictures as pictures_store
from virage.identity.passes import api as passes
from virage.platform.data.database import Connection, Database
from virage.platform.host.background import in_background
from virage.platform.values.clock import Clock
from virage.site.programme.types import Event
from virage.site.venue import api as venues

GATES_MAX: Final = 10
LATE_AFTER: Final = timedelta(seconds=6)
TICKETS_FOR: Final = timedelta(minutes=1)
"""Tickets are counted again after this time: it reads all passes of the event."""
MINUTE: Final = timedelta(minutes=1)


class EntryNow(Struct, frozen=True):
    """The last forecast of an event with its `GATES_MAX` longest queues, None if its entry was not measured.

    `is_late`: it was made more than `LATE_AFTER` ago. `limits` are the people who may wait at a gate, by its code:
    what the event's thresholds on forecast queues raise an alert at.
    """

    forecast: EntryForecast | None
    is_late: bool
    limits: dict[str, int]


class _Entry(Struct):
    """What a process keeps of an event while people enter."""

    event: EntryEvent
    read_at: datetime
    record: EntryRecord


async def entry_event(conn: Connection, event: Event) -> EntryEvent:
    """Return an event as its entry sees it, with the tickets that are valid now."""
    venue = await venues.venue_at(conn, event.venue_version)
    tickets = await passes.counts_by_group(conn, event.id)
    return EntryEvent(event.doors_at, event.starts_at, tickets, {gate.code: gate.group for gate in venue.gates})


def seed_of(event_id: UUID) -> int:
    """Return the seed of an event's outlooks."""
    return event_id.int % 2**32


class EntryForecasts:
    """Forecasts of events from what this process has seen of them."""

    def __init__(self, db: Database, clock: Clock, pictures: VenuePictures) -> None:
        self._db = db
        self._clock = clock
        self._pictures = pictures
        self._entries: dict[UUID, _Entry] = {}

    async def now(self, event: Event) -> EntryForecast | None:
        """Return the forecast of an event from its counts now; None if no gate is counted, or it has no tickets."""
        picture = await self._pictures.recent(event)
        if not is_counted(picture):
            return None
        entry = await self._entry(event, picture.at)
        entry.record.add(picture)
        state = entry.record.state(picture, entry.event)
        if state is None:
            return None
        made = await in_background("entry", outlook, state, seed_of(event.id))
        return _forecast(event, picture, sum(entry.event.tickets.values()), made)

    async def latest(self, event_id: UUID) -> EntryForecast | None:
        """Return the stored forecast of an event."""
        async with self._db.connection() as conn:
            return await store.entry_forecast_of(conn, event_id)

    async def shown(self, event_id: UUID) -> EntryNow:
        """Return what the desk shows."""
        async with self._db.connection() as conn:
            found = await store.entry_forecast_of(conn, event_id)
            thresholds = (await alerts_store.threshold_set(conn, event_id)).thresholds
        if found is None:
            return EntryNow(None, is_late=False, limits={})
        limits: dict[str, int] = {}
        for gate in found.gates[:GATES_MAX]:
            raised = [one.raise_at for one in thresholds if one.covers(AlertMeasure.QUEUE_FORECAST, gate.code)]
            if raised:
                limits[gate.code] = min(raised)
        is_late = self._clock.now() - found.at > LATE_AFTER * self._clock.speed
        return EntryNow(replace(found, gates=found.gates[:GATES_MAX]), is_late, limits)

    async def _entry(self, event: Event, now: datetime) -> _Entry:
        """Return what is kept of an event; its stored pictures are read once, and those of others that are over go."""
        found = self._entries.get(event.id)
        if found is not None and abs(now - found.read_at) < TICKETS_FOR:
            return found
        async with self._db.connection() as conn:
            seen = await entry_event(conn, event)
            stored = [] if found is not None else await pictures_store.pictures_of(conn, event.id)
        record = await asyncio.to_thread(_recorded, stored) if found is None else found.record
        self._entries = {one: kept for one, kept in self._entries.items() if now < kept.event.starts_at + LIMIT}
        self._entries[event.id] = _Entry(seen, now, record)
        return self._entries[event.id]


async def backtested(conn: Connection, event: Event) -> list[EntryCheck]:
    """Make the outlooks of an evening again from its stored pictures; empty without enough of them."""
    seen = await entry_event(conn, event)
    stored = await pictures_store.pictures_of(conn, event.id)

    def again() -> list[EntryCheck]:
        return backtest([msgspec.json.decode(body, type=VenuePicture) for body in stored], seen, seed_of(event.id))

    return await asyncio.to_thread(again)


def _recorded(stored: Sequence[bytes]) -> EntryRecord:
    record = EntryRecord()
    for body in stored:
        record.add(msgspec.json.decode(body, type=VenuePicture))
    return record


def _forecast(event: Event, picture: VenuePicture, tickets: int, made: EntryOutlook) -> EntryForecast:
    def at(minutes: float | None) -> datetime | None:
        return None if minutes is None else picture.at + minutes * MINUTE

    return EntryForecast(
        event_id=event.id,
        at=picture.at,
        members=MEMBERS,
        tickets=tickets,
        inside=made.inside,
        ahead_at=picture.at + AHEAD_MIN * MINUTE,
        ahead=made.ahead,
        coming=made.coming,
        all_in_p50=at(made.all_in_p50),
        all_in_p95=at(made.all_in_p95),
        until=event.starts_at + LIMIT,
        silent_gates=silent_gates(picture),
        gates=sorted(made.gates, key=lambda gate: gate.waiting_p95, reverse=True),
    )
