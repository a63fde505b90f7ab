"""What tracking sends: frames of positions. docs/pitch.md is the contract."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from virage.media.live.types import Period, ShirtNumber, Side

PLAYERS_MAX: Final = 40
FRAMES_MAX: Final = 600
"""How many frames a batch may have: twelve seconds at 50 Hz."""
BATCH_BYTES_MAX: Final = FRAMES_MAX * (200 + 60 * PLAYERS_MAX)
"""What as many frames are at most, every number as long as JSON writes it."""

Metre = Annotated[float, Meta(ge=-80, le=80)]
"""Metres from the centre spot: x along the pitch to the right of who sits in the main stand, y away from them."""
Height = Annotated[float, Meta(ge=-5, le=60)]
"""Metres above the grass, of the ball's centre."""
ClockMs = Annotated[int, Meta(ge=0, le=5 * 3_600_000)]
"""What the clock of the match shows, milliseconds: the second half begins at 2,700,000."""

PlayerPosition = tuple[Side, ShirtNumber, Metre, Metre]
"""One player: side, shirt, x, y."""


class TrackingFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """One moment of tracking. `at`: when it was; None: when it arrived."""

    period: Period
    clock_ms: ClockMs
    players: Annotated[list[PlayerPosition], Meta(max_length=PLAYERS_MAX)]
    ball: tuple[Metre, Metre, Height] | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None


class FramesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch, in order of the clock."""

    frames: Annotated[list[TrackingFrame], Meta(min_length=1, max_length=FRAMES_MAX)]


class FramesResult(Struct, frozen=True):
    """What became of a batch: how many frames count, and how many do not, for a later one was there before."""

    accepted: int
    late: int
