"""The ladder: the same second in fewer bytes, for phones with little network.

A rung has the times of its source, frame by frame, and is cut where the source is cut: a player goes from one to the
other at any segment. What could not be made in time is left out of a rung, which shows the source there.
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
"""How long after its end a second may still be missing in a rung of what is live; then its source stands there."""
ENCODE_TIME_MAX: Final = timedelta(seconds=1)
"""What one second of rungs takes to be made, at most."""
MISSING_MAX: Final = 2
MISSING_PART: Final = 5


class Step(Struct, frozen=True):
    """How a rung is encoded: its lines, its quality (CRF of x264), and the most that it may send, bits a second."""

    rung: Rung
    height: int
    quality: int
    bits_max: int


STEPS: Final = (Step(Rung.P480, 480, 25, 1_200_000), Step(Rung.P240, 240, 27, 360_000))
SMALLEST: Final = STEPS[-1].rung


def steps_below(height: int) -> tuple[Step, ...]:
    """The rungs that a picture of so many lines has: those that are smaller."""
    return tuple(step for step in STEPS if step.height < height)


def width_of(step: Step, width: int, height: int) -> int:
    """How wide a rung is, even as its encoder wants it, of a source of this size."""
    return round(width * step.height / height / 2) * 2


def derived_id(source_id: UUID, name: str) -> UUID:
    """The id of what is made of an object: the same each time, near it in time, and guessed by nobody (UUIDv8)."""
    digest = sha256(source_id.bytes + name.encode()).digest()
    return UUID(
        bytes=source_id.bytes[:6] + bytes([0x80 | digest[0] & 0x0F, digest[1], 0x80 | digest[2] & 0x3F]) + digest[3:10]
    )


def missing_pieces(source: Sequence[Piece], encoded: Sequence[Piece]) -> list[Piece]:
    """What a rung lacks of its source, in order."""
    existing = {piece.segment.at for piece in encoded}
    return [piece for piece in source if piece.segment.at not in existing]


def due(source: Sequence[Piece], encoded: Sequence[Piece], now: datetime) -> tuple[Piece | None, list[Piece]]:
    """Which second of what is live is made now, and which are left out for good by that.

    One after the other while it keeps up; where one is too late already, the latest of all.
    """
    last = max((piece.segment.at for piece in encoded), default=None)
    ahead = [piece for piece in source if last is None or piece.segment.at > last]
    wanted = [piece for piece in ahead if in_time(piece, now + ENCODE_TIME_MAX)]
    if not wanted:
        return None, []
    if len(wanted) == len(ahead):
        return wanted[0], []
    return wanted[-1], ahead[:-1] if last is not None else []


def in_time(piece: Piece, now: datetime) -> bool:
    """Whether a phone that follows what is live still waits for this second of a rung."""
    return now - piece.segment.ends_at <= LATE_MAX


def rung_pieces(source: Sequence[Piece], encoded: Sequence[Piece], now: datetime, *, closed: bool) -> list[Piece]:
    """A rung's track: what was made, and the source where nothing was, up to what may still be made.

    While a clip grows nothing that was told is told otherwise: a second that has the source will have it.
    """
    by_time = {piece.segment.at: piece for piece in encoded}
    last = max((number for number, piece in enumerate(source) if piece.segment.at in by_time), default=-1)
    shown = []
    for number, piece in enumerate(source):
        existing = by_time.get(piece.segment.at)
        if existing is None and not closed and in_time(piece, now) and number > last:
            break
        shown.append(existing or piece)
    return shown


def complete(source: Sequence[Piece], encoded: Sequence[Piece]) -> bool:
    """Whether so little is missing of a rung that it is worth offering."""
    missing = len(missing_pieces(source, encoded))
    return bool(encoded) and missing <= max(MISSING_MAX, len(source) // MISSING_PART)
