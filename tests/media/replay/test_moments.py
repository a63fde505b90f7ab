"""Suggested moments by the rules alone: roars, and requests of phones."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from virage.media.replay.rules.moments import (
    QUIET_DB,
    ROAR_INTERVAL,
    Level,
    MomentSource,
    TapCount,
    loudness,
    roars,
    tapped_moment,
)

AT = datetime(2026, 5, 9, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CROWD_DB = -32.0


def levels_of(*dbs: float) -> list[Level]:
    return [Level(AT + place * SECOND, db) for place, db in enumerate(dbs)]


def step(over: float, seconds: int = 5) -> list[Level]:
    """Return half a minute of a crowd, then a louder one."""
    return levels_of(*[CROWD_DB] * 30, *[CROWD_DB + over] * seconds)


@given(st.floats(QUIET_DB, 0), st.integers(0, 90))
def test_constant_noise_is_no_roar(db: float, seconds: int) -> None:
    assert roars(levels_of(*[db] * seconds)) == []


@given(st.lists(st.floats(-3.9, 3.9), max_size=90))
def test_noise_within_eight_decibels_is_no_roar(noise: list[float]) -> None:
    assert roars(levels_of(*[CROWD_DB + db for db in noise])) == []


def test_silence_has_a_floor_and_little_above_it_is_no_roar() -> None:
    silence = np.zeros(48_000, np.float32)
    assert loudness(silence) == QUIET_DB == loudness(silence[:0])
    assert roars(levels_of(*[QUIET_DB] * 40)) == []
    hiss = np.full(48_000, 10 ** (-66 / 20), np.float32)
    assert loudness(hiss) == QUIET_DB, "the noise of a microphone"


@pytest.mark.parametrize(("over", "count"), [(7.9, 0), (8.1, 1), (30.0, 1)])
def test_a_roar_is_eight_decibels_above_the_preceding_half_minute(over: float, count: int) -> None:
    found = roars(step(over))
    assert len(found) == count
    assert [(moment.at, moment.strength) for moment in found] == [(AT + 30 * SECOND, round(10 * over))] * count
    assert [moment.time_range for moment in found] == [(AT + 18 * SECOND, AT + 38 * SECOND)] * count


def test_a_sound_of_one_second_is_no_roar() -> None:
    assert roars([*step(20.0, seconds=1), Level(AT + 31 * SECOND, CROWD_DB)]) == []


def test_a_roar_needs_ten_preceding_seconds() -> None:
    assert roars(levels_of(*[CROWD_DB] * 9, *[CROWD_DB + 20] * 2)) == []
    found = roars(levels_of(*[CROWD_DB] * 10, *[CROWD_DB + 20] * 3))
    assert [moment.at for moment in found] == [AT + 10 * SECOND]


def test_a_roar_is_compared_only_with_the_preceding_half_minute() -> None:
    levels = levels_of(*[CROWD_DB + 20] * 60, *[CROWD_DB] * 31, *[CROWD_DB + 10] * 2)
    assert [moment.at for moment in roars(levels)] == [AT + 91 * SECOND], "the loud minute is over"


def test_a_second_roar_counts_after_twenty_seconds() -> None:
    def twice(apart: int) -> list[float]:
        levels = levels_of(*[CROWD_DB] * 30, *[CROWD_DB + 20] * 2, *[CROWD_DB] * (apart - 2), *[CROWD_DB + 20] * 2)
        return [(moment.at - AT).total_seconds() for moment in roars(levels)]

    assert (twice(20), twice(18)) == ([30, 50], [30])


@given(st.lists(st.floats(QUIET_DB, 0), min_size=10, max_size=120))
def test_a_roar_is_found_once_and_at_its_time(dbs: list[float]) -> None:
    levels = levels_of(*dbs)
    found = roars(levels)
    assert all(after.at - before.at >= ROAR_INTERVAL for before, after in pairwise(found))
    assert {moment.at for moment in found} <= {level.at for level in levels}
    assert roars(levels[:-1]) == [moment for moment in found if moment.at < levels[-2].at]


@given(st.floats(-40, -1))
def test_loudness_is_measured_in_dbfs(db: float) -> None:
    wave = np.sqrt(2) * 10 ** (db / 20) * np.sin(2 * np.pi * 100 * np.arange(48_000) / 48_000)
    assert loudness(wave.astype(np.float32)) == pytest.approx(db, abs=0.01)


def tapped(*counts: int) -> list[TapCount]:
    return [TapCount(AT + place * SECOND, count) for place, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("counts", "watching", "asked"),
    [
        ((4,), 10, False),
        ((5,), 10, True),
        ((5,), 250, True),
        ((5,), 251, False),
        ((10, 10, 10), 2_000, False),
        ((10, 20, 10), 2_000, True),
        ((), 0, False),
    ],
)
def test_a_moment_needs_requests_of_enough_viewers(counts: tuple[int, ...], watching: int, asked: bool) -> None:
    assert (tapped_moment(tapped(*counts), watching) is not None) == asked


def test_a_requested_moment_is_ten_seconds_before_the_median_request() -> None:
    found = tapped_moment(tapped(1, 1, 6, 2), 0)
    assert found is not None
    assert (found.source, found.at, found.strength) == (MomentSource.TAPS, AT + 2 * SECOND - 10 * SECOND, 10)
    assert found.time_range == (found.at - 8 * SECOND, found.at + 8 * SECOND)
