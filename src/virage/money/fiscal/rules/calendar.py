"""When a day of business is over: at five in the morning by the clocks of the ground, after the longest evening.

A month and a year are over with their last day. Whoever closes late closes what was due: each day keeps what came
until its own end.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.money.fiscal.rules.closing import PART_OF, Period, PeriodKind

DAY_ENDS: Final = time(5)
DAY_BEGINS: Final = timedelta(hours=DAY_ENDS.hour)
"""How long after midnight, by the clocks of the ground."""


class Standing(Struct, frozen=True):
    """What is closed. `first_open` is when the first record came that is in no day; null: all are.

    `last` has the first day of the last closed period of each kind; `first_part` that of the first day (month) that is
    in no month (year).
    """

    first_open: datetime | None
    last: Mapping[PeriodKind, date]
    first_part: Mapping[PeriodKind, date]


def business_day(moment: datetime, zone: ZoneInfo) -> date:
    """The day of business in which a moment lies."""
    return (moment.astimezone(zone).replace(tzinfo=None) - DAY_BEGINS).date()


def begins(day: date, zone: ZoneInfo) -> datetime:
    """When a day of business begins, and the one before ends."""
    return datetime.combine(day, DAY_ENDS, tzinfo=zone).astimezone(UTC)


def ends(period: Period, zone: ZoneInfo) -> datetime:
    """When a period is over."""
    return begins(period.next_starts_on, zone)


def next_due(standing: Standing, zone: ZoneInfo, now: datetime) -> Period | None:
    """The next period to close: days before their month, months before their year; None while nothing is over.

    What came before the end of a period and was written after it was closed is in the next day.
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
