"""Tracking as phones read it; each process reads a followed match twice a second."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from virage.media.live.types import Period, Reason, Side
from virage.media.tracking import store
from virage.media.tracking.rules.kicks import Kick
from virage.media.tracking.rules.updates import KMH, SentState, TrackingState, TrackingUpdate, key_frame_of, next_update
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Entry as Fact
from virage.platform.data.journal import head
from virage.platform.realtime.hub import Opened, Opening
from virage.platform.values.ids import id_of
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme

KNOWN_MAX: Final = 16


class RunnerStatistics(Struct, frozen=True):
    """Distance of a player in metres, and top speed held for 1.5 seconds, km/h."""

    side: Side
    shirt: int
    metres: int
    top_kmh: float


class TrackingStatistics(Struct, frozen=True):
    """Distance and speed of all players up to the match clock `clock_ms`, and the hardest kick."""

    event_id: UUID
    period: Period
    clock_ms: int
    players: list[RunnerStatistics]
    hardest: Kick | None


class CachedTracking(Struct):
    """A match in this process: its state with change number, and the state that listeners were sent."""

    position: str
    seq: int = -1
    play: TrackingState = TrackingState()
    sent: SentState | None = None


class TrackingReader:
    """Cached tracking states. Concurrent readers share one query."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[UUID, CachedTracking] = {}
        self._public: set[UUID] = set()
        self._readings = Batcher[UUID, CachedTracking | None](self._read, batch_max=10_000, queue_max=100_000)

    async def at(self, event_id: UUID) -> CachedTracking | None:
        """Return the current state; None for an event that is not public."""
        return await self._readings.submit(event_id)

    async def updates(self, event_ids: Collection[UUID]) -> dict[UUID, TrackingUpdate]:
        """Return the updates since the last call, for matches with any."""
        public = self._public.intersection(event_ids)  # subscribers of unknown events are included in event_ids
        for event_id in public:  # an evicted match may still have listeners
            self._known.setdefault(event_id, CachedTracking("0-0"))
        async with self._db.connection() as conn:
            await self._refresh(conn, list(public))
        found = {}
        for event_id in public:
            known = self._known.get(event_id)
            if known is not None:
                known.sent, message = next_update(known.sent, known.play)
                if message is not None:
                    found[event_id] = message
        return found

    async def _read(self, event_ids: Sequence[UUID]) -> list[CachedTracking | None]:
        asked = list(dict.fromkeys(event_ids))
        async with self._db.connection() as conn:
            position = await head(conn)
            public = await programme.public_events_of(
                conn, [event_id for event_id in asked if event_id not in self._known]
            )
            self._public.update(public)
            for event_id in public:
                self._known.setdefault(event_id, CachedTracking(position))
            found = {event_id: self._known[event_id] for event_id in asked if event_id in self._known}
            await self._refresh(conn, list(found))
        for known in found.values():
            known.position = position
        while len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]
        return [found.get(event_id) for event_id in event_ids]

    async def _refresh(self, conn: Connection, event_ids: Sequence[UUID]) -> None:
        changed = await store.plays(conn, {event_id: self._known[event_id].seq for event_id in event_ids})
        for event_id, stored in changed.items():
            known = self._known.get(event_id)
            if known is not None and stored.seq > known.seq:  # concurrent reads may finish out of order
                known.seq, known.play = stored.seq, stored.play


class TrackingTopic:
    """`pitch:<event_id>`: positions, starting with a key frame. Past messages are not repeated."""

    name = "pitch"
    message = TrackingUpdate

    def __init__(self, pitches: TrackingReader) -> None:
        self._pitches = pitches

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:  # noqa: ARG002 - public, and nothing is resumed
        """Return the last state that this process has sent; later updates follow."""
        event_id = id_of(argument)
        known = None if event_id is None else await self._pitches.at(event_id)
        if known is None:
            return Refused(Reason.NOT_FOUND)
        sent = known.sent or next_update(None, known.play)[0]  # not stored: other listeners have not received it yet
        return Opened(known.position, [] if sent is None else [key_frame_of(sent)])

    async def on_entries(self, entries: Sequence[Fact]) -> Mapping[str, Any]:  # noqa: ARG002 - positions are not in the journal
        """Return nothing: positions are sent by the pulse."""
        return {}

    async def on_pulse(self, arguments: Collection[str]) -> Mapping[str, TrackingUpdate]:
        """Return the updates since the last pulse."""
        ids = {event_id: argument for argument in arguments if (event_id := id_of(argument)) is not None}
        return {ids[event_id]: message for event_id, message in (await self._pitches.updates(ids)).items()}


def statistics_of(event_id: UUID, known: CachedTracking) -> TrackingStatistics:
    """Return distance and speed of all players."""
    track = known.play.track
    players = [
        RunnerStatistics(run.side, run.shirt, round(run.metres), round(run.top * KMH, 1)) for run in track.runs.values()
    ]
    players.sort(key=lambda player: (player.side != Side.HOME, player.shirt))
    return TrackingStatistics(event_id, track.period, max(0, track.clock_ms), players, known.play.kicks.hardest)
