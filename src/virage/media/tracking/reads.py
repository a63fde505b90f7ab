"""What phones and others may ask of a pitch. Each process reads a match twice a second while somebody looks at it."""

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
    """What one player has run: metres, and the speed that was held for a second and a half, km/h."""

    side: Side
    shirt: int
    metres: int
    top_kmh: float


class TrackingStatistics(Struct, frozen=True):
    """How far and how fast everybody has run, up to `clock_ms` of the match's clock; the hardest kick."""

    event_id: UUID
    period: Period
    clock_ms: int
    players: list[RunnerStatistics]
    hardest: Kick | None


class CachedTracking(Struct):
    """A match as this process knows it: the number of its change, what it says, and what all listeners were told."""

    position: str
    seq: int = -1
    play: TrackingState = TrackingState()
    sent: SentState | None = None


class TrackingReader:
    """The pitches that somebody asks for. Whoever asks at once shares one reading."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[UUID, CachedTracking] = {}
        self._public: set[UUID] = set()
        self._readings = Batcher[UUID, CachedTracking | None](self._read, batch_max=10_000, queue_max=100_000)

    async def at(self, event_id: UUID) -> CachedTracking | None:
        """A pitch as it stands; None for an event that is not public."""
        return await self._readings.submit(event_id)

    async def updates(self, event_ids: Collection[UUID]) -> dict[UUID, TrackingUpdate]:
        """What has come since it was told last, for those of which something has."""
        public = self._public.intersection(event_ids)  # whoever only asks to follow is among those who listen, too
        for event_id in public:  # one that others have pushed out is still followed
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
            public = await programme.public_events_of(conn, [one for one in asked if one not in self._known])
            self._public.update(public)
            for event_id in public:
                self._known.setdefault(event_id, CachedTracking(position))
            found = {one: self._known[one] for one in asked if one in self._known}
            await self._refresh(conn, list(found))
        for known in found.values():
            known.position = position
        while len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]
        return [found.get(event_id) for event_id in event_ids]

    async def _refresh(self, conn: Connection, event_ids: Sequence[UUID]) -> None:
        changed = await store.plays(conn, {one: self._known[one].seq for one in event_ids})
        for event_id, stored in changed.items():
            known = self._known.get(event_id)
            if known is not None and stored.seq > known.seq:  # two readings may come back in the other order
                known.seq, known.play = stored.seq, stored.play


class TrackingTopic:
    """`pitch:<event_id>`: where everybody is. It begins with a key frame; what it says is never said again later."""

    name = "pitch"

    def __init__(self, pitches: TrackingReader) -> None:
        self._pitches = pitches

    async def open(self, argument: str, opening: Opening) -> Opened | Refused:  # noqa: ARG002 - everybody may watch, and who comes back knows nothing
        """Tell where everybody was when this process told it last; what came since follows."""
        event_id = id_of(argument)
        known = None if event_id is None else await self._pitches.at(event_id)
        if known is None:
            return Refused(Reason.NOT_FOUND)
        told = known.sent or next_update(None, known.play)[0]  # not kept: others who listen have not been told it yet
        return Opened(known.position, [] if told is None else [key_frame_of(told)])

    async def on_entries(self, entries: Sequence[Fact]) -> Mapping[str, Any]:  # noqa: ARG002 - the journal says nothing of it
        """Nothing: positions come by the pulse."""
        return {}

    async def on_pulse(self, arguments: Collection[str]) -> Mapping[str, TrackingUpdate]:
        """What has come since the last pulse."""
        ids = {event_id: argument for argument in arguments if (event_id := id_of(argument)) is not None}
        return {ids[event_id]: message for event_id, message in (await self._pitches.updates(ids)).items()}


def statistics_of(event_id: UUID, known: CachedTracking) -> TrackingStatistics:
    """What everybody has run."""
    track = known.play.track
    players = [
        RunnerStatistics(run.side, run.shirt, round(run.metres), round(run.top * KMH, 1)) for run in track.runs.values()
    ]
    players.sort(key=lambda player: (player.side != Side.HOME, player.shirt))
    return TrackingStatistics(event_id, track.period, max(0, track.clock_ms), players, known.play.kicks.hardest)
