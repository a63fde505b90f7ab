"""Settings of food orders."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class FoodOrderSettings(Struct, frozen=True, kw_only=True):
    """How long orders wait for a kitchen, and the compensation of late ones."""

    order_waits_min: Annotated[int, parse.positive] = 10
    """An order expires after this many minutes without acceptance; its hold is released."""
    voucher_late_min: Annotated[int, parse.positive] = 10
    """An order that is not ready this many minutes after its pick-up time is late and compensated."""
    voucher_cents: Annotated[int, parse.cents] = 300
    """Bonus for a late order, in cents; 0 for none."""
