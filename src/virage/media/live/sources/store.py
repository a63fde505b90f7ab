"""Queries of match data sources, one typed function each."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.media.live.rules.entries import Side
from virage.media.live.sources.rules.attribution import AttributedAction, Blame
from virage.media.live.sources.rules.cdf import SourceIds
from virage.media.live.sources.rules.counting import CountedAction, MatchStatistics, Tally
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


class PublishedStats(Struct, frozen=True):
    """The last published statistics, and when."""

    statistics: MatchStatistics
    published_at: datetime | None


async def source_ids(conn: Connection, event_id: UUID) -> SourceIds | None:
    """Return the ids of an event's source."""
    row = await _sql.source_ids(conn, event_id=event_id)
    return None if row is None else msgspec.convert(row["known"], SourceIds)


async def save_source_ids(conn: Connection, event_id: UUID, known: SourceIds) -> None:
    """Store the ids of an event's source; the feed must be locked."""
    await _sql.save_source_ids(conn, event_id=event_id, known=known)


async def lock_stats(conn: Connection, event_id: UUID) -> PublishedStats | None:
    """Lock and return the statistics of an event; None without counted actions."""
    row = await _sql.lock_stats(conn, event_id=event_id)
    return None if row is None else msgspec.convert(dict(row), PublishedStats)


async def open_stats(conn: Connection, event_id: UUID) -> None:
    """Create empty statistics for an event."""
    await _sql.open_stats(conn, event_id=event_id, statistics=MatchStatistics())


async def stats(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, MatchStatistics]:
    """Return the last published statistics by event; events without any are left out."""
    rows = _sql.stats(conn, event_ids=event_ids)
    return {row["event_id"]: msgspec.convert(row["statistics"], MatchStatistics) async for row in rows}


async def save_stats(conn: Connection, event_id: UUID, statistics: MatchStatistics, now: datetime) -> None:
    """Store published statistics; they must be locked."""
    await _sql.save_stats(conn, event_id=event_id, statistics=statistics, now=now)


async def save_counts(conn: Connection, event_id: UUID, counts: Sequence[CountedAction]) -> int:
    """Store actions with distinct ids, and return how many were new or changed. The statistics must be locked."""
    return len([row async for row in _sql.save_counts(conn, event_id=event_id, counts=list(counts))])


async def counted_actions(conn: Connection, event_id: UUID, ids: Sequence[UUID]) -> dict[UUID, AttributedAction]:
    """Return the players of counted actions by id."""
    rows = _sql.counted_actions(conn, event_id=event_id, ids=ids)
    return {row["id"]: AttributedAction((Side(row["side"]), row["player"]), Blame(row["blame"])) async for row in rows}


async def tallies(conn: Connection, event_id: UUID) -> list[Tally]:
    """Return the totals by player and kind."""
    return [msgspec.convert(dict(row), Tally) async for row in _sql.tallies(conn, event_id=event_id)]
