"""Clips as MP4 files, remuxed without encoding."""

from collections.abc import Sequence
from contextlib import ExitStack
from io import BytesIO
from typing import Any, Final

import av
from av.container import InputContainer
from msgspec import Struct

HALF_A_TICK_S: Final = 1e-5


class RunMedia(Struct, frozen=True):
    """The media of one uninterrupted run: init segment and fragments of the video, and of the audio if any."""

    video: bytes
    audio: bytes | None


def joined(runs: Sequence[RunMedia]) -> bytes:
    """Return an MP4 file (ISO/IEC 14496-14) of consecutive runs; runs with another encoding are left out."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as out, ExitStack() as opened:
        into: dict[str, Any] = {}
        began = 0.0
        for run in runs:
            sources = [opened.enter_context(av.open(BytesIO(media))) for media in (run.video, run.audio) if media]
            streams = [_stream(source) for source in sources]
            if not into:
                into = {stream.type: out.add_stream_from_template(stream) for stream in streams}
                extradata = bytes(streams[0].codec_context.extradata)
            if bytes(streams[0].codec_context.extradata) == extradata:
                mapped = [
                    (source, into[stream.type])
                    for source, stream in zip(sources, streams, strict=True)
                    if stream.type in into
                ]
                began = _append(out, mapped, began)
    return file.getvalue()


def _stream(source: Any) -> Any:
    assert isinstance(source, InputContainer)  # noqa: S101 - opened for reading
    return source.streams[0]


def _append(out: Any, tracks: Sequence[tuple[Any, Any]], began_s: float) -> float:
    """Append the tracks of one run and return the end time of its video, the first track.

    Audio before the start of the video, or beyond its end, is left out.
    """
    zero_s: float | None = None
    picture_ends_s = began_s
    for number, (source, into) in enumerate(tracks):
        for packet in source.demux():
            if packet.pts is None or packet.dts is None:
                continue
            zero_s = float(packet.dts * packet.time_base) if zero_s is None else zero_s
            shift = round((began_s - zero_s) / packet.time_base)
            ends_s = float((packet.pts + shift + (packet.duration or 0)) * packet.time_base)
            if (packet.dts + shift) * packet.time_base < began_s - HALF_A_TICK_S:
                continue
            picture_ends_s = max(picture_ends_s, ends_s) if number == 0 else picture_ends_s
            if number > 0 and ends_s > picture_ends_s:
                break
            packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, into
            out.mux(packet)
    return picture_ends_s
