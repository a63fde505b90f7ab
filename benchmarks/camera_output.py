"""A camera without an encoder: prepared MPEG-TS, sent in real time, to measure only its receiver."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType
from msgspec import Struct

from virage.media.replay.ingest import synthetic

RATE = 25
SOUND_RATE, SOUND_FRAME = 48_000, 1024
RETRY_S = 0.05


class CameraOutput(Struct, frozen=True):
    """The output of a camera: bytes, each with the second at which they are sent."""

    parts: list[tuple[float, bytes]]

    @property
    def whole(self) -> bytes:
        """All of it, as a file."""
        return b"".join(data for _, data in self.parts)


def pictures(seconds: float, began_ms: int = 0, grain: int = 0) -> Iterator[av.VideoFrame]:
    """Pictures of the synthetic camera, its clock from `began_ms` on; `grain` makes them as
    expensive as a real one's.
    """
    chance = np.random.default_rng(7)
    chroma = np.full((synthetic.HEIGHT // 2, synthetic.WIDTH), 110, np.uint8)
    for number in range(round(seconds * RATE)):
        luma = synthetic.picture(began_ms + number * 1000 // RATE, number)
        if grain:
            noise = chance.integers(-grain, grain + 1, luma.shape, np.int16)
            luma = np.clip(luma + noise, 0, 255).astype(np.uint8)
        yield av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")


def sounds(seconds: float) -> Iterator[av.AudioFrame]:
    """Roughly the sound of a full stadium."""
    chance = np.random.default_rng(7)
    for number in range(round(seconds * SOUND_RATE / SOUND_FRAME)):
        noise = chance.normal(0, 0.1, (1, SOUND_FRAME)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, number * SOUND_FRAME, Fraction(1, SOUND_RATE)
        yield frame


def frames_of_film(path: Path) -> Iterator[av.VideoFrame]:
    """Pictures of a film."""
    with av.open(str(path)) as container:
        assert isinstance(container, InputContainer)
        yield from container.decode(video=0)


def encoded(
    frames: Iterable[av.VideoFrame],
    *,
    gop: int = RATE,
    bframes: int = 2,
    kbits: int = 2000,
    sound: Iterable[av.AudioFrame] = (),
    sound_of: Path | None = None,
) -> CameraOutput:
    """These pictures as a broadcast encoder sends them, with a closed GOP of so many
    frames.

    `sound` is encoded with them; the sound of a film is copied.
    """
    with _Film() as film_out:
        first, *rest = frames
        stream = film_out.video(first, gop, bframes, kbits)
        for number, frame in enumerate((first, *rest)):
            frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, RATE), PictureType.NONE
            film_out.packets += stream.encode(frame)
        film_out.packets += stream.encode(None)
        film_out.add_sound(sound)
        if sound_of is not None:
            film_out.copy(sound_of, "audio")
    return film_out.camera_output()


def copied(path: Path) -> CameraOutput:
    """The packets of a film, picture and sound, unchanged."""
    with _Film() as film_out:
        film_out.copy(path, "video", "audio")
    return film_out.camera_output()


class _Film:
    """A file that stores writes with the time at which they are due."""

    def __init__(self) -> None:
        self._due_s = 0.0
        self._parts: list[tuple[float, bytes]] = []
        self._out: Any = av.open(self, "w", format="mpegts")
        self.packets: list[Any] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for packet in sorted(self.packets, key=_decoded_s):
            self._due_s = max(self._due_s, _decoded_s(packet))
            self._out.mux(packet)
        self._out.close()

    def write(self, data: bytes) -> int:
        """Store the output of the muxer."""
        self._parts.append((self._due_s, bytes(data)))
        return len(data)

    def video(self, first: av.VideoFrame, gop: int, bframes: int, kbits: int) -> Any:
        """A stream for pictures like the first."""
        stream = self._out.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, "yuv420p"
        rates = f"bitrate={kbits}:vbv-maxrate={kbits}:vbv-bufsize={kbits}"
        keys = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes={bframes}"
        stream.options = {"preset": "superfast", "x264-params": f"{keys}:{rates}"}
        return stream

    def add_sound(self, sound: Iterable[av.AudioFrame]) -> None:
        """Add sound, encoded as AAC."""
        stream: Any = None
        for frame in sound:
            if stream is None:
                stream = self._out.add_stream("aac", rate=frame.sample_rate, layout=frame.layout.name)
            self.packets += stream.encode(frame)
        if stream is not None:
            self.packets += stream.encode(None)

    def copy(self, path: Path, *kinds: str) -> None:
        """Add packets of a film unchanged."""
        with av.open(str(path)) as source:
            assert isinstance(source, InputContainer)
            streams = {
                one.index: self._out.add_stream_from_template(one) for one in source.streams if one.type in kinds
            }
            for packet in source.demux([source.streams[index] for index in streams]):
                if packet.dts is not None and packet.stream_index in streams:
                    packet.stream = streams[packet.stream_index]
                    self.packets.append(packet)

    def camera_output(self) -> CameraOutput:
        """The whole output."""
        return CameraOutput(self._parts)


def _decoded_s(packet: Any) -> float:
    return float(packet.dts * packet.time_base)


async def play(camera_output: CameraOutput, port: int, host: str = "127.0.0.1") -> float:
    """Send the output in real time once the server listens; return its start in Unix seconds. OSError
    when the server hangs up.
    """
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
            break
        except ConnectionRefusedError:
            await asyncio.sleep(RETRY_S)
    began, clock = time.time(), time.monotonic()
    try:
        for due_s, data in camera_output.parts:
            await asyncio.sleep(clock + due_s - time.monotonic())
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
    return began
