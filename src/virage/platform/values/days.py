"""Calendar days and months of a time zone."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of a moment."""
    return moment.astimezone(zone).date()


def month_begins(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return when the calendar month of a moment begins, in UTC.

    A midnight that the clock shows twice is the first one, and one that it skips is the moment of the change.
    """
    return datetime.combine(local_day(moment, zone).replace(day=1), time(0), zone).astimezone(UTC)
