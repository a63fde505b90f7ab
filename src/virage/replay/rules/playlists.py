"""Playlists of a clip (RFC 8216): one of all its tracks, one a track, over segments that exist already.

A clip of a camera that reconnected has several takes, each with an init segment of its own and a discontinuity between.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.replay.rules.media import Rung, Segment, Track, key_period

VERSION: Final = 7
GAP_MS: Final = 100


class Piece(Struct, frozen=True):
    """A segment of a clip, and the track that it belongs to."""

    segment: Segment
    track: Track


def media_playlist(pieces: Sequence[Piece], keys_at: str, objects_at: str, *, closed: bool) -> str:
    """One track's playlist; `closed`: nothing is added to it any more.

    `keys_at` and `objects_at` are where keys (by camera and hour) and objects (by id) are fetched.
    """
    longest = max((piece.segment.duration_ms for piece in pieces), default=1000)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{-(-longest // 1000)}",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if closed else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for before, piece in pairwise([None, *pieces]):
        assert piece is not None  # noqa: S101 - only the first of the pairs has none before it
        lines += _piece(before, piece, keys_at, objects_at)
    if closed:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _piece(before: Piece | None, piece: Piece, keys_at: str, objects_at: str) -> list[str]:
    segment, track = piece.segment, piece.track
    lines: list[str] = []
    if before is not None and (before.track.take_id != track.take_id or _gap_ms(before.segment, segment) > GAP_MS):
        lines += ["#EXT-X-DISCONTINUITY"]  # rungs of a take have one timeline, and change without one
    if before is None or before.track.id != track.id:
        lines += ["#EXT-X-KEY:METHOD=NONE"] if before is not None else []
        lines += [f'#EXT-X-MAP:URI="{objects_at}/{track.id}"']
    at = segment.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return [
        *lines,
        _key(keys_at, track.camera, segment.at, segment.id),
        f"#EXT-X-PROGRAM-DATE-TIME:{at}",
        f"#EXTINF:{segment.duration_ms / 1000:.3f},",
        f"{objects_at}/{segment.id}",
    ]


def _gap_ms(before: Segment, after: Segment) -> float:
    return abs((after.at - before.ends_at).total_seconds()) * 1000


def _key(keys_at: str, camera: str, at: datetime, object_id: UUID) -> str:
    uri = f"{keys_at}/{camera}/{int(key_period(at).timestamp())}"
    return f'#EXT-X-KEY:METHOD=AES-128,URI="{uri}",IV=0x{object_id.hex}'


def main_playlist(video: Sequence[Piece], audio: Sequence[Piece], rungs: Sequence[Sequence[Piece]] = ()) -> str:
    """The playlist of playlists of one angle: its picture, smaller ones (`rungs`), and its sound if it has any."""
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if audio:
        lines.append(
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Stade",DEFAULT=YES,AUTOSELECT=YES,URI="audio.m3u8"'
        )
    for pieces in (video, *rungs):
        lines += _variant(pieces, audio) if pieces else []
    return "\n".join(lines) + "\n"


def _variant(pieces: Sequence[Piece], audio: Sequence[Piece]) -> list[str]:
    track = pieces[0].track
    codecs = ",".join(part[0].track.codecs for part in (pieces, audio) if part)
    size = f",RESOLUTION={track.width}x{track.height}" if track.width and track.height else ""
    sound = ',AUDIO="sound"' if audio else ""
    return [
        f'#EXT-X-STREAM-INF:BANDWIDTH={_peak(pieces) + _peak(audio)},CODECS="{codecs}"{size}{sound}',
        f"{track.kind}.m3u8" if track.rung is Rung.SOURCE else f"{track.kind}-{track.rung}.m3u8",
    ]


def _peak(pieces: Sequence[Piece]) -> int:
    """Bits a second of the heaviest segment."""
    rates = [piece.segment.bytes * 8000 // max(1, piece.segment.duration_ms) for piece in pieces]
    return max(rates, default=0)
