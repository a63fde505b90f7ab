"""Detection of crowd roars in the sound of the programme's cameras, suggested to the media desk."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct, field

from virage.media.replay.acts import desk as acts
from virage.media.replay.footage import Footage
from virage.media.replay.loudness import level_db
from virage.media.replay.reads.watching import key
from virage.media.replay.rules.media import Kind, MediaVault, key_period, opened
from virage.media.replay.rules.moments import MEDIAN_OVER, ROAR_INTERVAL, Level, Moment, roars
from virage.media.replay.rules.playlists import Piece
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock
from virage.site.programme import api as programme

LISTEN_EVERY_S: Final = 1.0
FORGET_EVERY_S: Final = 300.0
LEVELS_KEPT: Final = MEDIAN_OVER + ROAR_INTERVAL + timedelta(seconds=10)
LISTEN_BEFORE: Final = timedelta(minutes=90)  # before kick-off, when the venue fills


class CameraLevels(Struct):
    """Recent levels of one camera and track. A new take resets them, because its volume may differ."""

    track_id: UUID | None = None
    init: bytes = b""
    measured_until: datetime | None = None
    suggested_until: datetime | None = None
    levels: list[Level] = field(default_factory=list)


class MomentDetectionJobs:
    """Jobs that suggest moments."""

    def __init__(self, db: Database, clock: Clock, footage: Footage, vault: MediaVault) -> None:
        self._db = db
        self._clock = clock
        self._footage = footage
        self._vault = vault
        self._cameras: dict[str, CameraLevels] = {}

    def register(self, jobs: Jobs) -> None:
        """Register the jobs."""
        jobs.every(LISTEN_EVERY_S, "replay.listen", self.listen)
        jobs.every(FORGET_EVERY_S, "replay.forget_taps", self.delete_taps)

    async def delete_taps(self) -> None:
        """Delete counts of requests older than ten minutes."""
        async with self._db.transaction() as conn:
            await acts.delete_taps(conn, self._clock.now())

    async def listen(self) -> None:
        """Measure new audio of the programme and suggest its roars to the desks of current events."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            events = [
                event.id for event in await programme.upcoming(conn, now) if event.starts_at - LISTEN_BEFORE <= now
            ]
            cameras = await store.programme_cameras(conn) if events else []
        for camera in cameras:
            for roar in await self._new_roars(camera, now):
                for event_id in events:
                    async with self._db.transaction() as conn:
                        await acts.suggest(conn, event_id, roar, now)

    async def _new_roars(self, camera: str, now: datetime) -> Sequence[Moment]:
        state = self._cameras.setdefault(camera, CameraLevels())
        since = max(state.measured_until or now - LEVELS_KEPT, now - LEVELS_KEPT)
        async with self._db.connection() as conn:
            pieces = await store.pieces(conn, camera, Kind.AUDIO, since, now)
        for piece in pieces:
            if state.measured_until is None or piece.segment.at > state.measured_until:
                await self._measure(state, piece)
        state.levels = [level for level in state.levels if now - level.at <= LEVELS_KEPT]
        fresh = [
            roar
            for roar in roars(state.levels)
            if state.suggested_until is None or roar.at - state.suggested_until >= ROAR_INTERVAL
        ]
        if fresh:
            state.suggested_until = fresh[-1].at
        return [Moment(roar.source, roar.at, roar.strength, camera) for roar in fresh]

    async def _measure(self, state: CameraLevels, piece: Piece) -> None:
        segment, track = piece.segment, piece.track
        state.measured_until = segment.at
        if state.track_id != track.id:
            state.track_id, state.levels = track.id, []
            state.init = await self._footage.get(track.id) or b""
        sealed = await self._footage.get(segment.id)
        async with self._db.connection() as conn:
            media_key = await key(conn, self._vault, track.camera, key_period(segment.at))
        if sealed is None or media_key is None:
            return
        db = await asyncio.to_thread(level_db, state.init, opened(sealed, media_key, segment.id))
        if db is not None:
            state.levels.append(Level(segment.at, db))
