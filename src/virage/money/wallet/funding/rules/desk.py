"""Rules of top-ups and payouts at card desks, in cash or by card terminal."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from virage.money.wallet.accounts.types import DeskTender, Wallet
from virage.money.wallet.ledger.types import Account, AccountKind, Transfer, account, wallet_account
from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

DESK_CENTS_MAX: Final = 1_000_000
MOVED: Final = "card_moved"


class Reason(StrEnum):
    """Refusals of a desk. Paired tills of earlier versions know them by these names."""

    AMOUNT_BELOW_MIN = "amount_below_min"
    AMOUNT_ABOVE_MAX = "amount_above_max"
    WALLET_WOULD_EXCEED = "purse_would_exceed"
    ANONYMOUS_WOULD_EXCEED = "anonymous_would_exceed"
    ANONYMOUS_MONTH_REACHED = "anonymous_month_reached"
    WALLET_FROZEN = "purse_frozen"
    LOAD_ID_TAKEN = "load_id_taken"
    TAP_REQUIRED = "tap_required"
    EXCEEDS_WHAT_CAME_IN = "exceeds_what_came_in"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LOAD_FORGED = "load_forged"
    LOAD_INVALID = "load_invalid"
    LOAD_TOO_OLD = "load_too_old"
    NOT_THIS_TILL = "not_this_till"
    NOT_THIS_WALLET = "not_this_purse"
    NOT_YOUR_OUTLET = "not_your_outlet"
    CASHIER_NOT_HERE = "cashier_not_here"


class DeskLimits(Struct, frozen=True):
    """Limits of a desk, in cents: per top-up, per wallet, and for anonymous wallets.

    Anonymous wallets are limited by Directive (EU) 2018/843, article 12. Days and months are in the time zone `zone`.
    """

    top_up_min_cents: Cents
    top_up_max_cents: Cents
    wallet_max_cents: Cents
    anonymous_max_cents: Cents
    anonymous_month_max_cents: Cents
    zone: ZoneInfo


class DeskTransaction(Struct, frozen=True):
    """A top-up (positive cents) or payout (negative) at a desk. The till creates `id`."""

    id: UUID
    till_id: UUID
    wallet_id: UUID
    card_id: UUID
    cashier: UUID
    cents: Annotated[int, Meta(ge=-DESK_CENTS_MAX, le=DESK_CENTS_MAX)]
    tender: DeskTender
    slip: str | None = None


class Standing(Struct, frozen=True):
    """State of a wallet that a desk checks. `paid_in_at_desks`: top-ups less payouts, by tender."""

    wallet: Wallet
    balance_cents: Cents
    available_cents: Cents
    topped_up_this_month_cents: Cents
    paid_in_at_desks: Mapping[DeskTender, Cents]


class BookedDeskTransaction(Struct, frozen=True):
    """A stored desk transaction. `body` is the text that its till signed; older ones have none."""

    transaction: DeskTransaction
    booked_at: datetime
    body: bytes | None = None


def drawer(till_id: UUID, tender: DeskTender) -> Account:
    """Return the account of the till's drawer or terminal, which its sales use too."""
    return account(AccountKind.CASH if tender is DeskTender.CASH else AccountKind.TERMINAL, str(till_id))


def max_top_up(standing: Standing, limits: DeskLimits) -> Cents:
    """Return the maximum top-up."""
    room = limits.wallet_max_cents - standing.balance_cents
    if standing.wallet.owner_id is None:
        room = min(room, limits.anonymous_max_cents - standing.balance_cents)
        room = min(room, limits.anonymous_month_max_cents - standing.topped_up_this_month_cents)
    return max(0, min(room, limits.top_up_max_cents))


def max_payout(standing: Standing, tender: DeskTender) -> Cents:
    """Return the maximum payout by a tender."""
    return max(0, min(standing.available_cents, standing.paid_in_at_desks.get(tender, 0)))


def refuse(transaction: DeskTransaction, standing: Standing, limits: DeskLimits) -> Refused | None:
    """Refuse a desk transaction beyond the limits."""
    if standing.wallet.frozen_at is not None:
        return Refused(Reason.WALLET_FROZEN)
    return (
        _refuse_top_up(transaction.cents, standing, limits)
        if transaction.cents > 0
        else _refuse_payout(transaction, standing)
    )


def _refuse_top_up(cents: Cents, standing: Standing, limits: DeskLimits) -> Refused | None:
    if cents < limits.top_up_min_cents:
        return Refused(Reason.AMOUNT_BELOW_MIN, {"min_cents": limits.top_up_min_cents})
    if cents > limits.top_up_max_cents:
        return Refused(Reason.AMOUNT_ABOVE_MAX, {"max_cents": limits.top_up_max_cents})
    after = standing.balance_cents + cents
    left = {"left_cents": max_top_up(standing, limits)}
    if standing.wallet.owner_id is None and after > limits.anonymous_max_cents:
        return Refused(Reason.ANONYMOUS_WOULD_EXCEED, left | {"max_cents": limits.anonymous_max_cents})
    if after > limits.wallet_max_cents:
        return Refused(Reason.WALLET_WOULD_EXCEED, left)
    month = standing.topped_up_this_month_cents + cents
    if standing.wallet.owner_id is None and month > limits.anonymous_month_max_cents:
        return Refused(Reason.ANONYMOUS_MONTH_REACHED, left | {"max_cents": limits.anonymous_month_max_cents})
    return None


def _refuse_payout(transaction: DeskTransaction, standing: Standing) -> Refused | None:
    if -transaction.cents > standing.available_cents:
        return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": standing.available_cents})
    if -transaction.cents > max_payout(standing, transaction.tender):
        return Refused(Reason.EXCEEDS_WHAT_CAME_IN, {"payable_cents": max_payout(standing, transaction.tender)})
    return None


def transfer(transaction: DeskTransaction) -> Transfer:
    """Return the transfer between the till's account and the wallet; its id is deterministic."""
    till, fan = drawer(transaction.till_id, transaction.tender), wallet_account(transaction.wallet_id)
    debit, credit = (till, fan) if transaction.cents > 0 else (fan, till)
    return Transfer(
        transfer_id(transaction), debit, credit, abs(transaction.cents), purpose(transaction), transaction.id
    )


def transfer_id(transaction: DeskTransaction) -> UUID:
    """Return the id of the transfer, unique per till."""
    return named_id(transaction.till_id, f"load {transaction.id}")


def payout_tap_id(till_id: UUID, transaction_id: UUID) -> UUID:
    """Return the id under which the tap of a payout is taken, so that it pays out once."""
    return named_id(till_id, f"payout {transaction_id}")


def purpose(transaction: DeskTransaction) -> str:
    """Return the purpose in the history."""
    return f"{transaction.tender}_{'load' if transaction.cents > 0 else 'payout'}"
