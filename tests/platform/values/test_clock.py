from datetime import UTC, datetime, timedelta

import pytest

from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id


def test_the_clock_returns_aware_utc() -> None:
    before = datetime.now(UTC)
    now = Clock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)


def test_a_demo_can_shift_the_clock() -> None:
    shift = timedelta(days=30)
    before = datetime.now(UTC)
    assert before + shift <= Clock(shift).now() <= datetime.now(UTC) + shift


def test_a_demo_can_speed_the_clock_up_from_its_origin() -> None:
    origin = datetime.now(UTC) - timedelta(seconds=10)
    now = Clock(speed=60, origin=origin).now()
    assert now - origin >= timedelta(minutes=10)


def test_clocks_with_one_origin_agree() -> None:
    origin = datetime.now(UTC) - timedelta(seconds=10)
    one, other = Clock(speed=2, origin=origin), Clock(speed=2, origin=origin)
    first, second, third = one.now(), other.now(), one.now()
    assert first <= second <= third


@pytest.mark.parametrize(("shift", "speed"), [(timedelta(seconds=1), 1.0), (timedelta(), 2.0)])
def test_production_refuses_a_clock_that_is_not_the_real_one(shift: timedelta, speed: float) -> None:
    with pytest.raises(ValueError, match="production"):
        Clock(shift, speed, production=True)


def test_production_accepts_the_real_clock() -> None:
    assert Clock(production=True).now().tzinfo is UTC


@pytest.mark.parametrize("speed", [0.0, -1.0, 1001.0])
def test_an_invalid_speed_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Clock(speed=speed)


def test_ids_are_version_7_uuids_in_order_of_creation() -> None:
    ids = [new_id() for _ in range(1000)]
    assert {one.version for one in ids} == {7}
    assert ids == sorted(set(ids))
