"""Ingest of one camera: encrypts, stores and records the segments of its reader in order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from virage.media.replay.footage import Footage
from virage.media.replay.ingest.health import Health
from virage.media.replay.ingest.reader import Part, Reader
from virage.media.replay.ingest.segmenter import Fragment, Init
from virage.media.replay.ingest.transports import Source
from virage.media.replay.rules.cameras import Fault
from virage.media.replay.rules.media import Kind, MediaVault, Segment, Track, key_period, sealed
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database, Unavailable
from virage.platform.data.objects import Full, StoreAway
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

WAITING_MAX: Final = 256  # parts waiting for the object store: two minutes of video and audio
STORE_RETRY_S: Final = 0.5
STATE_EVERY_S: Final = 1.0
LAST_PACKET_S: Final = 0.5
LAST_PARTS_S: Final = 5.0


class Ingest:
    """Ingest of one camera until cancelled.

    A thread reads the transport; the event loop encrypts, stores and records. While the object store or the database is
    unavailable, up to `waiting_max` parts wait; later fragments are dropped and counted as lost. Init segments are
    never dropped, because the rest of their take could not be played.
    """

    def __init__(
        self,
        source: Source,
        *,
        db: Database,
        clock: Clock,
        footage: Footage,
        vault: MediaVault,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._source = source
        self._db = db
        self._clock = clock
        self._footage = footage
        self._vault = vault
        self._waiting_max = waiting_max
        self._parts: asyncio.Queue[Part] = asyncio.Queue()
        self._tracks: dict[Kind, Track] = {}  # of the current take
        self._keys: dict[datetime, bytes] = {}
        self._delay = timedelta(milliseconds=source.delay_ms or 0)
        self._health = Health()
        self.lost = 0

    async def run(self) -> None:
        """Run until cancelled, then store the complete segments within a few seconds."""
        await self._with_retry(self._register)
        loop = asyncio.get_running_loop()

        def report(item: Part | Fault) -> None:
            with suppress(RuntimeError):  # the loop ended before the thread
                loop.call_soon_threadsafe(self._receive, item)

        reader = Reader(self._source, self._clock, report)
        storing = asyncio.create_task(self._store_parts())
        reporting = asyncio.create_task(self._report_state())
        reader.start()
        try:
            # wait() does not cancel the tasks when it is cancelled, so that waiting parts are still stored
            ended, _ = await asyncio.wait((storing, reporting), return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            reporting.cancel()
            reader.stop()
            await asyncio.to_thread(reader.join, LAST_PACKET_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drain(storing), LAST_PARTS_S)

    async def _register(self) -> None:
        source = self._source
        async with self._db.connection() as conn:
            await store.save_camera(conn, source.camera, programme=source.programme, delay_ms=source.delay_ms)

    def _receive(self, item: Part | Fault) -> None:
        if isinstance(item, Fault):
            self._health.take_ended(item, self._clock.now())
            return
        if isinstance(item.content, Fragment) and item.content.kind is Kind.VIDEO:
            self._health.picture_received(self._clock.now())
        if isinstance(item.content, Init) or self._parts.qsize() < self._waiting_max:
            self._parts.put_nowait(item)
        else:
            self.lost += 1
            self._health.lost += 1
            log.error("footage_lost", camera=self._source.camera, part=item.id, lost=self.lost)

    async def _report_state(self) -> None:
        """Record the state of the camera every second, and read its measured delay."""
        while True:
            lost = self._health.lost
            try:
                async with self._db.connection() as conn:
                    delay_ms = await store.save_camera_state(
                        conn,
                        self._source.camera,
                        fault=self._health.fault,
                        seen_at=self._health.seen_at,
                        lost=lost,
                        now=self._clock.now(),
                    )
            except (Unavailable, OSError) as failure:
                log.warning("camera_untold", camera=self._source.camera, error=type(failure).__name__)
            else:
                self._health.lost -= lost
                self._delay = timedelta(milliseconds=delay_ms)
            await asyncio.sleep(STATE_EVERY_S)

    async def _store_parts(self) -> None:
        while True:
            part = await self._parts.get()
            await self._with_retry(partial(self._store_part, part))
            self._parts.task_done()

    async def _drain(self, storing: "asyncio.Task[None]") -> None:
        """Store the waiting parts."""
        try:
            if not storing.done():
                await self._parts.join()
        finally:
            storing.cancel()

    async def _store_part(self, part: Part) -> None:
        if isinstance(part.content, Init):
            await self._add_track(part, part.content)
        else:
            await self._add_segment(part, part.content, self._tracks[part.content.kind])

    async def _add_track(self, part: Part, init: Init) -> None:
        """Store the init segment of a new track, unencrypted."""
        described = (init.kind, init.codecs, init.width, init.height)
        track = Track(part.id, part.take_id, self._source.camera, *described, part.at)
        await self._footage.put(track.id, init.data)
        async with self._db.connection() as conn:
            await store.add_track(conn, track)
        self._tracks[init.kind] = track

    async def _add_segment(self, part: Part, fragment: Fragment, track: Track) -> None:
        at = part.at - self._delay
        segment = Segment(part.id, track.id, at, max(1, round(fragment.duration_s * 1000)), len(fragment.data))
        await self._footage.put(segment.id, sealed(fragment.data, await self._key(at), segment.id))
        async with self._db.connection() as conn:
            await store.add_segment(conn, segment, track)
        self._health.stored(segment.ends_at)

    async def _key(self, at: datetime) -> bytes:
        period = key_period(at)
        if period not in self._keys:
            new_key = self._vault.new(self._source.camera, period)
            async with self._db.connection() as conn:
                stored_key = await store.add_key(conn, self._source.camera, period, new_key)
            self._keys[period] = self._vault.open(stored_key, self._source.camera, period)
        return self._keys[period]

    async def _with_retry(self, action: Callable[[], Awaitable[None]]) -> None:
        """Retry an action until the object store and the database are available."""
        while True:
            try:
                await action()
            except (StoreAway, Unavailable, OSError) as failure:
                log.warning("footage_waits", camera=self._source.camera, error=type(failure).__name__)
                if isinstance(failure, StoreAway):
                    fault = Fault.STORE_FULL if isinstance(failure, Full) else Fault.STORE_AWAY
                    self._health.store_failed(fault, self._clock.now())
                await asyncio.sleep(STORE_RETRY_S)
            else:
                return
