"""The figures of a match, for whoever asks and whoever follows."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.media.live.rules.feed import Reason
from virage.media.live.sources import store
from virage.media.live.sources.rules.counting import STATS_FACT, MatchStatistics
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.data.journal import Entry as Fact
from virage.platform.data.journal import head
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.ids import id_of
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme


class PublishedStatistics(Struct, frozen=True):
    """The figures that were told last, and the position of the journal up to which that is so."""

    position: str
    statistics: MatchStatistics


class StatsBoard:
    """The figures of matches. Whoever asks at once shares one reading."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._readings = Batcher[UUID, PublishedStatistics | None](self._read, batch_max=10_000, queue_max=100_000)

    async def at(self, event_id: UUID) -> PublishedStatistics | None:
        """The figures of an event; None for one that is not public."""
        return await self._readings.submit(event_id)

    async def _read(self, event_ids: Sequence[UUID]) -> list[PublishedStatistics | None]:
        asked = list(dict.fromkeys(event_ids))
        async with self._db.connection() as conn:
            position = await head(conn)
            found = await store.stats(conn, asked)
            others = [event_id for event_id in asked if event_id not in found]
            public = await programme.public_events_of(conn, others) if others else {}
        figures = {event_id: PublishedStatistics(position, one) for event_id, one in found.items()}
        figures |= {
            event_id: PublishedStatistics(position, MatchStatistics()) for event_id in others if event_id in public
        }
        return [figures.get(event_id) for event_id in event_ids]


class StatsTopic:
    """`stats:<event_id>`: the figures of both teams (`Stats`), whole each time; at most every half minute in play."""

    name = "stats"

    def __init__(self, board: StatsBoard) -> None:
        self._board = board

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:  # noqa: ARG002 - everybody may know, and is told all of it
        """Tell the figures as they stand."""
        event_id = id_of(argument)
        figures = None if event_id is None else await self._board.at(event_id)
        if figures is None:
            return Refused(Reason.NOT_FOUND)
        return Opened(figures.position, [figures.statistics.teams])

    async def on_entries(self, entries: Sequence[Fact]) -> Mapping[str, Any]:
        """The figures that these facts say have changed."""
        told = {fact.about for fact in entries if fact.what == STATS_FACT}
        found = {event_id: await self._board.at(event_id) for event_id in told}
        return {str(event_id): one.statistics.teams for event_id, one in found.items() if one is not None}
