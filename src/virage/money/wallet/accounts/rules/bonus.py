"""Bonus credit: what the house gave to a purse is spent before what its owner loaded."""

from typing import Final, NamedTuple
from uuid import UUID

from virage.money.wallet.ledger.types import Kind, Transfer, account, bonus
from virage.platform.values.money import Cents

_BETWEEN: Final = account(Kind.GRANTS, "between purses")
"""Through which bonus follows a card to another purse; always at zero."""


class Split(NamedTuple):
    """Who pays an amount: the bonus credit, the purse, and what neither of them has."""

    bonus_cents: Cents
    purse_cents: Cents
    lacking_cents: Cents


def split(cents: Cents, bonus_cents: Cents, purse_cents: Cents) -> Split:
    """Split what is to be paid over what may be spent: bonus credit first, then the purse."""
    of_bonus = max(0, min(cents, bonus_cents))
    of_purse = max(0, min(cents - of_bonus, purse_cents))
    return Split(of_bonus, of_purse, cents - of_bonus - of_purse)


def follow(ids: tuple[UUID, UUID], card_id: UUID, left_id: UUID, purse_id: UUID, cents: Cents) -> list[Transfer]:
    """The bonus of an anonymous card goes where the card goes, as its money does."""
    return [
        Transfer(ids[0], bonus(left_id), _BETWEEN, cents, "card_moved", card_id),
        Transfer(ids[1], _BETWEEN, bonus(purse_id), cents, "card_moved", card_id),
    ]
