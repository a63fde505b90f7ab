"""Days and months of a time zone, also on the nights when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.zones import NEW_YORK, PARIS
from virage.platform.values.days import local_day, month_begins

HAVANA = ZoneInfo("America/Havana")  # its clocks change at midnight
moments = st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
zones = st.sampled_from([PARIS, NEW_YORK, HAVANA, ZoneInfo("Asia/Tokyo"), ZoneInfo("Australia/Lord_Howe")])


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "midnight", "hours"),
    [
        (PARIS, "2026-03-28T23:00", 23),
        (PARIS, "2026-10-24T22:00", 25),
        (NEW_YORK, "2026-03-08T05:00", 23),
        (NEW_YORK, "2026-11-01T04:00", 25),
    ],
)
def test_the_day_of_a_clock_change_is_one_day_of_23_or_25_hours(zone: ZoneInfo, midnight: str, hours: int) -> None:
    begins = utc(midnight)
    minutes = [local_day(begins + timedelta(minutes=minute), zone) for minute in range(hours * 60)]
    assert len(set(minutes)) == 1
    assert local_day(begins - timedelta(minutes=1), zone) == minutes[0] - timedelta(days=1)
    assert local_day(begins + timedelta(hours=hours), zone) == minutes[0] + timedelta(days=1)


@given(moments, zones)
def test_every_moment_is_within_the_month_that_began_for_it(moment: datetime, zone: ZoneInfo) -> None:
    begins = month_begins(moment, zone)
    assert begins <= moment
    assert local_day(begins, zone) == local_day(moment, zone).replace(day=1)
    before = begins - timedelta(seconds=1)
    assert local_day(before, zone) == local_day(moment, zone).replace(day=1) - timedelta(days=1)


def test_a_month_whose_midnight_is_shown_twice_begins_with_the_first_one() -> None:
    first = utc("2026-11-01T04:00")
    for moment in (first, utc("2026-11-01T05:30"), utc("2026-11-20T12:00")):
        assert month_begins(moment, HAVANA) == first
