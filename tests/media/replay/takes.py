"""Recorded takes without real time: encoded at full speed, segmented and encrypted as by the ingest."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from io import BytesIO
from typing import Any

import av
import numpy as np
from av.container import InputContainer

from virage.media.replay.footage import Footage
from virage.media.replay.ingest.segmenter import Fragment, Init, Take
from virage.media.replay.ingest.synthetic import HEIGHT, RATE, SOUND_FRAME, SOUND_RATE, WIDTH, picture
from virage.media.replay.rules.media import Kind, MediaVault, Segment, Track, key_period, sealed
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id

Lateness = Callable[[Fragment], float]


@cache
def encoded_take(began_ms: int, seconds: int) -> tuple[Init | Fragment, ...]:
    """Return a take: each frame shows its Unix milliseconds, and the audio beeps each second."""
    file = BytesIO()
    with av.open(file, "w", format="mpegts") as out:
        video, audio = out.add_stream("libx264", rate=RATE), out.add_stream("aac", rate=SOUND_RATE, layout="mono")
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        keys = f"keyint={RATE}:min-keyint={RATE}:scenecut=0:open-gop=0"
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": keys}
        for packet in _packets(video, audio, began_ms, seconds):
            out.mux(packet)
    with av.open(BytesIO(file.getvalue())) as source:
        assert isinstance(source, InputContainer)
        cut = Take(source)
        return (*(part for packet in source.demux(cut.streams) for part in cut.put(packet)[1]), *cut.close())


def _packets(video: Any, audio: Any, began_ms: int, seconds: int) -> Any:
    chroma, sounds = np.full((HEIGHT // 2, WIDTH), 110, np.uint8), 0
    for number in range(seconds * RATE):
        luma = picture(began_ms + number * 1000 // RATE, number)
        frame = av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        yield from video.encode(frame)
        while sounds * SOUND_FRAME < (number + 1) / RATE * SOUND_RATE:
            yield from audio.encode(_sound(sounds))
            sounds += 1
    yield from video.encode(None)
    yield from audio.encode(None)


def _sound(number: int) -> av.AudioFrame:
    at_s = (number * SOUND_FRAME + np.arange(SOUND_FRAME)) / SOUND_RATE
    beep = np.where(at_s % 1 < 0.1, 0.3 * np.sin(2 * np.pi * 1000 * at_s), 0.0)
    frame = av.AudioFrame.from_ndarray(beep.astype(np.float32)[None, :], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, number * SOUND_FRAME, Fraction(1, SOUND_RATE)
    return frame


class RecordedTake:
    """A take that is stored as a whole or gradually. `late`: delay of each part."""

    def __init__(
        self, camera: str, began: datetime, parts: Sequence[Init | Fragment], *, late: Lateness = lambda _: 0.0
    ) -> None:
        self.camera = camera
        self._began = began
        self._take_id = new_id()
        self._late = late
        self._waiting = list(parts)
        self._tracks: dict[str, Track] = {}

    async def store_take(self, conn: Connection, footage: Footage, vault: MediaVault, *, until_s: float = 1e9) -> None:
        """Store the parts that start before a time of the take and are not stored yet."""
        await store.save_camera(conn, self.camera, programme=self.camera == "main", delay_ms=0)
        rest = []
        for part in self._waiting:
            if isinstance(part, Init):
                await self._begin(conn, footage, part)
            elif part.at_s < until_s:
                await self._add(conn, footage, vault, part)
            else:
                rest.append(part)
        self._waiting = list(rest)

    async def _begin(self, conn: Connection, footage: Footage, init: Init) -> None:
        described = (init.kind, init.codecs, init.width, init.height)
        track = self._tracks[init.kind] = Track(new_id(), self._take_id, self.camera, *described, self._began)
        await footage.put(track.id, init.data)
        await store.add_track(conn, track)

    async def _add(self, conn: Connection, footage: Footage, vault: MediaVault, part: Fragment) -> None:
        at = self._began + timedelta(seconds=part.at_s + self._late(part))
        hour, object_id, track = key_period(at), new_id(), self._tracks[part.kind]
        key = vault.open(await store.add_key(conn, self.camera, hour, vault.new(self.camera, hour)), self.camera, hour)
        await footage.put(object_id, sealed(part.data, key, object_id))
        segment = Segment(object_id, track.id, at, round(part.duration_s * 1000), len(part.data))
        await store.add_segment(conn, segment, track)


def record_take(
    camera: str, began: datetime, seconds: int, *, late: Lateness = lambda _: 0.0, only: Kind | None = None
) -> RecordedTake:
    """Return a take of a camera that starts at a moment. `only`: the one kind that arrived."""
    parts = encoded_take(round(began.timestamp() * 1000), seconds)
    return RecordedTake(camera, began, [part for part in parts if only in (None, part.kind)], late=late)
