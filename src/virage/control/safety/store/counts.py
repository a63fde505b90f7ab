"""Counts of cameras and counters, and what they add up to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from virage.control.safety.rules.counts import Counter, StoredCount
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


async def insert_counts(conn: Connection, counts: Sequence[StoredCount], now: datetime) -> set[UUID]:
    """Store counts, whose ids differ; return the ids of those that were not stored yet."""
    rows = queries.insert_counts(
        conn,
        ids=[count.id for count in counts],
        event_ids=[count.event_id for count in counts],
        device_ids=[count.device_id for count in counts],
        are_lanes=[count.is_lane for count in counts],
        places=[count.place for count in counts],
        kinds=[count.kind.value for count in counts],
        counted=[count.value for count in counts],
        times=[count.at for count in counts],
        now=now,
    )
    return {row["id"] async for row in rows}


async def add_to_counters(conn: Connection, counters: Sequence[Counter], now: datetime) -> None:
    """Add new counts to the counters; their keys differ."""
    await queries.add_to_counters(
        conn,
        event_ids=[counter.event_id for counter in counters],
        device_ids=[counter.device_id for counter in counters],
        are_lanes=[counter.is_lane for counter in counters],
        places=[counter.place for counter in counters],
        kinds=[counter.kind.value for counter in counters],
        counted=[counter.value for counter in counters],
        times=[counter.at for counter in counters],
        now=now,
    )


async def counters(conn: Connection, event_id: UUID) -> list[Counter]:
    """Return the counters of an event."""
    return [msgspec.convert(dict(row), Counter) async for row in queries.counters(conn, event_id=event_id)]


async def delete_counts(conn: Connection, before: datetime) -> None:
    """Delete counts that were received before a time; what they added up to stays."""
    await queries.delete_counts(conn, before=before)
