"""When days of business are over, and what is due then."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis import given

from virage.money.fiscal.rules.calendar import Standing, begins, business_day, ends, next_due
from virage.money.fiscal.rules.closing import Period, PeriodKind

PARIS = ZoneInfo("Europe/Paris")
DAY, MONTH, YEAR = PeriodKind
HOUR = timedelta(hours=1)
moments = st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(moments)
def test_every_moment_lies_in_its_own_day_also_when_the_clocks_change(moment: datetime) -> None:
    day = business_day(moment, PARIS)
    assert begins(day, PARIS) <= moment < ends(Period(DAY, day), PARIS)


def test_the_day_of_an_evening_ends_at_five_in_the_morning() -> None:
    assert business_day(utc("2026-05-10 02:59"), PARIS) == date(2026, 5, 9)
    assert business_day(utc("2026-05-10 03:00"), PARIS) == date(2026, 5, 10)
    assert business_day(utc("2026-12-10 03:59"), PARIS) == date(2026, 12, 9)


def test_a_day_is_due_once_it_is_over_and_something_is_open() -> None:
    standing = Standing(utc("2026-05-09 18:00"), {}, {})
    assert next_due(standing, PARIS, utc("2026-05-10 02:59")) is None
    assert next_due(standing, PARIS, utc("2026-05-10 03:00")) == Period(DAY, date(2026, 5, 9))
    assert next_due(Standing(None, {}, {}), PARIS, utc("2026-05-10 03:00")) is None


def test_what_came_after_its_day_was_closed_is_the_next_days() -> None:
    standing = Standing(utc("2026-05-09 18:00"), {DAY: date(2026, 5, 9)}, {})
    assert next_due(standing, PARIS, utc("2026-05-10 03:00")) is None
    assert next_due(standing, PARIS, utc("2026-05-11 03:00")) == Period(DAY, date(2026, 5, 10))


def test_a_month_waits_for_its_days_and_a_year_for_its_months() -> None:
    first = utc("2027-01-01 03:59")  # still New Year's Eve in the ground
    year_end = utc("2027-01-01 04:00")
    standing = Standing(first, {DAY: date(2026, 12, 30)}, {MONTH: date(2026, 11, 3)})
    assert next_due(standing, PARIS, year_end) == Period(DAY, date(2026, 12, 31))
    standing = Standing(year_end, {DAY: date(2026, 12, 31)}, {MONTH: date(2026, 12, 3), YEAR: date(2026, 11, 1)})
    assert next_due(standing, PARIS, year_end - HOUR) is None
    assert next_due(standing, PARIS, year_end) == Period(MONTH, date(2026, 12, 1))
    standing = Standing(None, {DAY: date(2026, 12, 31), MONTH: date(2026, 12, 1)}, {YEAR: date(2026, 11, 1)})
    assert next_due(standing, PARIS, year_end) == Period(YEAR, date(2026, 1, 1))


def test_what_was_written_after_its_month_was_closed_is_in_the_next_one() -> None:
    late = Standing(utc("2026-06-01 02:59"), {DAY: date(2026, 5, 30), MONTH: date(2026, 5, 1)}, {})
    assert next_due(late, PARIS, utc("2026-06-01 03:00")) is None
    assert next_due(late, PARIS, utc("2026-06-02 03:00")) == Period(DAY, date(2026, 6, 1))
