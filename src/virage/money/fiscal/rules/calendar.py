"""Business days: each ends at 05:00 in the time zone of the outlet's venue, after the longest evening.

Days are closed per time zone. A month and a year end with their last day in every time zone, and are closed once. A
late closing still contains only records received before the period's end.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.money.fiscal.rules.closing import PART_OF, Period, PeriodKind
from virage.site.venue.types import Venue, owner_of

DAY_ENDS: Final = time(5)
DAY_BEGINS: Final = timedelta(hours=DAY_ENDS.hour)
"""Offset after midnight, in the venue's time zone."""


class OpenTill(Struct, frozen=True):
    """Till with unclosed records: the zone and the time of receipt of the first one, and its last closed day."""

    zone: ZoneInfo
    first_received: datetime
    last_day: date | None


class ClosingState(Struct, frozen=True):
    """State of the closings. `open_tills` are the tills with unclosed records, `zones` those of all venues.

    `last_days` is the last closed day by zone, `last` the first day of the last closed month and year. `first_part` is
    the first day of the earliest closed day (month) that belongs to no closed month (year).
    """

    open_tills: Sequence[OpenTill]
    zones: Collection[ZoneInfo]
    last_days: Mapping[ZoneInfo, date]
    last: Mapping[PeriodKind, date]
    first_part: Mapping[PeriodKind, date]


class Due(NamedTuple):
    """Period to close, and when it ended. `zone` is the time zone of a day; None for months and years."""

    period: Period
    zone: ZoneInfo | None
    ended_at: datetime


def zone_of(venues: Sequence[Venue], outlet: str) -> ZoneInfo:
    """Return the time zone of an outlet's venue. Codes of no venue belong to the first one: every record is closed."""
    return (owner_of(venues, outlet) or venues[0]).zone


def by_zone(days: Mapping[str, date], venues: Sequence[Venue]) -> dict[ZoneInfo, date]:
    """Return the last closed day by time zone from that of each prefix of outlets' codes."""
    found: dict[ZoneInfo, date] = {}
    for prefix, day in days.items():
        zone = zone_of(venues, prefix)
        found[zone] = max(day, found.get(zone, day))
    return found


def last_of_zone(
    first: int, last: int, outlets: Mapping[str, int], venues: Sequence[Venue], zones: Collection[ZoneInfo]
) -> int:
    """Return the last of some records of a till before it sold in another zone; `first` - 1 if it already does.

    `outlets` is the number of the first of these records by outlet. A till that moved between time zones has records of
    both: the later ones belong to a day of the other zone.
    """
    foreign = [number for outlet, number in outlets.items() if zone_of(venues, outlet) not in zones]
    return min([last, *(max(number, first) - 1 for number in foreign)])


def business_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the business day of a moment."""
    return (moment.astimezone(zone).replace(tzinfo=None) - DAY_BEGINS).date()


def begins(day: date, zone: ZoneInfo) -> datetime:
    """Return when a business day begins, in UTC."""
    return datetime.combine(day, DAY_ENDS, tzinfo=zone).astimezone(UTC)


def ends(period: Period, zone: ZoneInfo) -> datetime:
    """Return when a period ends, in UTC."""
    return begins(period.next_starts_on, zone)


def next_due(state: ClosingState, now: datetime) -> Due | None:
    """Return the next period to close: days before their month, months before their year; None if none is over.

    Of several days the one that ended first. Records stored after their day was closed belong to the next day.
    """
    days = [_day_of(till, state) for till in state.open_tills]
    if days and (first := min(days, key=lambda due: due.ended_at)).ended_at <= now:
        return first
    for kind in PART_OF:
        part = state.first_part.get(kind)
        if part is not None:
            period = Period(kind, part.replace(day=1) if kind is PeriodKind.MONTH else part.replace(month=1, day=1))
            ended_at = max(ends(period, zone) for zone in state.zones)
            if ended_at <= now:
                return Due(period, None, ended_at)
    return None


def _day_of(till: OpenTill, state: ClosingState) -> Due:
    """Return the day of a till's first unclosed record, or the first day that is still open for it."""
    since = [Period(kind, first).next_starts_on for kind, first in state.last.items()]
    closed = [day for day in (till.last_day, state.last_days.get(till.zone)) if day is not None]
    since += [day + timedelta(days=1) for day in closed]
    period = Period(PeriodKind.DAY, max([business_day(till.first_received, till.zone), *since]))
    return Due(period, till.zone, ends(period, till.zone))
