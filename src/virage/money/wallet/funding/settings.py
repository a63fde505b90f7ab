"""The settings of funding."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class FundingSettings(Struct, frozen=True, kw_only=True):
    """How much is loaded."""

    top_up_cents_min: Annotated[int, parse.cents] = 500
    """The least that a fan loads at once."""
    top_up_cents_max: Annotated[int, parse.cents] = 15_000
    """The most that a fan loads at once; a lawyer confirms it, as the next."""
    anonymous_cents_max: Annotated[int, parse.cents] = 15_000
    """The most that a purse holds which nobody's name stands on, when somebody loads it (Directive (EU) 2018/843)."""
    anonymous_month_cents_max: Annotated[int, parse.cents] = 15_000
    """The most that such a purse is loaded with in a month of the calendar; a lawyer confirms both."""
