"""Segmenting a transport into CMAF: packets are remuxed into fragments of a second, without encoding.

Only H.264 with AAC is accepted, because every phone plays it, and only closed GOPs of one second. Segments are cut and
angles are switched at key frames.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import av
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.packet import Packet
from msgspec import Struct

from virage.media.replay.rules.boxes import HEAD, h264_codecs
from virage.media.replay.rules.cameras import ADVICE, Fault
from virage.media.replay.rules.media import AAC, GOP_MAX_S, Kind

JUMP_S: Final = 1.0
AUDIO_OFFSET_MAX_S: Final = 3.0  # between audio and video
PROVEN_GOPS: Final = 2
AUDIO_FRAGMENT_US: Final = 1_000_000
FLAGS: Final = "empty_moov+default_base_moof+cmaf+frag_discont"
BOX_BYTES_MAX: Final = 64_000_000


class TakeEnds(Exception):
    """The take cannot continue because of `fault`."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{ADVICE[fault]} {detail}".strip())
        self.fault = fault


class Init(Struct, frozen=True):
    """The init segment of a track, before its fragments. `codecs`: in the format of RFC 6381."""

    kind: Kind
    data: bytes
    codecs: str
    width: int | None = None
    height: int | None = None


class Fragment(Struct, frozen=True):
    """About a second of a track.

    `at_s`: presentation time of its first frame, relative to the first decoding time of the take.
    """

    kind: Kind
    data: bytes
    at_s: float
    duration_s: float


