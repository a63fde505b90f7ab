"""Wallets, and the transfers that move the balance of a linked card."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.ledger.types import AccountKind, Transfer, account, wallet_account
from virage.platform.values.money import Cents

_BETWEEN: Final = account(AccountKind.CLEARING, "between purses")
BY_TERMINAL: Final = account(AccountKind.CLEARING, "between purses, by terminal")
"""Transit accounts for balances of linked cards, so that both histories show the move; always zero."""


class Reason(StrEnum):
    """Refusals of money for a wallet."""

    WALLET_WOULD_EXCEED = "wallet_would_exceed"


class DeskTender(StrEnum):
    """Tender at a card desk: the till's drawer, or its card terminal."""

    CASH = "cash"
    TERMINAL = "terminal"


class Wallet(Struct, frozen=True):
    """A wallet; `owner_id` is None for anonymous cards, `frozen_at` is set once it is closed."""

    id: UUID
    owner_id: UUID | None
    frozen_at: datetime | None = None


def follow(
    ids: tuple[UUID, UUID], card_id: UUID, left_id: UUID, wallet_id: UUID, cents: Cents, *, by_terminal: bool = False
) -> list[Transfer]:
    """Return the two transfers that move the balance of a linked anonymous card.

    Terminal money uses a transit account of its own, so that its tender stays known.
    """
    between = BY_TERMINAL if by_terminal else _BETWEEN
    return [
        Transfer(ids[0], wallet_account(left_id), between, cents, "card_moved", card_id),
        Transfer(ids[1], between, wallet_account(wallet_id), cents, "card_moved", card_id),
    ]
