"""Playlists of a clip (RFC 8216): one of all its tracks, one a track, over segments that exist already.

A run is what a camera sent without a break: within it picture and sound share one timeline. A clip of a camera that
reconnected, or lost some of its picture, has several. All playlists of an angle break at the same runs, and at nothing
else: a player puts the sound of a run where its picture is, and waits for ever for a run that has no picture.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.entry_texts import Locale
from virage.media.replay.rules.media import AAC, Kind, Rung, Segment, Track, key_period

VERSION: Final = 7
LANGUAGES: Final[dict[Locale, str]] = {"fr": "Français", "en": "English"}
DESCRIBED: Final[dict[Locale, str]] = {"fr": "Audiodescription", "en": "Audio description"}
TARGET_S: Final = 2  # players ask for what is new once in so long; no segment of ours is longer
GAP: Final = timedelta(milliseconds=100)
NEAR: Final = timedelta(milliseconds=500)
FROM_THE_BEGINNING: Final = "#EXT-X-START:TIME-OFFSET=0"
"""Without it a player begins with the latest of a clip that grows; hls.js does so with sound that begins later."""
HEAD: Final = ("#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS")


class Piece(Struct, frozen=True):
    """A segment of a clip, and the track that it belongs to."""

    segment: Segment
    track: Track


class Run(Struct, frozen=True):
    """What a camera sent without a break: its take, and when it begins within the clip."""

    take_id: UUID
    from_at: datetime


class Angle(Struct, frozen=True):
    """What one camera has of a clip, in order. `rungs`: smaller pictures, as far as they are made."""

    clip: Clip
    camera: str
    video: list[Piece]
    audio: list[Piece]
    runs: list[Run]
    described: list[Locale]
    rungs: dict[Rung, list[Piece]]


class Urls(Struct, frozen=True):
    """Where keys (by camera and hour) and objects (by id) are fetched."""

    keys: str
    objects: str


def runs_of(pieces: Sequence[Piece]) -> list[Run]:
    """The runs of a track.

    Times are those of arrival, put right by each later arrival that was held up less: so segments that seem to overlap
    have no break between them, and only what is missing is one.
    """
    found: list[Run] = []
    for previous, piece in pairwise([None, *pieces]):
        assert piece is not None  # noqa: S101 - only the first of the pairs has none before it
        same_take = previous is not None and previous.track.take_id == piece.track.take_id
        if previous is None or not same_take or piece.segment.at - previous.segment.ends_at > GAP:
            found.append(Run(piece.track.take_id, piece.segment.at))
    return found


def in_order(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces take by take, whatever the times of their arrival say: takes of a camera follow each other."""
    takes = list(dict.fromkeys(piece.track.take_id for piece in pieces))
    return sorted(pieces, key=lambda piece: takes.index(piece.track.take_id))


def by_run(pieces: Sequence[Piece], runs: Sequence[Run]) -> Iterator[tuple[int, Piece]]:
    """Pieces with the number of their run; those of no run are left out, for they belong to no picture."""
    for piece in pieces:
        same_take = [number for number, run in enumerate(runs) if run.take_id == piece.track.take_id]
        begun = [number for number in same_take if runs[number].from_at <= piece.segment.at + NEAR]
        if same_take:
            yield (begun or same_take[:1])[-1], piece


def media_playlist(pieces: Sequence[Piece], runs: Sequence[Run], urls: Urls, *, closed: bool) -> str:
    """One track's playlist; `closed`: nothing is added to it any more."""
    lines = head([piece.segment.duration_ms for piece in pieces], closed=closed)
    run, track_id = 0, None
    for number, piece in by_run(pieces, runs):
        lines += ["#EXT-X-DISCONTINUITY"] * (number - run)
        if piece.track.id != track_id:
            # the key of the segment before would open the init segment wrongly, which is in the open
            lines += ["#EXT-X-KEY:METHOD=NONE"] if track_id is not None else []
            lines += [f'#EXT-X-MAP:URI="{urls.objects}/{piece.track.id}"']
        lines += _segment(piece, urls)
        run, track_id = number, piece.track.id
    return text_of(lines, closed=closed)


def head(durations_ms: Sequence[int], *, closed: bool) -> list[str]:
    """The first lines of a media playlist."""
    longest_s = (max(durations_ms, default=0) + 500) // 1000  # RFC 8216, 4.3.3.1: rounded to the nearest second
    return [
        *HEAD,
        f"#EXT-X-TARGETDURATION:{max(TARGET_S, longest_s)}",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if closed else 'EVENT'}",
    ]


def text_of(lines: Sequence[str], *, closed: bool) -> str:
    """A media playlist of its lines."""
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
        lines.append(_medium("AUDIO", "sound", "Stade", "audio", "DEFAULT=YES,AUTOSELECT=YES"))
    for locale in described:
        how = f'LANGUAGE="{locale}",DEFAULT=NO,AUTOSELECT=NO,CHARACTERISTICS="public.accessibility.describes-video"'
        lines.append(_medium("AUDIO", "sound", DESCRIBED[locale], f"described-{locale}", how))
    if audio or described:
        sound = f",{audio[0].track.codecs if audio else AAC}"
        groups += ',AUDIO="sound"'
    for locale in captions:
        how = f'LANGUAGE="{locale}",DEFAULT=NO,AUTOSELECT=NO'
        lines.append(_medium("SUBTITLES", "said", LANGUAGES[locale], f"captions-{locale}", how))
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


def _medium(type_: str, group: str, name: str, playlist: str, how: str) -> str:
    return f'#EXT-X-MEDIA:TYPE={type_},GROUP-ID="{group}",NAME="{name}",{how},URI="{playlist}.m3u8"'


def _peak(pieces: Sequence[Piece]) -> int:
    """Bits a second of the heaviest segment."""
    rates = [piece.segment.bytes * 8000 // max(1, piece.segment.duration_ms) for piece in pieces]
    return max(rates, default=0)
