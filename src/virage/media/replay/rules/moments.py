"""Moments that the crowd wants to see again: roars, and requests by phone. They are suggested, never published.

A roar is sound 8 dB above the median of the same camera's preceding 30 seconds, for two seconds. Each camera is
compared with itself, so that the loudness of the venue and the gain of the microphone do not matter.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, log10
from statistics import median
from typing import Final
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from virage.media.replay.rules.clips import AFTER, BEFORE

MEDIAN_OVER: Final = timedelta(seconds=30)
LEVELS_MIN: Final = 10  # seconds that must precede a roar
ROAR_DB: Final = 8.0
QUIET_DB: Final = -60.0  # floor: otherwise, microphone noise would stand out of silence
ROAR_INTERVAL: Final = timedelta(seconds=20)

TAPS_WITHIN: Final = timedelta(seconds=10)
TAPS_MIN: Final = 5
TAPS_SHARE: Final = 0.02
TAPS_MEAN: Final = timedelta(seconds=10)  # from a moment to the requests for it
TAPS_AROUND: Final = timedelta(seconds=8)
SAME_MOMENT: Final = timedelta(seconds=15)


class MomentSource(StrEnum):
    """Source of a suggestion."""

    ROAR = "roar"
    TAPS = "taps"


class Moment(Struct, frozen=True):
    """A moment to show again. `strength`: of a roar in tenths of a decibel, or the number of taps."""

    source: MomentSource
    at: datetime
    strength: int
    camera: str | None = None

    @property
    def time_range(self) -> tuple[datetime, datetime]:
        """The time range to show: around taps, and mostly before a roar, which follows its cause."""
        if self.source is MomentSource.ROAR:
            return self.at - BEFORE, self.at + AFTER
        return self.at - TAPS_AROUND, self.at + TAPS_AROUND


class Suggestion(Struct, frozen=True):
    """A moment that was suggested to the desk."""

    id: UUID
    event_id: UUID
    moment: Moment


class Level(Struct, frozen=True):
    """Sound level of about a second from `at`: root mean square in dBFS."""

    at: datetime
    db: float


def loudness(samples: NDArray[np.float32]) -> float:
    """Return the level of sound in dBFS (root mean square), at least `QUIET_DB`."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    return max(QUIET_DB, 10 * log10(power)) if power > 0 else QUIET_DB


def roars(levels: Sequence[Level]) -> list[Moment]:
    """Return the roars in the levels of a camera, in order; each is found at its second second."""
    found: list[Moment] = []
    for place in range(1, len(levels)):
        first, second = levels[place - 1], levels[place]
        if found and first.at - found[-1].at < ROAR_INTERVAL:
            continue
        preceding = [level.db for level in levels[: place - 1] if first.at - level.at <= MEDIAN_OVER]
        if len(preceding) < LEVELS_MIN:
            continue
        over = min(first.db, second.db) - median(preceding)
        if over >= ROAR_DB:
            found.append(Moment(MomentSource.ROAR, first.at, round(10 * over)))
    return found


class TapCount(Struct, frozen=True):
    """Number of requests within a second."""

    at: datetime
    taps: int


def tapped_moment(seconds: Sequence[TapCount], watching: int) -> Moment | None:
    """Return the requested moment once enough viewers ask; `seconds` in order, of the last `TAPS_WITHIN`.

    It is a fixed time before the median request.
    """
    taps = sum(second.taps for second in seconds)
    if taps < max(TAPS_MIN, ceil(TAPS_SHARE * watching)):
        return None
    reached = 0
    for second in seconds:
        reached += second.taps
        if 2 * reached >= taps:
            return Moment(MomentSource.TAPS, second.at - TAPS_MEAN, taps)
    return None
