"""Bonus credit, which is spent before the balance."""

from typing import Final, NamedTuple
from uuid import UUID

from virage.money.wallet.ledger.types import AccountKind, Transfer, account, bonus
from virage.platform.values.money import Cents

_BETWEEN: Final = account(AccountKind.GRANTS, "between purses")
"""Transit account for bonus credit of linked cards; its balance is always zero."""


class Split(NamedTuple):
    """Split of an amount into bonus credit, wallet balance, and the uncovered rest."""

    bonus_cents: Cents
    wallet_cents: Cents
    lacking_cents: Cents


def split(cents: Cents, bonus_cents: Cents, wallet_cents: Cents) -> Split:
    """Split an amount over the available funds: bonus credit first, then the wallet."""
    of_bonus = max(0, min(cents, bonus_cents))
    of_wallet = max(0, min(cents - of_bonus, wallet_cents))
    return Split(of_bonus, of_wallet, cents - of_bonus - of_wallet)


def follow(ids: tuple[UUID, UUID], card_id: UUID, left_id: UUID, wallet_id: UUID, cents: Cents) -> list[Transfer]:
    """Return the transfers that move bonus credit to the wallet of a linked card."""
    return [
        Transfer(ids[0], bonus(left_id), _BETWEEN, cents, "card_moved", card_id),
        Transfer(ids[1], _BETWEEN, bonus(wallet_id), cents, "card_moved", card_id),
    ]
