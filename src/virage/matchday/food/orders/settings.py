"""The settings of orders."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class FoodOrderSettings(Struct, frozen=True, kw_only=True):
    """How long an order by phone waits, and what a broken promise costs."""

    order_waits_min: Annotated[int, parse.positive] = 10
    """For how many minutes an order by phone waits for its kitchen; then it ends, and its money is free."""
    voucher_late_min: Annotated[int, parse.positive] = 10
    """So many minutes after its promise, an order that is not ready has a broken promise."""
    voucher_cents: Annotated[int, parse.cents] = 300
    """What the house gives for a broken promise, as bonus credit; 0: nothing."""
