"""Query parameters for periods."""

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

FromDay = Annotated[date, Named("from"), Meta(description="First business day")]
From = Annotated[Instant | None, Named("from"), Meta(description="Start of the period")]
To = Annotated[Instant | None, Named("to"), Meta(description="End of the period, exclusive")]
OfEvent = Annotated[UUID | None, Meta(description="Only this event; otherwise give from and to")]
ToDay = Annotated[date, Named("to"), Meta(description="Last business day, inclusive")]


def check_days(first: date, last: date, most: int = DAYS_MAX) -> None:
    """Raise `invalid_input` for days out of range or order, `period_too_long` for more than `most` days."""
    if not (YEAR_MIN <= first.year <= YEAR_MAX and YEAR_MIN <= last.year <= YEAR_MAX):
        raise Problem("invalid_input", _invalid("from", f"Days must be in the years {YEAR_MIN} to {YEAR_MAX}."))
    if last < first:
        raise Problem("invalid_input", _invalid("to", "The last day must not be before the first day."))
    if (last - first).days >= most:
        raise Problem("period_too_long", {"days_max": most})


def check_times(since: datetime | None, until: datetime | None, most: timedelta) -> tuple[datetime, datetime]:
    """Return a valid period; raise `invalid_input`, or `period_too_long` if it is longer than `most`."""
    if since is None or until is None:
        raise Problem("invalid_input", _invalid("event_id", "Give an event, or from and to."))
    if not all(YEAR_MIN <= moment.year <= YEAR_MAX for moment in (since, until)):
        raise Problem("invalid_input", _invalid("from", f"Times must be in the years {YEAR_MIN} to {YEAR_MAX}."))
    if until <= since:
        raise Problem("invalid_input", _invalid("to", "The end must be after the start."))
    if until - since > most:
        raise Problem("period_too_long", {"days_max": most.days})
    return since, until


def _invalid(source: str, message: str) -> dict[str, object]:
    return {"errors": [{"source": source, "message": message}]}
