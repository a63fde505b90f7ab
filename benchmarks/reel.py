"""A camera without an encoder: MPEG-TS that was made before, sent at its own pace, to measure its receiver alone."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType
from msgspec import Struct

from virage.replay.ingest import synthetic

RATE = 25
RETRY_S = 0.05


class Reel(Struct, frozen=True):
    """What a camera sends: bytes, each with the second at which they are sent."""

    parts: list[tuple[float, bytes]]

    @property
    def whole(self) -> bytes:
        """All of it, as a file."""
        return b"".join(data for _, data in self.parts)


class _Film:
    """A file that keeps what is written, with the time that it is due."""

    def __init__(self) -> None:
        self.due_s = 0.0
        self.parts: list[tuple[float, bytes]] = []

    def write(self, data: bytes) -> int:
        """Take what the muxer writes."""
        self.parts.append((self.due_s, bytes(data)))
        return len(data)


def pictures(seconds: float, began_ms: int = 0, grain: int = 0) -> Iterator[av.VideoFrame]:
    """Pictures of the synthetic camera, its clock from `began_ms` on; `grain` makes them as dear as a real one's."""
    chance = np.random.default_rng(7)
    chroma = np.full((synthetic.HEIGHT // 2, synthetic.WIDTH), 110, np.uint8)
    for number in range(round(seconds * RATE)):
        luma = synthetic.picture(began_ms + number * 1000 // RATE, number)
        if grain:
            noise = chance.integers(-grain, grain + 1, luma.shape, np.int16)
            luma = np.clip(luma + noise, 0, 255).astype(np.uint8)
        yield av.VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")


def film(path: Path) -> Iterator[av.VideoFrame]:
    """Pictures of a film."""
    with av.open(str(path)) as container:
        assert isinstance(container, InputContainer)
        yield from container.decode(video=0)


def encoded(frames: Iterable[av.VideoFrame], *, gop: int = RATE, bframes: int = 2, kbits: int = 2000) -> Reel:
    """A reel of these pictures as a broadcast encoder sends them, with a closed GOP of so many frames, and no sound."""
    file = _Film()
    out: Any = av.open(file, "w", format="mpegts")
    stream: Any = None
    for number, frame in enumerate(frames):
        if stream is None:
            stream = out.add_stream("libx264", rate=RATE)
            stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
            rates = f"bitrate={kbits}:vbv-maxrate={kbits}:vbv-bufsize={kbits}"
            keys = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes={bframes}"
            stream.options = {"preset": "superfast", "x264-params": f"{keys}:{rates}"}
        frame.pts, frame.time_base, frame.pict_type = number, Fraction(1, RATE), PictureType.NONE
        _mux(out, file, stream.encode(frame))
    _mux(out, file, stream.encode(None))
    out.close()
    return Reel(file.parts)


def copied(path: Path) -> Reel:
    """A reel of a film's own packets, picture and sound, as they are."""
    file = _Film()
    out: Any = av.open(file, "w", format="mpegts")
    with av.open(str(path)) as source:
        assert isinstance(source, InputContainer)
        streams = {
            one.index: out.add_stream_from_template(one) for one in (*source.streams.video, *source.streams.audio)
        }
        for packet in source.demux(list(source.streams)):
            if packet.dts is not None:
                packet.stream = streams[packet.stream_index]
                _mux(out, file, [packet])
    out.close()
    return Reel(file.parts)


def _mux(out: Any, file: _Film, packets: Iterable[Any]) -> None:
    for packet in packets:
        file.due_s = max(file.due_s, float(packet.dts * packet.time_base))
        out.mux(packet)


async def play(reel: Reel, port: int, host: str = "127.0.0.1") -> float:
    """Send a reel once somebody listens, at its pace; when it began, seconds since 1970. OSError when they hang up."""
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
            break
        except ConnectionRefusedError:
            await asyncio.sleep(RETRY_S)
    began, clock = time.time(), time.monotonic()
    try:
        for due_s, data in reel.parts:
            await asyncio.sleep(clock + due_s - time.monotonic())
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
    return began
