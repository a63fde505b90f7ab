"""The ladder: encodes live segments of the programme, and segments of clips when idle.

Live segments come first. If encoding falls behind, segments that players no longer wait for are skipped. All state is
in the database and in derived ids, so that a killed process is safely restarted.
"""

import asyncio
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.footage import Footage
from virage.media.replay.ladder.transcoding import EncodedSegment, UnreadableMedia, transcoded
from virage.media.replay.rules.ladder import SMALLEST, derived_id, due, missing_pieces, steps_below
from virage.media.replay.rules.media import KeyLost, Kind, MediaVault, Rung, Segment, Track, key_period, opened, sealed
from virage.media.replay.rules.playlists import Piece
from virage.media.replay.store import cameras as store
from virage.media.replay.store import ladder as tasks
from virage.platform.data.database import Connection, Database, Unavailable
from virage.platform.data.objects import StoreAway
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

POLL_S: Final = 0.2
RETRY_S: Final = 0.5
LOOK_BACK: Final = timedelta(seconds=30)
CLIPS_AT_ONCE: Final = 16
WANTED: Final = frozenset({Rung.SOURCE, SMALLEST})
CACHE_MAX: Final = 256


class _Source(Struct, frozen=True):
    """A decrypted segment of a camera."""

    init: bytes
    fragment: bytes
    key: bytes


class Ladder:
    """Encoder of renditions until cancelled."""

    def __init__(self, *, db: Database, clock: Clock, footage: Footage, vault: MediaVault) -> None:
        self._db = db
        self._clock = clock
        self._footage = footage
        self._vault = vault
        self._inits: dict[UUID, bytes] = {}
        self._stored_inits: dict[UUID, bytes] = {}
        self._keys: dict[tuple[str, datetime], bytes] = {}
        self._unreadable: set[UUID] = set()
        self.skipped = 0

    async def run(self) -> None:
        """Encode until cancelled."""
        while True:
            try:
                busy = await self.turn()
            except (StoreAway, Unavailable, OSError) as failure:
                log.warning("ladder_waits", error=type(failure).__name__)
                await asyncio.sleep(RETRY_S)
            else:
                await asyncio.sleep(0 if busy else POLL_S)

    async def turn(self) -> bool:
        """Encode the most urgent segment; return whether there was one."""
        piece = await self._next_live() or await self._next_of_clips()
        if piece is not None:
            await self._encode(piece)
        return piece is not None

    async def _next_live(self) -> Piece | None:
        now = self._clock.now()
        async with self._db.connection() as conn:
            for camera in await store.programme_cameras(conn):
                source, encoded = await self._source_and_smallest(conn, camera, now - LOOK_BACK, now)
                due_piece, left_out = due(source, encoded, now)
                if left_out:
                    self.skipped += len(left_out)
                    log.warning("ladder_behind", camera=camera, seconds_left_out=len(left_out), in_all=self.skipped)
                if due_piece is not None:
                    return due_piece
        return None

    async def _next_of_clips(self) -> Piece | None:
        now = self._clock.now()
        async with self._db.connection() as conn:
            for clip in await tasks.clips_to_ladder(conn, CLIPS_AT_ONCE):
                for camera in clip.cameras:
                    source, encoded = await self._source_and_smallest(conn, camera, clip.from_at, clip.to_at)
                    if missing := missing_pieces(source, encoded):
                        return missing[0]
                if clip.settled(now):
                    await tasks.set_laddered(conn, clip.id, now)
        return None

    async def _source_and_smallest(
        self, conn: Connection, camera: str, from_at: datetime, to_at: datetime
    ) -> tuple[list[Piece], list[Piece]]:
        """Return the source segments that have smaller renditions, and the encoded ones of the smallest.

        All renditions of a segment are recorded together, so that the smallest stands for all.
        """
        found = await store.pieces_by_kind(conn, camera, from_at, to_at, kinds={Kind.VIDEO}, rungs=WANTED)
        source = [
            piece
            for piece in found[Kind.VIDEO, Rung.SOURCE]
            if steps_below(piece.track.height or 0) and piece.segment.id not in self._unreadable
        ]
        return source, found[Kind.VIDEO, SMALLEST]

    async def _encode(self, piece: Piece) -> None:
        try:
            source = await self._load(piece)
            steps = steps_below(piece.track.height or 0)
            encoded = await asyncio.to_thread(transcoded, source.init, source.fragment, steps)
        except (UnreadableMedia, KeyLost, ValueError) as failure:
            self._unreadable.add(piece.segment.id)
            log.error("second_unreadable", camera=piece.track.camera, segment=str(piece.segment.id), error=str(failure))
            return
        stored = [await self._store(piece, source.key, segment) for segment in encoded]
        async with self._db.transaction() as conn:
            for segment, track in stored:
                await store.add_track(conn, track)
                await store.add_segment(conn, segment, track)

    async def _store(self, piece: Piece, key: bytes, encoded: EncodedSegment) -> tuple[Segment, Track]:
        """Store a rendition of a segment under derived, repeatable ids."""
        source, segment = piece.track, piece.segment
        track = Track(
            derived_id(source.id, f"{encoded.rung} {sha256(encoded.init).hexdigest()}"),
            source.take_id,
            source.camera,
            source.kind,
            encoded.codecs,
            encoded.width,
            encoded.height,
            source.began_at,
            encoded.rung,
        )
        if track.id not in self._stored_inits:
            await self._footage.put_once(track.id, encoded.init)
            _cache(self._stored_inits, track.id, b"")
        object_id = derived_id(segment.id, encoded.rung)
        await self._footage.put_once(object_id, sealed(encoded.fragment, key, object_id))
        return Segment(object_id, track.id, segment.at, segment.duration_ms, len(encoded.fragment)), track

    async def _load(self, piece: Piece) -> _Source:
        """Return a decrypted segment; raises `UnreadableMedia` if objects are missing, ValueError if damaged."""
        track, segment = piece.track, piece.segment
        init = self._inits.get(track.id) or await self._load_object(track.id)
        _cache(self._inits, track.id, init)
        key = await self._key(track.camera, key_period(segment.at))
        return _Source(init, opened(await self._load_object(segment.id), key, segment.id), key)

    async def _load_object(self, object_id: UUID) -> bytes:
        data = await self._footage.get(object_id)
        if data is None:
            raise UnreadableMedia("object missing")
        return data

    async def _key(self, camera: str, period: datetime) -> bytes:
        key = self._keys.get((camera, period))
        if key is None:
            async with self._db.connection() as conn:
                stored = await store.media_key(conn, camera, period)
            if stored is None:
                raise UnreadableMedia("key missing")
            key = self._vault.open(stored, camera, period)
            _cache(self._keys, (camera, period), key)
        return key


def _cache(stored: dict[Any, bytes], name: Any, value: bytes) -> None:
    stored[name] = value
    while len(stored) > CACHE_MAX:
        del stored[next(iter(stored))]
