"""Business days and due closings."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
from hypothesis import given

from virage.money.fiscal.rules.calendar import ClosingState, begins, business_day, ends, next_due
from virage.money.fiscal.rules.closing import Period, PeriodKind

PARIS = ZoneInfo("Europe/Paris")
DAY, MONTH, YEAR = PeriodKind
HOUR = timedelta(hours=1)
moments = st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(moments)
def test_every_time_has_one_business_day_also_when_the_clocks_change(moment: datetime) -> None:
    day = business_day(moment, PARIS)
    assert begins(day, PARIS) <= moment < ends(Period(DAY, day), PARIS)


def test_the_day_of_an_evening_ends_at_five_in_the_morning() -> None:
    assert business_day(utc("2026-05-10 02:59"), PARIS) == date(2026, 5, 9)
    assert business_day(utc("2026-05-10 03:00"), PARIS) == date(2026, 5, 10)
    assert business_day(utc("2026-12-10 03:59"), PARIS) == date(2026, 12, 9)


def test_a_day_is_due_once_it_is_over_and_has_unclosed_records() -> None:
    standing = ClosingState(utc("2026-05-09 18:00"), {}, {})
    assert next_due(standing, PARIS, utc("2026-05-10 02:59")) is None
    assert next_due(standing, PARIS, utc("2026-05-10 03:00")) == Period(DAY, date(2026, 5, 9))
    assert next_due(ClosingState(None, {}, {}), PARIS, utc("2026-05-10 03:00")) is None


def test_records_received_after_their_day_was_closed_are_in_the_next_day() -> None:
    standing = ClosingState(utc("2026-05-09 18:00"), {DAY: date(2026, 5, 9)}, {})
    assert next_due(standing, PARIS, utc("2026-05-10 03:00")) is None
    assert next_due(standing, PARIS, utc("2026-05-11 03:00")) == Period(DAY, date(2026, 5, 10))


def test_a_month_waits_for_its_days_and_a_year_for_its_months() -> None:
    first = utc("2027-01-01 03:59")  # still New Year's Eve at the venue
    year_end = utc("2027-01-01 04:00")
    standing = ClosingState(first, {DAY: date(2026, 12, 30)}, {MONTH: date(2026, 11, 3)})
    assert next_due(standing, PARIS, year_end) == Period(DAY, date(2026, 12, 31))
    standing = ClosingState(year_end, {DAY: date(2026, 12, 31)}, {MONTH: date(2026, 12, 3), YEAR: date(2026, 11, 1)})
    assert next_due(standing, PARIS, year_end - HOUR) is None
    assert next_due(standing, PARIS, year_end) == Period(MONTH, date(2026, 12, 1))
    standing = ClosingState(None, {DAY: date(2026, 12, 31), MONTH: date(2026, 12, 1)}, {YEAR: date(2026, 11, 1)})
    assert next_due(standing, PARIS, year_end) == Period(YEAR, date(2026, 1, 1))


def test_records_written_after_their_month_was_closed_are_in_the_next_month() -> None:
    late = ClosingState(utc("2026-06-01 02:59"), {DAY: date(2026, 5, 30), MONTH: date(2026, 5, 1)}, {})
    assert next_due(late, PARIS, utc("2026-06-01 03:00")) is None
    assert next_due(late, PARIS, utc("2026-06-02 03:00")) == Period(DAY, date(2026, 6, 1))