class _Boxes:
    """A file object that splits written data into top-level MP4 boxes (ISO/IEC 14496-12, 4.2)."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._boxes: list[tuple[bytes, bytes]] = []

    def write(self, data: bytes) -> int:
        """Append output of the muxer."""
        self._rest += data
        while len(self._rest) >= HEAD.size:
            size, name = HEAD.unpack_from(self._rest)
            if size > BOX_BYTES_MAX:
                raise TakeEnds(Fault.TOO_LARGE)
            if len(self._rest) < size:
                break
            self._boxes.append((name, bytes(self._rest[:size])))
            del self._rest[:size]
        return len(data)

    def take(self) -> list[tuple[bytes, bytes]]:
        """Return the boxes completed since the last call."""
        parts, self._boxes = self._boxes, []
        return parts


class _Track:
    """One stream of a take. A fragment is complete once the muxer has started the next one."""

    def __init__(self, kind: Kind, stream: Any) -> None:
        # the codec configuration of audio comes with its first packet, so that `moov` is delayed until then
        more = {"movflags": f"{FLAGS}+frag_keyframe"} if kind is Kind.VIDEO else _AUDIO_OPTIONS
        self.kind = kind
        self._stream = stream
        self._boxes = _Boxes()
        self._out = av.open(self._boxes, "w", format="mp4", options={"use_editlist": "0", **more})
        self._into = self._out.add_stream_from_template(stream)
        # MPEG-TS carries AAC with ADTS headers, MP4 without; given the output stream, the filter would apply twice
        self._filter = BitStreamFilterContext("aac_adtstoasc", stream) if kind is Kind.AUDIO else None
        self._began_s: float | None = None
        self._ends_s = 0.0
        self._init_sent = False

    def put(self, packet: "Packet[Any]", at_s: float) -> Iterator[Init | Fragment]:
        """Add a packet with presentation time `at_s`, and yield the parts that it completes."""
        ends_s = at_s + float((packet.duration or 0) * (packet.time_base or 0))  # muxing resets both
        for filtered in [packet] if self._filter is None else self._filter.filter(packet):
            filtered.stream = self._into
            self._out.mux_one(filtered)
        yield from self._complete(at_s)
        if self._began_s is None:
            self._began_s = at_s
        self._ends_s = max(self._ends_s, ends_s)

    def close(self) -> Iterator[Init | Fragment]:
        """End the track and yield its last fragment."""
        self._out.close()
        yield from self._complete(self._ends_s)

    def _complete(self, next_s: float) -> Iterator[Init | Fragment]:
        boxes = self._boxes.take()
        data = {part: b"".join(box for name, box in boxes if name in names) for part, names in _PARTS.items()}
        if data["init"] and not self._init_sent:
            self._init_sent = True
            yield self._init(data["init"])
        if data["fragment"] and self._began_s is not None:
            yield Fragment(self.kind, data["fragment"], self._began_s, next_s - self._began_s)
            self._began_s = next_s

    def _init(self, data: bytes) -> Init:
        if self.kind is Kind.AUDIO:
            return Init(self.kind, data, AAC)
        context = self._stream.codec_context
        return Init(self.kind, data, h264_codecs(data), context.width, context.height)


_AUDIO_OPTIONS: Final = {"movflags": f"{FLAGS}+delay_moov", "frag_duration": str(AUDIO_FRAGMENT_US)}
_PARTS: Final = {"init": (b"ftyp", b"moov"), "fragment": (b"styp", b"sidx", b"prft", b"moof", b"mdat")}


class Take:
    """The tracks of a camera without interruption, timed from the first key frame.

    Nothing is released before the second GOP has proved that GOPs are closed and short, or the take has ended. So no
    video of a refused encoder is stored.
    """

    def __init__(self, source: InputContainer) -> None:
        video = next((stream for stream in source.streams.video if stream.codec_context.name == "h264"), None)
        if video is None:
            raise TakeEnds(Fault.NO_H264)
        audio = next((stream for stream in source.streams.audio if stream.codec_context.name == "aac"), None)
        self.streams = [stream for stream in (video, audio) if stream is not None]
        kinds = {video.index: Kind.VIDEO} | ({} if audio is None else {audio.index: Kind.AUDIO})
        self._tracks = {stream.index: _Track(kinds[stream.index], stream) for stream in self.streams}
        self._zero_s: float | None = None
        self._key_s: float | None = None
        self._last_s: dict[Kind, float] = {}
        self._held: list[Init | Fragment] = []
        self._proven = False

    def put(self, packet: "Packet[Any]") -> tuple[float | None, list[Init | Fragment]]:
        """Add a packet. Return its presentation time in the take (s), and the parts that it completes.

        Packets before the first key frame are dropped and have no time.
        """
        if packet.dts is None or packet.pts is None:
            return None, []
        track = self._tracks[packet.stream_index]
        dts_s, pts_s = float(packet.dts * packet.time_base), float(packet.pts * packet.time_base)
        if not self._continues(track.kind, dts_s):
            return None, []
        if self._zero_s is None:
            if track.kind is Kind.AUDIO or not packet.is_keyframe:
                return None, []
            self._zero_s = dts_s
        if track.kind is Kind.VIDEO:
            self._check_gop(packet, pts_s)
        if dts_s < self._zero_s:
            return None, []
        zero = round(self._zero_s / packet.time_base)
        packet.dts, packet.pts = packet.dts - zero, packet.pts - zero
        at_s = pts_s - self._zero_s
        return at_s, self._release(track.put(packet, at_s))

    def close(self) -> list[Init | Fragment]:
        """End all tracks and return the remaining parts."""
        self._proven = True
        return self._release(part for track in self._tracks.values() for part in track.close())

    def _release(self, parts: Iterable[Init | Fragment]) -> list[Init | Fragment]:
        self._held += parts
        if not self._proven:
            pictures = [part for part in self._held if isinstance(part, Fragment) and part.kind is Kind.VIDEO]
            self._proven = len(pictures) >= PROVEN_GOPS
        if not self._proven:
            return []
        released, self._held = self._held, []
        return released

    def _continues(self, kind: Kind, dts_s: float) -> bool:
        """Return whether a packet continues its take; raises `TakeEnds` if the video's clock jumped.

        After a jump, audio is dropped until it agrees with the video, because the two do not jump at the same packet.
        """
        picture_s, last_s = self._last_s.get(Kind.VIDEO), self._last_s.get(kind)
        if kind is Kind.VIDEO:
            if last_s is not None and not -JUMP_S < dts_s - last_s < JUMP_S:
                raise TakeEnds(Fault.CLOCK_JUMPED, f"({dts_s - last_s:+.3f} s)")
        elif (
            picture_s is None or abs(dts_s - picture_s) > AUDIO_OFFSET_MAX_S or (last_s is not None and dts_s <= last_s)
        ):
            return False
        self._last_s[kind] = dts_s
        return True

    def _check_gop(self, packet: "Packet[Any]", pts_s: float) -> None:
        if packet.is_keyframe:
            self._key_s = pts_s
        elif self._key_s is not None and pts_s < self._key_s:
            raise TakeEnds(Fault.GOP_OPEN)
        elif self._key_s is not None and pts_s - self._key_s >= GOP_MAX_S:
            raise TakeEnds(Fault.GOP_TOO_LONG, f"({pts_s - self._key_s:.2f} s without one)")
