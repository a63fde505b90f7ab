"""The queries of what sources tell, one typed function each."""

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
    """The figures that were told last, and when."""

    statistics: MatchStatistics
    told_at: datetime | None


async def source_ids(conn: Connection, event_id: UUID) -> SourceIds | None:
    """Whom the ids of an event's source mean."""
    row = await _sql.source(conn, event_id=event_id)
    return None if row is None else msgspec.convert(row["known"], SourceIds)


async def save_source_ids(conn: Connection, event_id: UUID, known: SourceIds) -> None:
    """Remember whom they mean; the feed must be locked."""
    await _sql.keep_source(conn, event_id=event_id, known=known)


async def lock_stats(conn: Connection, event_id: UUID) -> PublishedStats | None:
    """The figures, against whoever else counts; None where nothing was ever counted."""
    row = await _sql.lock_stats(conn, event_id=event_id)
    return None if row is None else msgspec.convert(dict(row), PublishedStats)


async def open_stats(conn: Connection, event_id: UUID) -> None:
    """Begin to count for an event."""
    await _sql.open_stats(conn, event_id=event_id, statistics=MatchStatistics())


async def stats(conn: Connection, event_ids: Sequence[UUID]) -> dict[UUID, MatchStatistics]:
    """The figures that were told last of some events; those without any are left out."""
    rows = _sql.stats(conn, event_ids=event_ids)
    return {row["event_id"]: msgspec.convert(row["statistics"], MatchStatistics) async for row in rows}


async def save_stats(conn: Connection, event_id: UUID, statistics: MatchStatistics, now: datetime) -> None:
    """Write what is told now; the stats must be locked."""
    await _sql.keep_stats(conn, event_id=event_id, statistics=statistics, now=now)


async def save_counts(conn: Connection, event_id: UUID, counts: Sequence[CountedAction]) -> int:
    """Count things, each id once in the list; how many were new or changed. The stats must be locked."""
    return len([row async for row in _sql.count(conn, event_id=event_id, counts=list(counts))])


async def counted_actions(conn: Connection, event_id: UUID, ids: Sequence[UUID]) -> dict[UUID, AttributedAction]:
    """Who did these things."""
    rows = _sql.counted(conn, event_id=event_id, ids=ids)
    return {row["id"]: AttributedAction((Side(row["side"]), row["player"]), Blame(row["blame"])) async for row in rows}


async def tallies(conn: Connection, event_id: UUID) -> list[Tally]:
    """How often each player did what."""
    return [msgspec.convert(dict(row), Tally) async for row in _sql.tallies(conn, event_id=event_id)]
