"""HLS playlists of clips (RFC 8216): a multivariant playlist, and one per track, over stored segments.

A run is the video of a camera without interruption; within it, video and audio share a timeline. A camera that
reconnected or lost video has several. All playlists of an angle have discontinuities at the same runs. A player aligns
audio with the run of its video, and waits forever for a run without video.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.entry_texts import Locale, messages_of
from virage.media.replay.rules.media import AAC, Kind, Rung, Segment, Track, key_period
from virage.platform.values.languages import installed

VERSION: Final = 7
TARGET_S: Final = 2  # interval of playlist requests; segments are not longer
GAP: Final = timedelta(milliseconds=100)
NEAR: Final = timedelta(milliseconds=500)
FROM_THE_BEGINNING: Final = "#EXT-X-START:TIME-OFFSET=0"
"""Without it, players start a growing clip at its end; hls.js also if audio starts later than video."""
HEAD: Final = ("#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS")


class Piece(Struct, frozen=True):
    """A segment and its track."""

    segment: Segment
    track: Track


class Run(Struct, frozen=True):
    """An uninterrupted part of a clip: its take, and its start."""

    take_id: UUID
    from_at: datetime


class Angle(Struct, frozen=True):
    """The segments of one camera in a clip, in order. `rungs`: existing segments of smaller renditions."""

    clip: Clip
    camera: str
    video: list[Piece]
    audio: list[Piece]
    runs: list[Run]
    described: list[Locale]
    rungs: dict[Rung, list[Piece]]


class Urls(Struct, frozen=True):
    """URL prefixes of keys (by camera and hour) and objects (by id)."""

    keys: str
    objects: str


def runs_of(pieces: Sequence[Piece]) -> list[Run]:
    """Return the runs of a track.

    A new take or a gap starts a new run. Times are corrected arrival times, so that segments may overlap slightly.
    """
    found: list[Run] = []
    for previous, piece in pairwise([None, *pieces]):
        assert piece is not None  # noqa: S101 - only the first predecessor is None
        same_take = previous is not None and previous.track.take_id == piece.track.take_id
        if previous is None or not same_take or piece.segment.at - previous.segment.ends_at > GAP:
            found.append(Run(piece.track.take_id, piece.segment.at))
    return found


def in_order(pieces: Sequence[Piece]) -> list[Piece]:
    """Return segments take by take, regardless of arrival times: takes of a camera never overlap."""
    takes = list(dict.fromkeys(piece.track.take_id for piece in pieces))
    return sorted(pieces, key=lambda piece: takes.index(piece.track.take_id))


def by_run(pieces: Sequence[Piece], runs: Sequence[Run]) -> Iterator[tuple[int, Piece]]:
    """Yield segments with the number of their run; segments of other takes are left out."""
    for piece in pieces:
        same_take = [number for number, run in enumerate(runs) if run.take_id == piece.track.take_id]
        begun = [number for number in same_take if runs[number].from_at <= piece.segment.at + NEAR]
        if same_take:
            yield (begun or same_take[:1])[-1], piece


def media_playlist(pieces: Sequence[Piece], runs: Sequence[Run], urls: Urls, *, closed: bool) -> str:
    """Return the playlist of one track. `closed`: no segment will be added."""
    lines = head([piece.segment.duration_ms for piece in pieces], closed=closed)
    run, track_id = 0, None
    for number, piece in by_run(pieces, runs):
        lines += ["#EXT-X-DISCONTINUITY"] * (number - run)
        if piece.track.id != track_id:
            # otherwise, players would decrypt the init segment, which is not encrypted, with the previous key
            lines += ["#EXT-X-KEY:METHOD=NONE"] if track_id is not None else []
            lines += [f'#EXT-X-MAP:URI="{urls.objects}/{piece.track.id}"']
        lines += _segment(piece, urls)
        run, track_id = number, piece.track.id
    return text_of(lines, closed=closed)


def head(durations_ms: Sequence[int], *, closed: bool) -> list[str]:
    """Return the first lines of a media playlist."""
    longest_s = (max(durations_ms, default=0) + 500) // 1000  # RFC 8216, 4.3.3.1: rounded to the nearest second
    return [
        *HEAD,
        f"#EXT-X-TARGETDURATION:{max(TARGET_S, longest_s)}",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if closed else 'EVENT'}",
    ]


def text_of(lines: Sequence[str], *, closed: bool) -> str:
    """Return the text of a media playlist."""
    return "\n".join([*lines, "#EXT-X-ENDLIST"] if closed else lines) + "\n"


def _segment(piece: Piece, urls: Urls) -> list[str]:
    segment = piece.segment
    key = f"{urls.keys}/{piece.track.camera}/{int(key_period(segment.at).timestamp())}"
    return [
        f'#EXT-X-KEY:METHOD=AES-128,URI="{key}",IV=0x{segment.id.hex}',
        f"#EXT-X-PROGRAM-DATE-TIME:{segment.at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}",
        f"#EXTINF:{segment.duration_ms / 1000:.3f},",
        f"{urls.objects}/{segment.id}",
    ]


def main_playlist(
    video: Sequence[Piece],
    audio: Sequence[Piece],
    *,
    captions: Sequence[Locale] = (),
    described: Sequence[Locale] = (),
    rungs: Sequence[Sequence[Piece]] = (),
    live: bool = False,
) -> str:
    """Return the multivariant playlist of an angle (RFC 8216, 4.3.4): picture, sound, captions and descriptions.

    `captions`, `described`: languages of the captions and of the audio descriptions. `rungs`: smaller renditions.
    `live`: a player starts at the latest segment.
    """
    lines, groups = [*HEAD, *([] if live else [FROM_THE_BEGINNING])], ""
    sound = ""
    if audio:
        lines.append(_media_tag("AUDIO", "sound", "Stade", "audio", "DEFAULT=YES,AUTOSELECT=YES"))
    for locale in described:
        attributes = (
            f'LANGUAGE="{locale}",DEFAULT=NO,AUTOSELECT=NO,CHARACTERISTICS="public.accessibility.describes-video"'
        )
        lines.append(_media_tag("AUDIO", "sound", messages_of(locale).described, f"described-{locale}", attributes))
    if audio or described:
        sound = f",{audio[0].track.codecs if audio else AAC}"
        groups += ',AUDIO="sound"'
    for locale in captions:
        attributes = f'LANGUAGE="{locale}",DEFAULT=NO,AUTOSELECT=NO'
        lines.append(_media_tag("SUBTITLES", "said", installed()[locale].name, f"captions-{locale}", attributes))
    groups += ',SUBTITLES="said"' if captions else ""
    for pieces in [video, *rungs] if video else []:
        track = pieces[0].track
        bandwidth = _peak(pieces) + _peak(audio)
        size = f",RESOLUTION={track.width}x{track.height}" if track.width and track.height else ""
        lines += [
            f'#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS="{track.codecs}{sound}"{size}{groups}',
            f"{Kind.VIDEO}.m3u8" if track.rung is Rung.SOURCE else f"{Kind.VIDEO}-{track.rung}.m3u8",
        ]
    return "\n".join(lines) + "\n"


def _media_tag(type_: str, group: str, name: str, playlist: str, attributes: str) -> str:
    return f'#EXT-X-MEDIA:TYPE={type_},GROUP-ID="{group}",NAME="{name}",{attributes},URI="{playlist}.m3u8"'


def _peak(pieces: Sequence[Piece]) -> int:
    """Return the bit rate of the largest segment, in bits per second."""
    rates = [piece.segment.bytes * 8000 // max(1, piece.segment.duration_ms) for piece in pieces]
    return max(rates, default=0)
