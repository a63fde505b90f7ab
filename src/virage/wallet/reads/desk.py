"""Purses as desks see them."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.kernel.money import Cents
from virage.wallet.rules.cards import BlockReason


class PurseAtDesk(Struct, frozen=True):
    """A purse as the cashier sees it. `purse` is as much of its id as tells two purses apart.

    `loadable_cents` is the most that it takes at once, `payable_cash_cents` and `payable_terminal_cents` what a desk
    pays out of it: what came in that way, as far as it is left. `anonymous`: nobody's name stands on it.
    """

    purse: str
    anonymous: bool
    holder_name: str | None
    label: str | None
    blocked: BlockReason | None
    available_cents: Cents
    bonus_cents: Cents
    loadable_cents: Cents
    payable_cash_cents: Cents
    payable_terminal_cents: Cents


class LoadBooked(Struct, frozen=True):
    """A load that stands in the books, and what the purse has now."""

    id: UUID
    cents: Cents
    booked_at: datetime
    purse: str
    label: str | None
    available_cents: Cents
    bonus_cents: Cents
