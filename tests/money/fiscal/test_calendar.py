"""Business days and due closings."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.venues import arena
from tests.zones import NEW_YORK, PARIS
from virage.demo.venues.drawing import stadium
from virage.money.fiscal.rules.calendar import (
    ClosingState,
    Due,
    OpenTill,
    begins,
    business_day,
    by_zone,
    ends,
    last_of_zone,
    next_due,
    zone_of,
)
from virage.money.fiscal.rules.closing import Period, PeriodKind

DAY, MONTH, YEAR = PeriodKind
HOUR = timedelta(hours=1)
moments = st.integers(0, 2**31).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(moments, st.sampled_from([PARIS, NEW_YORK]))
def test_every_time_has_one_business_day_also_when_the_clocks_change(moment: datetime, zone: ZoneInfo) -> None:
    day = business_day(moment, zone)
    assert begins(day, zone) <= moment < ends(Period(DAY, day), zone)


@given(moments, st.sampled_from([PARIS, NEW_YORK, ZoneInfo("Pacific/Apia"), ZoneInfo("Australia/Lord_Howe")]))
def test_business_days_follow_each_other_without_gap_or_overlap(moment: datetime, zone: ZoneInfo) -> None:
    day = business_day(moment, zone)
    following = day + timedelta(days=1)
    assert begins(day, zone) <= moment < begins(following, zone)
    assert business_day(begins(following, zone), zone) == following
    assert business_day(begins(following, zone) - timedelta(microseconds=1), zone) == day


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (PARIS, date(2026, 3, 28), 23),
        (PARIS, date(2026, 10, 24), 25),
        (NEW_YORK, date(2026, 3, 7), 23),
        (NEW_YORK, date(2026, 10, 31), 25),
    ],
)
def test_the_business_day_of_a_clock_change_has_23_or_25_hours(zone: ZoneInfo, day: date, hours: int) -> None:
    first = begins(day, zone)
    assert begins(day + timedelta(days=1), zone) - first == hours * HOUR
    assert {business_day(first + timedelta(minutes=minute), zone) for minute in range(hours * 60)} == {day}


def test_the_day_of_an_evening_ends_at_five_in_the_morning() -> None:
    assert business_day(utc("2026-05-10 02:59"), PARIS) == date(2026, 5, 9)
    assert business_day(utc("2026-05-10 03:00"), PARIS) == date(2026, 5, 10)
    assert business_day(utc("2026-12-10 03:59"), PARIS) == date(2026, 12, 9)


def standing(
    received: datetime | None = None,
    *,
    zone: ZoneInfo = PARIS,
    last_day: date | None = None,
    last: dict[PeriodKind, date] | None = None,
    first_part: dict[PeriodKind, date] | None = None,
) -> ClosingState:
    """The state of one zone: when the first unclosed record of its till was received, and what is closed."""
    tills = [] if received is None else [OpenTill(zone, received, last_day)]
    return ClosingState(tills, {zone}, {} if last_day is None else {zone: last_day}, last or {}, first_part or {})


def due_at(state: ClosingState, now: datetime) -> Period | None:
    found = next_due(state, now)
    return None if found is None else found.period


def test_a_day_is_due_once_it_is_over_and_has_unclosed_records() -> None:
    evening = standing(utc("2026-05-09 18:00"))
    assert due_at(evening, utc("2026-05-10 02:59")) is None
    assert next_due(evening, utc("2026-05-10 03:00")) == Due(
        Period(DAY, date(2026, 5, 9)), PARIS, utc("2026-05-10 03:00")
    )
    assert due_at(standing(), utc("2026-05-10 03:00")) is None


def test_records_received_after_their_day_was_closed_are_in_the_next_day() -> None:
    late = standing(utc("2026-05-09 18:00"), last_day=date(2026, 5, 9))
    assert due_at(late, utc("2026-05-10 03:00")) is None
    assert due_at(late, utc("2026-05-11 03:00")) == Period(DAY, date(2026, 5, 10))


def test_a_month_waits_for_its_days_and_a_year_for_its_months() -> None:
    first = utc("2027-01-01 03:59")  # still New Year's Eve at the venue
    year_end = utc("2027-01-01 04:00")
    days = standing(first, last_day=date(2026, 12, 30), first_part={MONTH: date(2026, 11, 3)})
    assert due_at(days, year_end) == Period(DAY, date(2026, 12, 31))
    parts = {MONTH: date(2026, 12, 3), YEAR: date(2026, 11, 1)}
    months = standing(year_end, last_day=date(2026, 12, 31), first_part=parts)
    assert due_at(months, year_end - HOUR) is None
    assert due_at(months, year_end) == Period(MONTH, date(2026, 12, 1))
    years = standing(last={MONTH: date(2026, 12, 1)}, first_part={YEAR: date(2026, 11, 1)})
    assert due_at(years, year_end) == Period(YEAR, date(2026, 1, 1))


def test_records_written_after_their_month_was_closed_are_in_the_next_month() -> None:
    late = standing(utc("2026-06-01 02:59"), last_day=date(2026, 5, 30), last={MONTH: date(2026, 5, 1)})
    assert due_at(late, utc("2026-06-01 03:00")) is None
    assert due_at(late, utc("2026-06-02 03:00")) == Period(DAY, date(2026, 6, 1))


# --- two time zones -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "paris_ends", "new_york_ends"),
    [
        (date(2026, 3, 7), "2026-03-08 04:00", "2026-03-08 09:00"),  # New York changes to summer time
        (date(2026, 3, 28), "2026-03-29 03:00", "2026-03-29 09:00"),  # Paris changes to summer time
        (date(2026, 10, 24), "2026-10-25 04:00", "2026-10-25 09:00"),  # Paris changes to winter time
        (date(2026, 10, 31), "2026-11-01 04:00", "2026-11-01 10:00"),  # New York changes to winter time
    ],
)
def test_a_day_ends_at_five_at_its_venue_when_the_clocks_change(day: date, paris_ends: str, new_york_ends: str) -> None:
    for zone, end, other_end in ((PARIS, paris_ends, new_york_ends), (NEW_YORK, new_york_ends, paris_ends)):
        assert ends(Period(DAY, day), zone) == utc(end) != utc(other_end)
        evening = standing(utc(f"{day} 23:30"), zone=zone)
        assert due_at(evening, utc(end) - HOUR / 60) is None
        assert due_at(evening, utc(end)) == Period(DAY, day)
        assert business_day(utc(end) - HOUR / 60, zone) == day
        assert business_day(utc(end), zone) == day + timedelta(days=1)


def test_each_zone_closes_its_own_days_and_the_one_that_ended_first_is_due_first() -> None:
    evening = utc("2026-10-31 23:30")
    tills = [OpenTill(NEW_YORK, evening, None), OpenTill(PARIS, evening, None)]
    both = ClosingState(tills, {PARIS, NEW_YORK}, {}, {}, {})
    assert next_due(both, utc("2026-11-01 12:00")) == Due(
        Period(DAY, date(2026, 10, 31)), PARIS, utc("2026-11-01 04:00")
    )
    # A closed day of Paris leaves that of New York open.
    paris_closed = ClosingState([tills[0]], {PARIS, NEW_YORK}, {PARIS: date(2026, 10, 31)}, {}, {})
    assert due_at(paris_closed, utc("2026-11-01 09:59")) is None
    assert next_due(paris_closed, utc("2026-11-01 10:00")) == Due(
        Period(DAY, date(2026, 10, 31)), NEW_YORK, utc("2026-11-01 10:00")
    )


def test_a_month_is_closed_once_it_is_over_in_every_zone() -> None:
    month = ClosingState([], {PARIS, NEW_YORK}, {}, {}, {MONTH: date(2026, 10, 3)})
    assert due_at(month, utc("2026-11-01 09:59")) is None
    assert next_due(month, utc("2026-11-01 10:00")) == Due(
        Period(MONTH, date(2026, 10, 1)), None, utc("2026-11-01 10:00")
    )


def test_a_till_that_moved_to_another_zone_does_not_close_a_day_twice() -> None:
    moved = OpenTill(NEW_YORK, utc("2026-05-09 23:00"), date(2026, 5, 9))
    state = ClosingState([moved], {PARIS, NEW_YORK}, {PARIS: date(2026, 5, 9)}, {}, {})
    assert due_at(state, utc("2026-05-10 09:00")) is None
    assert due_at(state, utc("2026-05-11 09:00")) == Period(DAY, date(2026, 5, 10))


def test_a_closing_ends_where_a_till_began_to_sell_in_another_zone() -> None:
    venues = [stadium(), arena()]
    assert zone_of(venues, "01") == PARIS
    assert zone_of(venues, "arena.01") == NEW_YORK
    assert zone_of(venues, "gone.01") == PARIS  # the records of a venue that is not there are closed with the first
    sold_at = {"01": 4, "02": 5, "arena.01": 7}
    assert last_of_zone(4, 9, sold_at, venues, {PARIS}) == 6
    assert last_of_zone(4, 9, sold_at, venues, {NEW_YORK}) == 3  # it has records of Paris to close first
    assert last_of_zone(4, 9, sold_at, venues, {PARIS, NEW_YORK}) == 9
    assert last_of_zone(4, 9, {"01": 4}, venues, {PARIS}) == 9


def test_the_last_closed_day_of_a_zone_is_that_of_any_of_its_venues() -> None:
    venues = [stadium(), arena()]
    days = {"": date(2026, 5, 9), "gone.": date(2026, 5, 10), "arena.": date(2026, 5, 8)}
    assert by_zone(days, venues) == {PARIS: date(2026, 5, 10), NEW_YORK: date(2026, 5, 8)}
