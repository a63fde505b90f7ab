"""Periods as the office asks for them."""

from datetime import date
from typing import Annotated, Final

from litestar.params import Parameter

from virage.kernel.problems import Problem, granted, invalid_input
from virage.programme.rules import YEAR_MAX, YEAR_MIN

DAYS_MAX: Final = 400

FromDay = Annotated[date, Parameter(query="from", description="The first day of business")]
ToDay = Annotated[date, Parameter(query="to", description="The last day of business, itself too")]


def check_days(first: date, last: date) -> None:
    """Raise `invalid_input` for days that no calendar of ours has, the wrong way round, or more than 400 of them."""
    if not (YEAR_MIN <= first.year <= YEAR_MAX and YEAR_MIN <= last.year <= YEAR_MAX):
        granted(invalid_input("from", f"Days are those of the years {YEAR_MIN} to {YEAR_MAX}."))
    if last < first:
        granted(invalid_input("to", "The last day is not before the first one."))
    if (last - first).days >= DAYS_MAX:
        raise Problem("period_too_long", {"days_max": DAYS_MAX})
