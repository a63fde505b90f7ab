"""Bonus credit: what the house gave to a purse is spent before what its owner loaded."""

from typing import NamedTuple

from virage.platform.money import Cents


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
