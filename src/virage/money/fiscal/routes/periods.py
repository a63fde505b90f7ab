"""Periods as the office asks for them."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from virage.platform.web.problems import Problem
from virage.platform.web.routing import Named
from virage.site.programme.types import YEAR_MAX, YEAR_MIN, Instant

DAYS_MAX: Final = 400
EVER: Final = datetime(YEAR_MIN, 1, 1, tzinfo=UTC)
DAYS_EVER: Final = 366 * (YEAR_MAX + 1 - YEAR_MIN)
FOREVER: Final = datetime(YEAR_MAX + 1, 1, 1, tzinfo=UTC)

FromDay = Annotated[date, Named("from"), Meta(description="The first day of business")]
From = Annotated[Instant | None, Named("from"), Meta(description="From that moment on")]
To = Annotated[Instant | None, Named("to"), Meta(description="Before that moment")]
OfEvent = Annotated[UUID | None, Meta(description="Of that event; else give from and to")]
ToDay = Annotated[date, Named("to"), Meta(description="The last day of business, itself too")]


def check_days(first: date, last: date, most: int = DAYS_MAX) -> None:
    """Raise `invalid_input` for days that no calendar of ours has or the wrong way round, or more than some of them."""
    if not (YEAR_MIN <= first.year <= YEAR_MAX and YEAR_MIN <= last.year <= YEAR_MAX):
        raise Problem("invalid_input", _said("from", f"Days are those of the years {YEAR_MIN} to {YEAR_MAX}."))
    if last < first:
        raise Problem("invalid_input", _said("to", "The last day is not before the first one."))
    if (last - first).days >= most:
        raise Problem("period_too_long", {"days_max": most})


def check_times(since: datetime | None, until: datetime | None, most: timedelta) -> tuple[datetime, datetime]:
    """Two moments that are a period; raises `invalid_input` for anything else, or for one that is too long."""
    if since is None or until is None:
        raise Problem("invalid_input", _said("event_id", "Name an event, or from when to when."))
    if not all(YEAR_MIN <= moment.year <= YEAR_MAX for moment in (since, until)):
        raise Problem("invalid_input", _said("from", f"Moments are those of the years {YEAR_MIN} to {YEAR_MAX}."))
    if until <= since:
        raise Problem("invalid_input", _said("to", "The end is after the beginning."))
    if until - since > most:
        raise Problem("period_too_long", {"days_max": most.days})
    return since, until


def _said(source: str, message: str) -> dict[str, object]:
    return {"errors": [{"source": source, "message": message}]}
