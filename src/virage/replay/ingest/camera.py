"""One camera: its transport is opened again and again, and what it sends is sealed, kept, and written down."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import av
from msgspec import Struct

from virage.kernel.clock import Clock
from virage.kernel.database import Database, Unavailable
from virage.kernel.ids import new_id
from virage.kernel.logs import log
from virage.replay.footage import Footage
from virage.replay.ingest.segmenter import Fragment, Init, TakeEnds, segments
from virage.replay.rules.media import MediaVault, Segment, Track, key_period, sealed
from virage.replay.store import cameras as store

OPEN_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 5.0
AGAIN_S: Final = 1.0
WAITING_MAX: Final = 256  # parts that wait for a store that is away: two minutes of picture and sound
KEEP_AGAIN_S: Final = 0.5
ENDED: Final = "ended"


class Source(Struct, frozen=True):
    """A camera and how it is reached. `delay_ms`: how late its transport brings a picture."""

    camera: str
    url: str
    programme: bool = False
    delay_ms: int = 0
    format: str | None = None


class Ended(Struct, frozen=True):
    """A take is over, and why."""

    fault: str


class Part(Struct, frozen=True):
    """What happened to a take, and when; `id` is that of the object that is made of it."""

    id: UUID
    take_id: UUID
    what: Init | Fragment | Ended
    at: datetime


class Ingest:
    """Takes in one camera until it is told to stop.

    A thread reads the transport; the loop seals, keeps and writes down, in order. If the store or the database is away
    it waits; what comes while `WAITING_MAX` parts wait already is lost, and the gap is seen.
    """

    def __init__(self, source: Source, *, db: Database, clock: Clock, footage: Footage, vault: MediaVault) -> None:
        self._source = source
        self._db = db
        self._clock = clock
        self._footage = footage
        self._vault = vault
        self._parts: asyncio.Queue[Part] = asyncio.Queue()
        self._stopped = threading.Event()
        self._tracks: dict[tuple[UUID, str], Track] = {}
        self._keys: dict[datetime, bytes] = {}
        self._zero: dict[UUID, datetime] = {}
        self.lost = 0

    async def run(self) -> None:
        """Take in until cancelled; what is whole by then is kept."""
        await _patiently(self._introduce)
        loop = asyncio.get_running_loop()
        reading = asyncio.create_task(asyncio.to_thread(self._read, loop))
        keeping = asyncio.create_task(self._keep())
        try:
            await asyncio.gather(reading, keeping)
        finally:
            self._stopped.set()
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping

    async def _introduce(self) -> None:
        source = self._source
        async with self._db.connection() as conn:
            await store.note_camera(conn, source.camera, programme=source.programme, delay_ms=source.delay_ms)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: connect, read, and connect again."""
        while not self._stopped.is_set():
            take_id, fault = new_id(), ENDED

            def tell(what: Init | Fragment | Ended, take_id: UUID = take_id) -> None:
                loop.call_soon_threadsafe(self._put, Part(new_id(), take_id, what, self._clock.now()))

            try:
                for what in self._take():
                    tell(what)
            except TakeEnds as ends:
                fault = ends.fault
                log.warning("take_ended", camera=self._source.camera, fault=fault, detail=str(ends))
            except (av.FFmpegError, OSError) as failure:
                fault = "unreachable"
                log.warning("camera_unreachable", camera=self._source.camera, error=type(failure).__name__)
            tell(Ended(fault))
            self._stopped.wait(AGAIN_S)

    def _take(self) -> Iterator[Init | Fragment]:
        timeouts = (OPEN_TIMEOUT_S, READ_TIMEOUT_S)
        with av.open(self._source.url, format=self._source.format, timeout=timeouts) as container:
            for what in segments(container):
                yield what
                if self._stopped.is_set():
                    return

    def _put(self, part: Part) -> None:
        if isinstance(part.what, Fragment) and self._parts.qsize() >= WAITING_MAX:
            self.lost += 1
            log.error("footage_lost", camera=self._source.camera, lost=self.lost)
        else:
            self._parts.put_nowait(part)

    async def _keep(self) -> None:
        while True:
            part = await self._parts.get()
            await _patiently(partial(self._keep_part, part))

    async def _keep_part(self, part: Part) -> None:
        match part.what:
            case Init():
                await self._begin(part, part.what)
            case Fragment():
                await self._add(part, part.what)
            case Ended(fault):
                async with self._db.connection() as conn:
                    await store.note_state(conn, self._source.camera, fault, None)

    async def _begin(self, part: Part, init: Init) -> None:
        """A new track: its init segment, in the open."""
        described = (init.kind, init.codecs, init.width, init.height)
        track = Track(part.id, part.take_id, self._source.camera, *described, part.at)
        await self._footage.keep(track.id, init.data)
        async with self._db.connection() as conn:
            await store.add_track(conn, track)
        self._tracks[part.take_id, init.kind] = track

    async def _add(self, part: Part, fragment: Fragment) -> None:
        track = self._tracks[part.take_id, fragment.kind]
        at = self._seen_at(part, fragment)
        segment = Segment(part.id, track.id, at, max(1, round(fragment.duration_s * 1000)), len(fragment.data))
        await self._footage.keep(segment.id, sealed(fragment.data, await self._key(at), segment.id))
        async with self._db.transaction() as conn:
            await store.add_segment(conn, segment, track)
            await store.note_state(conn, track.camera, None, segment.ends_at)

    def _seen_at(self, part: Part, fragment: Fragment) -> datetime:
        """When its first frame was seen: a fragment is whole when it has ended, a transport's delay later.

        The whole take counts from its earliest arrival, which was held up the least.
        """
        ended = timedelta(seconds=fragment.at_s + fragment.duration_s, milliseconds=self._source.delay_ms)
        zero = min(self._zero.get(part.take_id, part.at - ended), part.at - ended)
        self._zero[part.take_id] = zero
        return zero + timedelta(seconds=fragment.at_s)

    async def _key(self, at: datetime) -> bytes:
        period = key_period(at)
        if period not in self._keys:
            async with self._db.connection() as conn:
                kept = await store.add_key(
                    conn, self._source.camera, period, self._vault.new(self._source.camera, period)
                )
            self._keys[period] = self._vault.open(kept, self._source.camera, period)
        return self._keys[period]


async def _patiently(act: Callable[[], Awaitable[None]]) -> None:
    """Do it until the store and the database are there."""
    while True:
        try:
            await act()
        except (Unavailable, OSError) as failure:
            log.warning("footage_waits", error=type(failure).__name__)
            await asyncio.sleep(KEEP_AGAIN_S)
        else:
            return
