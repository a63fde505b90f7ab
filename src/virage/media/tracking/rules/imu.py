"""Samples of a connected ball, and the detection of impacts.

A ball measures its acceleration and rotation 500 times a second (as in FIFA's connected ball technology). An impact
lasts a few samples; only impacts are processed further.
"""

import struct
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

HEADER: Final = struct.Struct("<4sBBHQ")
MAGIC: Final = b"BALL"
VERSION: Final = 1
SAMPLES_MAX: Final = 1000
RATE_MIN: Final = 100
RATE_MAX: Final = 2000
AXES: Final = 6
ACCELERATION_UNIT: Final = 0.125  # m/s2
TURN_UNIT: Final = 0.125  # degrees a second
US: Final = 1_000_000
AT_US_MAX: Final = 4_102_444_800 * US
"""The year 2100: the latest plausible time."""

IMPACT_START: Final = 250.0  # m/s2; far above a carried or rolling ball
IMPACT_END: Final = 60.0
IMPACT_MAX_S: Final = 0.03
"""A foot is in contact with the ball for about 10 ms."""
REFRACTORY_S: Final = 0.15
SPEED_MIN: Final = 4.0  # m/s; below, it is a touch
SPEED_MAX: Final = 70.0
KMH: Final = 3.6


class BadPayload(ValueError):
    """The payload is not a valid batch of samples."""


class Batch(Struct, frozen=True):
    """Samples in order: time of the first (microseconds since 1970), samples per second; m/s2 by axis."""

    at_us: int
    rate: int
    acceleration: NDArray[np.float32]
    turning: NDArray[np.float32]


class Impact(Struct, frozen=True):
    """Start of an impact, change of the ball's velocity (m/s), rotation at its end (turns per second)."""

    at: datetime
    speed: float
    turns: float


class DetectorState(Struct, frozen=True):
    """State between batches: end of the last batch, open impact, start of the last impact."""

    until_us: int = 0
    blow_us: int | None = None
    gained: tuple[float, float, float] = (0.0, 0.0, 0.0)
    last_us: int = 0


def read_batch(payload: bytes) -> Batch:
    """Return a batch from its bytes; raises `BadPayload`."""
    if len(payload) < HEADER.size:
        raise BadPayload("It is shorter than a header.")
    magic, version, axes, rate, at_us = HEADER.unpack_from(payload)
    if magic != MAGIC or version != VERSION or axes != AXES or not RATE_MIN <= rate <= RATE_MAX or at_us > AT_US_MAX:
        raise BadPayload("The header is not of version 1.")
    count, rest = divmod(len(payload) - HEADER.size, AXES * 2)
    if rest or not 1 <= count <= SAMPLES_MAX:
        raise BadPayload(f"It has no whole number of samples, or none, or more than {SAMPLES_MAX}.")
    samples = np.frombuffer(payload, "<i2", offset=HEADER.size).reshape(count, AXES).astype(np.float32)
    return Batch(at_us, rate, samples[:, :3] * ACCELERATION_UNIT, samples[:, 3:] * TURN_UNIT)


def detect_impacts(feeling: DetectorState, batch: Batch) -> tuple[DetectorState, list[Impact]]:
    """Return the impacts that end in this batch. A repeated batch is ignored."""
    step_us = US // batch.rate
    until_us = batch.at_us + len(batch.acceleration) * step_us
    if batch.at_us + step_us // 2 < feeling.until_us:
        return feeling, []
    size = np.sqrt(np.einsum("ij,ij->i", batch.acceleration, batch.acceleration))
    if feeling.blow_us is None and not (size >= IMPACT_START).any():  # the common case
        return DetectorState(until_us, None, (0.0, 0.0, 0.0), feeling.last_us), []
    blow_us, gained, last_us = feeling.blow_us, np.array(feeling.gained), feeling.last_us
    blows: list[Impact] = []
    for place, strength in enumerate(size):
        at_us = batch.at_us + place * step_us
        if blow_us is None and strength >= IMPACT_START and at_us - last_us >= REFRACTORY_S * US:
            blow_us, last_us, gained = at_us, at_us, np.zeros(3)
        if blow_us is None:
            continue
        if strength >= IMPACT_END and at_us - blow_us < IMPACT_MAX_S * US:
            gained = gained + batch.acceleration[place] / batch.rate
            continue
        blows += _impacts(blow_us, gained, batch.turning[place])
        blow_us = None
    return DetectorState(until_us, blow_us, (float(gained[0]), float(gained[1]), float(gained[2])), last_us), blows


def _impacts(at_us: int, gained: NDArray[np.floating], turning: NDArray[np.float32]) -> list[Impact]:
    speed = float(np.linalg.norm(gained))
    if not SPEED_MIN <= speed <= SPEED_MAX:
        return []
    at = datetime.fromtimestamp(at_us // US, UTC) + timedelta(microseconds=at_us % US)
    return [Impact(at, round(speed, 2), round(float(np.linalg.norm(turning)) / 360, 2))]
