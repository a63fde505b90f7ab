"""A purse, and how what is in it follows a card to another purse."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.ledger.types import Kind, Transfer, account, purse
from virage.platform.values.money import Cents

_BETWEEN: Final = account(Kind.CLEARING, "between purses")
BY_TERMINAL: Final = account(Kind.CLEARING, "between purses, by terminal")
"""Through which money follows a card to another purse, so that the history of either tells it; always at zero."""


class Reason(StrEnum):
    """Why a purse takes no money."""

    PURSE_WOULD_EXCEED = "purse_would_exceed"


class DeskTender(StrEnum):
    """What is loaded with, or paid out in: the till's drawer, or the card terminal beside it."""

    CASH = "cash"
    TERMINAL = "terminal"


class Purse(Struct, frozen=True):
    """A purse as it stands; nobody owns that of an anonymous card."""

    id: UUID
    owner_id: UUID | None
    frozen_at: datetime | None = None


def follow(
    ids: tuple[UUID, UUID], card_id: UUID, left_id: UUID, purse_id: UUID, cents: Cents, *, by_terminal: bool = False
) -> list[Transfer]:
    """What an anonymous card carried goes where the card goes, as two transfers: no transfer from fan to fan.

    What desks took by their terminals goes its own way, by which it is known as such for ever.
    """
    between = BY_TERMINAL if by_terminal else _BETWEEN
    return [
        Transfer(ids[0], purse(left_id), between, cents, "card_moved", card_id),
        Transfer(ids[1], between, purse(purse_id), cents, "card_moved", card_id),
    ]
