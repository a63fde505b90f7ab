"""The ABR ladder: renditions of the same segments in lower resolutions.

A rendition has the timestamps and segment boundaries of its source, so that players switch at any segment. A segment
that is not encoded in time is replaced by its source.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.media.replay.rules.media import Rung
from virage.media.replay.rules.playlists import Piece

LATE_MAX: Final = timedelta(seconds=4)
"""How long after its end a live segment may lack its rendition; then its source is used."""
ENCODE_TIME_MAX: Final = timedelta(seconds=1)
"""Maximum time to encode all renditions of a segment."""
MISSING_MAX: Final = 2
MISSING_PART: Final = 5


class Step(Struct, frozen=True):
    """Encoding settings of a rendition: height in lines, quality (CRF of x264), maximum bit rate (bits per second)."""

    rung: Rung
    height: int
    quality: int
    bits_max: int


STEPS: Final = (Step(Rung.P480, 480, 25, 1_200_000), Step(Rung.P240, 240, 27, 360_000))
SMALLEST: Final = STEPS[-1].rung


def steps_below(height: int) -> tuple[Step, ...]:
    """Return the renditions that are smaller than a picture of `height` lines."""
    return tuple(step for step in STEPS if step.height < height)


def width_of(step: Step, width: int, height: int) -> int:
    """Return the width of a rendition for the aspect ratio of its source; even, as the encoder requires."""
    return round(width * step.height / height / 2) * 2


def derived_id(source_id: UUID, name: str) -> UUID:
    """Return a repeatable id derived from an object id (UUIDv8): with its timestamp, but not guessable."""
    digest = sha256(source_id.bytes + name.encode()).digest()
    return UUID(
        bytes=source_id.bytes[:6] + bytes([0x80 | digest[0] & 0x0F, digest[1], 0x80 | digest[2] & 0x3F]) + digest[3:10]
    )


def missing_pieces(source: Sequence[Piece], encoded: Sequence[Piece]) -> list[Piece]:
    """Return the source segments without a rendition, in order."""
    existing = {piece.segment.at for piece in encoded}
    return [piece for piece in source if piece.segment.at not in existing]


def due(source: Sequence[Piece], encoded: Sequence[Piece], now: datetime) -> tuple[Piece | None, list[Piece]]:
    """Return the live segment to encode next, and the segments skipped for good.

    Segments are encoded in order as long as they are in time; after a delay, the latest is next.
    """
    last = max((piece.segment.at for piece in encoded), default=None)
    ahead = [piece for piece in source if last is None or piece.segment.at > last]
    candidates = [piece for piece in ahead if in_time(piece, now + ENCODE_TIME_MAX)]
    if not candidates:
        return None, []
    if len(candidates) == len(ahead):
        return candidates[0], []
    return candidates[-1], ahead[:-1] if last is not None else []


def in_time(piece: Piece, now: datetime) -> bool:
    """Return whether players at the live edge still wait for a rendition of a segment."""
    return now - piece.segment.ends_at <= LATE_MAX


def rung_pieces(source: Sequence[Piece], encoded: Sequence[Piece], now: datetime, *, closed: bool) -> list[Piece]:
    """Return the segments of a rendition, or of its source where it is missing, up to the live edge.

    While a clip grows, published segments never change: a source segment stays in the playlist.
    """
    by_time = {piece.segment.at: piece for piece in encoded}
    last = max((number for number, piece in enumerate(source) if piece.segment.at in by_time), default=-1)
    listed = []
    for number, piece in enumerate(source):
        existing = by_time.get(piece.segment.at)
        if existing is None and not closed and in_time(piece, now) and number > last:
            break
        listed.append(existing or piece)
    return listed


def complete(source: Sequence[Piece], encoded: Sequence[Piece]) -> bool:
    """Return whether few enough segments are missing to offer a rendition."""
    missing = len(missing_pieces(source, encoded))
    return bool(encoded) and missing <= max(MISSING_MAX, len(source) // MISSING_PART)
