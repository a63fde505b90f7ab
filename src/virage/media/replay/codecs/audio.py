"""Audio descriptions: decoding, mixing with the stadium sound, and encoding as CMAF segments."""

from collections.abc import Iterator
from io import BytesIO
from typing import Final

import av
import numpy as np
from av.container import InputContainer
from msgspec import Struct
from numpy.typing import NDArray

from virage.media.replay.rules.boxes import boxes

RATE: Final = 48_000
BIT_RATE: Final = 96_000
AMBIENCE_GAIN: Final = 0.35  # of the stadium sound under the voice
SAMPLES_MAX: Final = RATE * 400
RATES: Final = range(8_000, 192_001)  # in Hz; at one sample per second, a few bytes would decode to hours
CONTAINERS: Final = "aac,aiff,amr,asf,avi,caf,flac,matroska,mov,mp3,mpegts,ogg,w64,wav"
"""FFmpeg names of self-contained formats. Others can name local files to read, or ports to listen at."""
FLAGS: Final = "empty_moov+default_base_moof+cmaf+frag_discont+delay_moov"
INIT: Final = (b"ftyp", b"moov")

Samples = NDArray[np.float32]


class UnreadableMedia(Exception):
    """The file contains no readable audio."""


class Piece(Struct, frozen=True):
    """About one second of audio, as a CMAF fragment."""

    data: bytes
    duration_ms: int


def samples(data: bytes) -> Samples:
    """Return the audio of a file as mono samples at 48 kHz, at most about 400 seconds."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    parts: list[Samples] = []
    length = 0
    try:
        with av.open(BytesIO(data), options={"format_whitelist": CONTAINERS}) as file:
            assert isinstance(file, InputContainer)  # noqa: S101 - opened for reading
            if not file.streams.audio:
                raise UnreadableMedia
            for frame in file.decode(audio=0):
                if frame.sample_rate not in RATES:
                    raise UnreadableMedia
                for out in resampler.resample(frame):
                    parts.append(out.to_ndarray()[0].astype(np.float32))
                    length += len(parts[-1])
                if length > SAMPLES_MAX:
                    break
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise UnreadableMedia from error
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def mixed(voice: Samples, ambience: Samples | None, seconds: float) -> Samples:
    """Return the voice over the attenuated stadium sound, cut or padded to the duration."""
    length = round(seconds * RATE)
    sound = np.zeros(length, np.float32)
    sound[: len(voice)] += voice[:length]
    if ambience is not None:
        sound[: len(ambience)] += AMBIENCE_GAIN * ambience[:length]
    return np.clip(sound, -1.0, 1.0)


def cut(sound: Samples, began_s: float) -> tuple[bytes, list[Piece]]:
    """Encode AAC fragments (CMAF) of about a second, starting at `began_s`. Return the init segment and them."""
    file = BytesIO()
    options = {"movflags": FLAGS, "use_editlist": "0", "frag_duration": "1000000"}
    with av.open(file, "w", format="mp4", options=options) as out:
        stream = out.add_stream("aac", rate=RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(sound[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        shift = round(began_s * RATE)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            if packet.pts is None or packet.dts is None or packet.pts < 0:
                continue  # encoder delay before the first sample
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            out.mux(packet)
    muxed = boxes(file.getvalue())
    init = b"".join(box for name, box in muxed if name in INIT)
    return init, [Piece(data, _duration_ms(init + data)) for data in _fragments(muxed)]


def _fragments(muxed: list[tuple[bytes, bytes]]) -> Iterator[bytes]:
    fragment = b""
    for name, box in muxed:
        if name in (b"styp", b"sidx", b"moof", b"mdat"):
            fragment += box
        if name == b"mdat":
            yield fragment
            fragment = b""


def _duration_ms(media: bytes) -> int:
    with av.open(BytesIO(media)) as source:
        assert isinstance(source, InputContainer)  # noqa: S101 - opened for reading
        packets = [packet for packet in source.demux() if packet.pts is not None]
        return max(1, round(1000 * sum(float((packet.duration or 0) * packet.time_base) for packet in packets)))
