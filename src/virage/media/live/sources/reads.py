"""Statistics of matches for API and stream."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.media.live.rules.feed import Reason
from virage.media.live.sources import store
from virage.media.live.sources.rules.counting import STATS_FACT, MatchStatistics, TeamStatistics
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.data.journal import Entry as Fact
from virage.platform.data.journal import head
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.ids import id_of
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme


class PublishedStatistics(Struct, frozen=True):
    """The last published statistics, and the journal position of that read."""

    position: str
    statistics: MatchStatistics


class StatsBoard:
    """Statistics of matches. Concurrent readers share one query."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._readings = Batcher[UUID, PublishedStatistics | None](self._read, batch_max=10_000, queue_max=100_000)

    async def at(self, event_id: UUID) -> PublishedStatistics | None:
        """Return the statistics of an event; None for one that is not public."""
        return await self._readings.submit(event_id)

    async def _read(self, event_ids: Sequence[UUID]) -> list[PublishedStatistics | None]:
        asked = list(dict.fromkeys(event_ids))
        async with self._db.connection() as conn:
            position = await head(conn)
            found = await store.stats(conn, asked)
            others = [event_id for event_id in asked if event_id not in found]
            public = await programme.public_events_of(conn, others) if others else {}
        published = {event_id: PublishedStatistics(position, statistics) for event_id, statistics in found.items()}
        published |= {
            event_id: PublishedStatistics(position, MatchStatistics()) for event_id in others if event_id in public
        }
        return [published.get(event_id) for event_id in event_ids]


class StatsTopic:
    """`stats:<event_id>`: complete `TeamStatistics` of both teams, at most every 30 seconds during play."""

    name = "stats"
    message = TeamStatistics

    def __init__(self, board: StatsBoard) -> None:
        self._board = board

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:  # noqa: ARG002 - public, and always sent completely
        """Return the current statistics."""
        event_id = id_of(argument)
        published = None if event_id is None else await self._board.at(event_id)
        if published is None:
            return Refused(Reason.NOT_FOUND)
        return Opened(published.position, [published.statistics.teams])

    async def on_entries(self, entries: Sequence[Fact]) -> Mapping[str, Any]:
        """Return the statistics that these facts have changed, by event."""
        changed = {fact.about for fact in entries if fact.what == STATS_FACT}
        found = {event_id: await self._board.at(event_id) for event_id in changed}
        return {
            str(event_id): published.statistics.teams for event_id, published in found.items() if published is not None
        }
