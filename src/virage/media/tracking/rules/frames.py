"""The input format of tracking frames. docs/pitch.md is the contract."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct

from virage.media.live.types import Period, ShirtNumber, Side

PLAYERS_MAX: Final = 40
FRAMES_MAX: Final = 600
"""Largest batch: twelve seconds at 50 Hz."""
BATCH_BYTES_MAX: Final = FRAMES_MAX * (200 + 60 * PLAYERS_MAX)
"""Largest JSON size of such a batch."""

Metre = Annotated[float, Meta(ge=-80, le=80)]
"""Metres from the centre spot, seen from the main stand: x to the right along the pitch, y away from the stand."""
Height = Annotated[float, Meta(ge=-5, le=60)]
"""Metres above the grass, of the ball's centre."""
ClockMs = Annotated[int, Meta(ge=0, le=5 * 3_600_000)]
"""Match clock, milliseconds: the second half starts at 2,700,000."""

PlayerPosition = tuple[Side, ShirtNumber, Metre, Metre]
"""A player: side, shirt, x, y."""


class TrackingFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """One frame. `at`: its time; None: time of arrival."""

    period: Period
    clock_ms: ClockMs
    players: Annotated[list[PlayerPosition], Meta(max_length=PLAYERS_MAX)]
    ball: tuple[Metre, Metre, Height] | None = None
    at: Annotated[datetime, Meta(tz=True)] | None = None


class FramesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of frames, in order of the clock."""

    frames: Annotated[list[TrackingFrame], Meta(min_length=1, max_length=FRAMES_MAX)]


class FramesResult(Struct, frozen=True):
    """Number of accepted frames, and of late ones, which are ignored."""

    accepted: int
    late: int
