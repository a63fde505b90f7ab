"""Moments that the crowd wants to see again: it roars, or phones ask for it. They are suggested, never published.

A roar is a sound that stands 8 dB over what the same camera has heard in the half minute before, for two seconds. Each
camera is compared with itself, so a loud ground and a microphone that is set low make no difference.
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
LEVELS_MIN: Final = 10  # seconds that must have been heard before something can stand out of them
ROAR_DB: Final = 8.0
QUIET_DB: Final = -60.0  # below it there is no crowd: a microphone's noise stands out of silence, too
ROAR_INTERVAL: Final = timedelta(seconds=20)

TAPS_WITHIN: Final = timedelta(seconds=10)
TAPS_MIN: Final = 5
TAPS_SHARE: Final = 0.02
TAPS_MEAN: Final = timedelta(seconds=10)  # how long ago it was, what somebody wants again who has just seen it
TAPS_AROUND: Final = timedelta(seconds=8)
SAME_MOMENT: Final = timedelta(seconds=15)


class MomentSource(StrEnum):
    """Who suggests."""

    ROAR = "roar"
    TAPS = "taps"


class Moment(Struct, frozen=True):
    """Something that many want to see again. `strength`: tenths of a decibel of a roar, or how many tapped."""

    source: MomentSource
    at: datetime
    strength: int
    camera: str | None = None

    @property
    def stretch(self) -> tuple[datetime, datetime]:
        """What would be shown of it: a roar comes with the moment, so what led to it is before."""
        if self.source is MomentSource.ROAR:
            return self.at - BEFORE, self.at + AFTER
        return self.at - TAPS_AROUND, self.at + TAPS_AROUND


class Suggestion(Struct, frozen=True):
    """A moment that was suggested to the desk and is still open."""

    id: UUID
    event_id: UUID
    moment: Moment


class Level(Struct, frozen=True):
    """How loud about a second was that began at `at`: decibels below the loudest that there can be (dBFS, RMS)."""

    at: datetime
    db: float


def loudness(samples: NDArray[np.float32]) -> float:
    """The level of sound in dBFS (its root mean square); what is quieter than any crowd is `QUIET_DB`."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    return max(QUIET_DB, 10 * log10(power)) if power > 0 else QUIET_DB


def roars(levels: Sequence[Level]) -> list[Moment]:
    """The roars in what a camera has heard, in order: one a moment, told once its second second is heard."""
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
    """How many asked within a second to see something again."""

    at: datetime
    taps: int


def tapped_moment(seconds: Sequence[TapCount], watching: int) -> Moment | None:
    """The moment that phones ask for, once enough of those who watch do; `seconds` in order, of the last `TAPS_WITHIN`.

    What they mean has just happened when the one in the middle of them taps.
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
