"""The settings of funding."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class FundingSettings(Struct, frozen=True, kw_only=True):
    """Limits of top-ups."""

    top_up_cents_min: Annotated[int, parse.cents] = 500
    """Minimum of one top-up."""
    top_up_cents_max: Annotated[int, parse.cents] = 15_000
    """Maximum of one top-up; to be confirmed by a lawyer, like the next two."""
    anonymous_cents_max: Annotated[int, parse.cents] = 15_000
    """Maximum balance of an anonymous wallet after a top-up (Directive (EU) 2018/843)."""
    anonymous_month_cents_max: Annotated[int, parse.cents] = 15_000
    """Maximum of top-ups of an anonymous wallet per calendar month."""
