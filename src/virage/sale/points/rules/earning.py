"""What rules earn at an event, for what was spent, and what a refund takes back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.ledger.types import Account as LedgerAccount
from virage.money.wallet.ledger.types import AccountKind, Transfer, account
from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents
from virage.sale.points.rules.terms import Basis, EarningRule, Movement, PointsTier, Programme
from virage.site.programme.types import Event

TIER_OF: Final = timedelta(days=365)
"""A tier is reached by the points earned in this time."""
_MILLE: Final = 1000


class Earning(Struct, frozen=True):
    """Points that a rule earns; `multiplier_permille` is that of the tier."""

    rule: EarningRule
    points: int
    multiplier_permille: int


def fan_account(account_id: UUID) -> LedgerAccount:
    """Return the ledger's account of a fan's points."""
    return account(AccountKind.POINTS, str(account_id))


def movement_id(account_id: UUID, what: str) -> UUID:
    """Return the id of a movement and of its transfer: a repetition is the same movement."""
    return named_id(account_id, what)


def transfer_of(movement: Movement, organiser_id: UUID) -> Transfer:
    """Return the transfer of a movement that moves points."""
    if movement.rule_id is not None:
        kind = AccountKind.POINTS_ISSUED
    else:
        kind = AccountKind.POINTS_LAPSED if movement.kind == "lapsed" else AccountKind.POINTS_REDEEMED
    fan, other = fan_account(movement.account_id), account(kind, str(organiser_id))
    debit, credit = (other, fan) if movement.points > 0 else (fan, other)
    return Transfer(movement.id, debit, credit, abs(movement.points), f"points_{movement.kind}", movement.source)


def applies(rule: EarningRule, event: Event) -> bool:
    """Return whether a rule is for an event."""
    return rule.series_id in {None, event.series_id} and rule.event_kind in {None, event.kind}


def tier_at(tiers: Sequence[PointsTier], earned: int) -> PointsTier | None:
    """Return the highest tier that is reached by points earned in 12 months, None below the first one."""
    reached = [tier for tier in tiers if tier.threshold <= earned]
    return max(reached, key=lambda tier: tier.threshold, default=None)


def next_tier(tiers: Sequence[PointsTier], earned: int) -> PointsTier | None:
    """Return the next tier above points earned in 12 months, None in the highest one."""
    above = [tier for tier in tiers if tier.threshold > earned]
    return min(above, key=lambda tier: tier.threshold, default=None)


def multiplier(tiers: Sequence[PointsTier], earned: int) -> int:
    """Return the multiplier of the tier that is reached, in permille."""
    tier = tier_at(tiers, earned)
    return _MILLE if tier is None else tier.multiplier_permille


def by_entry(programme: Programme, event: Event, entered_at: datetime, earned: int) -> list[Earning]:
    """Return what an entry earns; `earned` are the points of the last 12 months.

    An entry at the moment of the start is not before it.
    """
    bases: set[Basis] = {"entry", "early_entry"} if entered_at < event.starts_at else {"entry"}
    return _earnings(programme, event, bases, 1, earned)


def by_spend(
    programme: Programme, event: Event, basis: Basis, cents: Cents, *, unit_cents: Cents, earned: int
) -> list[Earning]:
    """Return what an amount earns. `unit_cents` is one unit of the currency; parts of a unit earn nothing."""
    return _earnings(programme, event, {basis}, cents // unit_cents, earned)


def _earnings(programme: Programme, event: Event, bases: set[Basis], times: int, earned: int) -> list[Earning]:
    permille = multiplier(programme.tiers, earned)
    found = [
        Earning(rule, rule.points * times * permille // _MILLE, permille)
        for rule in programme.rules
        if rule.basis in bases and applies(rule, event)
    ]
    return [one for one in found if one.points > 0]


class TakenBack(Struct, frozen=True):
    """What a refund or a withdrawn scan takes back; `written_off` had been spent and is not collected later."""

    points: int
    written_off: int


def earned_by_cents(earned: Movement, cents: Cents, unit_cents: Cents) -> int:
    """Return the points of a purchase by the rule and tier of its movement, now that `cents` are left of the amount."""
    assert earned.rate is not None and earned.multiplier_permille is not None  # noqa: S101, PT018 - earned by a rule
    return earned.rate * (cents // unit_cents) * earned.multiplier_permille // _MILLE


def is_still_earned(basis: Basis, entered_at: datetime | None, starts_at: datetime) -> bool:
    """Return whether an entry still earns by a basis; `entered_at` is the first entry that is left, None for none."""
    return entered_at is not None and (basis == "entry" or entered_at < starts_at)


def taken_back(moved: Sequence[Movement], deserved: int, available: int) -> TakenBack | None:
    """Return what is to be taken back of an earning that deserves `deserved` points now; None for nothing.

    `moved` are its movements: what it earned, and what was taken back before. `available` is the balance.
    """
    excess = sum(one.points - one.written_off for one in moved) - deserved
    if excess <= 0:
        return None
    points = min(excess, available)
    return TakenBack(points, excess - points)
