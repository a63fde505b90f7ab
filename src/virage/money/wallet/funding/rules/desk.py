"""A desk loads purses with cash or by its card terminal, and pays out what came in that way."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID, uuid5

from msgspec import Meta, Struct

from virage.money.wallet.accounts.types import DeskTender, Purse
from virage.money.wallet.ledger.types import Account, Kind, Transfer, account, purse
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

LOAD_CENTS_MAX: Final = 1_000_000
MOVED: Final = "card_moved"


class Reason(StrEnum):
    """Why a desk neither takes money for a purse nor pays any out."""

    AMOUNT_BELOW_MIN = "amount_below_min"
    AMOUNT_ABOVE_MAX = "amount_above_max"
    PURSE_WOULD_EXCEED = "purse_would_exceed"
    ANONYMOUS_WOULD_EXCEED = "anonymous_would_exceed"
    ANONYMOUS_MONTH_REACHED = "anonymous_month_reached"
    PURSE_FROZEN = "purse_frozen"
    LOAD_ID_TAKEN = "load_id_taken"
    TAP_REQUIRED = "tap_required"
    EXCEEDS_WHAT_CAME_IN = "exceeds_what_came_in"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LOAD_FORGED = "load_forged"
    LOAD_INVALID = "load_invalid"
    LOAD_TOO_OLD = "load_too_old"
    NOT_THIS_TILL = "not_this_till"
    NOT_THIS_PURSE = "not_this_purse"
    NOT_YOUR_OUTLET = "not_your_outlet"
    CASHIER_NOT_HERE = "cashier_not_here"


class DeskLimits(Struct, frozen=True):
    """What the law and the house allow at a desk: cents of one load, and in a purse at any time.

    A purse that nobody's name stands on holds less, and takes less a month (Directive (EU) 2018/843, article 12).
    """

    load_min_cents: Cents
    load_max_cents: Cents
    purse_max_cents: Cents
    anonymous_max_cents: Cents
    anonymous_month_max_cents: Cents


class Load(Struct, frozen=True):
    """Money for a purse (above zero), or out of it (below). The till makes `id`: sent twice, it is one load."""

    id: UUID
    till_id: UUID
    purse_id: UUID
    card_id: UUID
    cashier: UUID
    cents: Annotated[int, Meta(ge=-LOAD_CENTS_MAX, le=LOAD_CENTS_MAX)]
    tender: DeskTender
    slip: str | None = None


class Standing(Struct, frozen=True):
    """What a desk must know of a purse. `came_in` is what it was loaded with by each tender and not paid out."""

    purse: Purse
    balance_cents: Cents
    available_cents: Cents
    loaded_this_month_cents: Cents
    came_in: Mapping[DeskTender, Cents]


class Loaded(Struct, frozen=True):
    """A load as it stands in the books. `body` is what its till signed; loads of before tills signed have none."""

    load: Load
    booked_at: datetime
    body: bytes | None = None


def drawer(till_id: UUID, tender: DeskTender) -> Account:
    """The till's own account of what it took: the one that its sales move too."""
    return account(Kind.CASH if tender is DeskTender.CASH else Kind.TERMINAL, str(till_id))


def loadable(standing: Standing, limits: DeskLimits) -> Cents:
    """The most that a purse takes at once."""
    room = limits.purse_max_cents - standing.balance_cents
    if standing.purse.owner_id is None:
        room = min(room, limits.anonymous_max_cents - standing.balance_cents)
        room = min(room, limits.anonymous_month_max_cents - standing.loaded_this_month_cents)
    return max(0, min(room, limits.load_max_cents))


def payable(standing: Standing, tender: DeskTender) -> Cents:
    """The most that is paid out of a purse: what came in by that tender, as far as it is left."""
    return max(0, min(standing.available_cents, standing.came_in.get(tender, 0)))


def refuse(load: Load, standing: Standing, limits: DeskLimits) -> Refused | None:
    """Why a desk does not do it."""
    if standing.purse.frozen_at is not None:
        return Refused(Reason.PURSE_FROZEN)
    return _refuse_load(load.cents, standing, limits) if load.cents > 0 else _refuse_payout(load, standing)


def _refuse_load(cents: Cents, standing: Standing, limits: DeskLimits) -> Refused | None:
    if cents < limits.load_min_cents:
        return Refused(Reason.AMOUNT_BELOW_MIN, {"min_cents": limits.load_min_cents})
    if cents > limits.load_max_cents:
        return Refused(Reason.AMOUNT_ABOVE_MAX, {"max_cents": limits.load_max_cents})
    after = standing.balance_cents + cents
    left = {"left_cents": loadable(standing, limits)}
    if standing.purse.owner_id is None and after > limits.anonymous_max_cents:
        return Refused(Reason.ANONYMOUS_WOULD_EXCEED, left | {"max_cents": limits.anonymous_max_cents})
    if after > limits.purse_max_cents:
        return Refused(Reason.PURSE_WOULD_EXCEED, left)
    month = standing.loaded_this_month_cents + cents
    if standing.purse.owner_id is None and month > limits.anonymous_month_max_cents:
        return Refused(Reason.ANONYMOUS_MONTH_REACHED, left | {"max_cents": limits.anonymous_month_max_cents})
    return None


def _refuse_payout(load: Load, standing: Standing) -> Refused | None:
    if -load.cents > standing.available_cents:
        return Refused(Reason.INSUFFICIENT_FUNDS, {"available_cents": standing.available_cents})
    if -load.cents > payable(standing, load.tender):
        return Refused(Reason.EXCEEDS_WHAT_CAME_IN, {"payable_cents": payable(standing, load.tender)})
    return None


def transfer(load: Load) -> Transfer:
    """The transfer of a load or a payout, the same each time: between the till's own account and the purse."""
    till, fan = drawer(load.till_id, load.tender), purse(load.purse_id)
    debit, credit = (till, fan) if load.cents > 0 else (fan, till)
    return Transfer(transfer_id(load), debit, credit, abs(load.cents), purpose(load), load.id)


def transfer_id(load: Load) -> UUID:
    """The id of its transfer: of that till, for another till may have made the same id."""
    return uuid5(load.till_id, f"load {load.id}")


def payout_tap_id(till_id: UUID, load_id: UUID) -> UUID:
    """The id of the tap that pays out: one tap pays out once, and none that opened a page."""
    return uuid5(till_id, f"payout {load_id}")


def purpose(load: Load) -> str:
    """What a line of the history calls it."""
    return f"{load.tender}_{'load' if load.cents > 0 else 'payout'}"
