"""Business days: each ends at 05:00 in the venue's time zone, after the longest evening.

A month and a year end with their last day. A late closing still contains only records received before the period's end.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.money.fiscal.rules.closing import PART_OF, Period, PeriodKind

DAY_ENDS: Final = time(5)
DAY_BEGINS: Final = timedelta(hours=DAY_ENDS.hour)
"""Offset after midnight, in the venue's time zone."""


class ClosingState(Struct, frozen=True):
    """State of the closings. `first_open` is when the first unclosed record was received; None: all are closed.

    `last` is the first day of the last closed period by kind. `first_part` is the first day of the earliest closed day
    (month) that belongs to no closed month (year).
    """

    first_open: datetime | None
    last: Mapping[PeriodKind, date]
    first_part: Mapping[PeriodKind, date]


def business_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the business day of a moment."""
    return (moment.astimezone(zone).replace(tzinfo=None) - DAY_BEGINS).date()


def begins(day: date, zone: ZoneInfo) -> datetime:
    """Return when a business day begins, in UTC."""
    return datetime.combine(day, DAY_ENDS, tzinfo=zone).astimezone(UTC)


def ends(period: Period, zone: ZoneInfo) -> datetime:
    """Return when a period ends, in UTC."""
    return begins(period.next_starts_on, zone)


def next_due(standing: ClosingState, zone: ZoneInfo, now: datetime) -> Period | None:
    """Return the next period to close: days before their month, months before their year; None if none is over.

    Records stored after their day was closed belong to the next day.
    """
    if standing.first_open is not None:
        since = [Period(kind, first).next_starts_on for kind, first in standing.last.items()]
        due = Period(PeriodKind.DAY, max([business_day(standing.first_open, zone), *since]))
        if ends(due, zone) <= now:
            return due
    for kind in PART_OF:
        part = standing.first_part.get(kind)
        if part is not None:
            first = part.replace(day=1) if kind is PeriodKind.MONTH else part.replace(month=1, day=1)
            due = Period(kind, first)
            if ends(due, zone) <= now:
                return due
    return None
