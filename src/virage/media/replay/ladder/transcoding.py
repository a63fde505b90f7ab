"""Transcoding of one segment into smaller renditions: decoded once, encoded per rendition with the same timestamps.

Each segment starts with a key frame of a closed GOP, so that segments are independent and no state is kept.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

import av
from av.container import InputContainer
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter
from msgspec import Struct

from virage.media.replay.rules.boxes import boxes, first_presentation_ticks, h264_codecs
from virage.media.replay.rules.ladder import Step, width_of
from virage.media.replay.rules.media import Rung

PRESET: Final = "veryfast"
MUXED: Final = "empty_moov+default_base_moof+cmaf+frag_discont+frag_keyframe"
UNSPECIFIED, BT709 = 2, 1  # of ISO/IEC 23091-2, in all three tables
HD_LINES: Final = 720
HEAD: Final = (b"ftyp", b"moov")


class EncodedSegment(Struct, frozen=True):
    """A rendition of a segment: fragment and init segment, which is equal for all segments of a take."""

    rung: Rung
    init: bytes
    fragment: bytes
    codecs: str
    width: int
    height: int


class UnreadableMedia(Exception):
    """The segment contains no readable video."""


def transcoded(init: bytes, fragment: bytes, steps: Sequence[Step]) -> list[EncodedSegment]:
    """Return the renditions of a segment, largest first; raises `UnreadableMedia`."""
    try:
        with av.open(BytesIO(init + fragment), format="mp4") as source:
            assert isinstance(source, InputContainer)  # noqa: S101 - opened for reading
            return _transcoded(source, first_presentation_ticks(fragment), steps)
    except (av.FFmpegError, IndexError, KeyError, ValueError) as failure:
        raise UnreadableMedia(type(failure).__name__) from failure


def _transcoded(source: InputContainer, first_ticks: int, steps: Sequence[Step]) -> list[EncodedSegment]:
    stream = source.streams.video[0]
    stream.codec_context.thread_count = 1  # a second is too short for threads, and other work needs the cores
    encoders = [_RungEncoder(step, stream) for step in steps]
    first: int | None = None
    for frame in source.decode(stream):
        if frame.pts is None:
            continue
        # the demuxer shifts timestamps by the largest reordering of the file; players do not
        first = frame.pts if first is None else first
        frame.pts += first_ticks - first
        for encoder in encoders:  # each from the previous size, at a third of the cost
            frame = encoder.put(frame)  # noqa: PLW2901 - the frame in the next smaller size
    if first is None:
        raise UnreadableMedia("no frame")
    return [encoder.finish() for encoder in encoders]


class _RungEncoder:
    """Encoder of one rendition of a segment."""

    def __init__(self, step: Step, source: Any) -> None:
        self._rung = step.rung
        self._scaler = VideoReformatter()
        self._file = BytesIO()
        ticks = str(source.time_base.denominator)  # keeps timestamps exact
        options = {"movflags": MUXED, "use_editlist": "0", "video_track_timescale": ticks}
        self._container = av.open(self._file, "w", format="mp4", options=options)
        self._stream: Any = self._container.add_stream("libx264", rate=source.average_rate or source.guessed_rate)
        self._width = width_of(step, source.codec_context.width, source.codec_context.height)
        self._height = step.height
        self._stream.width, self._stream.height, self._stream.pix_fmt = self._width, self._height, "yuv420p"
        self._stream.codec_context.time_base = source.time_base
        self._stream.codec_context.thread_count = 1
        self._copy_colour(source.codec_context)
        rates = f"vbv-maxrate={step.bits_max // 1000}:vbv-bufsize={step.bits_max // 2000}"
        self._stream.options = {
            "preset": PRESET,
            "profile": "main",
            "crf": str(step.quality),
            "x264-params": f"bframes=0:keyint=infinite:scenecut=0:{rates}",
        }

    def _copy_colour(self, source: Any) -> None:
        """Copy aspect ratio and colour description; replace unspecified ones by the default of players."""
        context = self._stream.codec_context
        if source.sample_aspect_ratio:
            context.sample_aspect_ratio = source.sample_aspect_ratio
        for name in ("color_primaries", "color_trc", "colorspace"):
            value = getattr(source, name)
            setattr(context, name, BT709 if value == UNSPECIFIED and source.height >= HD_LINES else value)

    def put(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Encode a frame with its timestamp, and return the scaled frame."""
        small = self._scaler.reformat(frame, self._width, self._height, "yuv420p", interpolation=Interpolation.AREA)
        small.pts, small.time_base = frame.pts, frame.time_base
        small.pict_type = PictureType.NONE  # the encoder chooses frame types; its first frame is a key frame
        self._container.mux(self._stream.encode(small))
        return small

    def finish(self) -> EncodedSegment:
        """Flush the encoder and return the segment."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        parts = boxes(self._file.getvalue())
        init = b"".join(box for name, box in parts if name in HEAD)
        fragment = b"".join(box for name, box in parts if name in (b"styp", b"moof", b"mdat"))
        return EncodedSegment(self._rung, init, fragment, h264_codecs(init), self._width, self._height)
