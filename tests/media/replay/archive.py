"""Stored footage without a running camera: segments are encrypted, stored and recorded as by an ingest."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import NamedTuple

import av
from av.container import InputContainer
from numpy import uint8
from numpy.typing import NDArray

from benchmarks.camera_output import CameraOutput
from virage.media.replay.footage import Footage
from virage.media.replay.ingest.segmenter import Fragment, Init, Take
from virage.media.replay.rules.boxes import first_presentation_ticks
from virage.media.replay.rules.media import Kind, MediaVault, Segment, Track, key_period, opened, sealed
from virage.media.replay.rules.playlists import Piece
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id


class Cut(NamedTuple):
    """The init segment and fragments of the video of a camera."""

    init: Init
    fragments: list[Fragment]


def cut(camera_output: CameraOutput) -> Cut:
    """Return the output of a camera as segmented by the ingest."""
    with av.open(BytesIO(camera_output.whole), format="mpegts") as source:
        assert isinstance(source, InputContainer)
        take = Take(source)
        parts = [part for packet in source.demux(take.streams) for part in take.put(packet)[1]] + take.close()
    (init,) = [part for part in parts if isinstance(part, Init) and part.kind is Kind.VIDEO]
    return Cut(init, [part for part in parts if isinstance(part, Fragment) and part.kind is Kind.VIDEO])


class Archive:
    """Database, object store and vault of footage."""

    def __init__(self, db: Database, footage: Footage, vault: MediaVault) -> None:
        self.db = db
        self.footage = footage
        self.vault = vault

    async def keep(self, camera: str, recording: Cut, began_at: datetime, *, programme: bool = False) -> list[Piece]:
        """Store video as recorded by a camera from a moment on."""
        track = Track(
            new_id(),
            new_id(),
            camera,
            Kind.VIDEO,
            recording.init.codecs,
            recording.init.width,
            recording.init.height,
            began_at,
        )
        await self.footage.put(track.id, recording.init.data)
        pieces = []
        async with self.db.transaction() as conn:
            await store.save_camera(conn, camera, programme=programme, delay_ms=0)
            await store.add_track(conn, track)
            for part in recording.fragments:
                at = began_at + timedelta(seconds=part.at_s - recording.fragments[0].at_s)
                segment = Segment(new_id(), track.id, at, round(part.duration_s * 1000), len(part.data))
                key = await self.key(conn, camera, at)
                await self.footage.put(segment.id, sealed(part.data, key, segment.id))
                await store.add_segment(conn, segment, track)
                pieces.append(Piece(segment, track))
        return pieces

    async def key(self, conn: Connection, camera: str, at: datetime) -> bytes:
        """Return the key of a camera and a moment."""
        period = key_period(at)
        return self.vault.open(
            await store.add_key(conn, camera, period, self.vault.new(camera, period)), camera, period
        )

    async def open(self, piece: Piece) -> tuple[bytes, bytes]:
        """Return the init segment and the decrypted fragment."""
        init, data = [await self.footage.get(object_id) for object_id in (piece.track.id, piece.segment.id)]
        assert init is not None
        assert data is not None
        async with self.db.connection() as conn:
            key = await self.key(conn, piece.track.camera, piece.segment.at)
        return init, opened(data, key, piece.segment.id)


class Shown(NamedTuple):
    """A displayed frame: its time in ticks of the track, and its luma."""

    at: int
    luma: NDArray[uint8]


def shown(init: bytes, fragment: bytes) -> list[Shown]:
    """Return the frames of a fragment with the presentation times of its boxes, as in a media source buffer."""
    with av.open(BytesIO(init + fragment), format="mp4") as container:
        assert isinstance(container, InputContainer)
        frames = list(container.decode(video=0))
    begins, first = first_presentation_ticks(fragment), frames[0].pts or 0
    return [Shown(begins + (frame.pts or 0) - first, frame.to_ndarray(format="gray").astype(uint8)) for frame in frames]
