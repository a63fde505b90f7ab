"""Top-ups by bank card: what may be loaded, what has become of it, and what goes back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from msgspec import Struct

from virage.money.payments.types import FAILED, OPEN, Payment
from virage.money.wallet.accounts.types import AccountSettings, Purse
from virage.money.wallet.funding.settings import FundingSettings
from virage.money.wallet.ledger.types import Kind, Transfer, account, purse
from virage.platform.settings.config import Config
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

PURPOSE: Final = "wallet"
"""What payments for purses are called where payments are kept."""
CARD_MONEY: Final = account(Kind.CLEARING, "cards")
"""What the provider holds for the purses."""
UNCLAIMED: Final = account(Kind.CLEARING, "unclaimed")
"""What came later into purses of people who were erased and goes back to no bank card: owed, and finance's to empty."""


class Reason(StrEnum):
    """Why a top-up or a payout is refused."""

    AMOUNT_BELOW_MIN = "amount_below_min"
    AMOUNT_ABOVE_MAX = "amount_above_max"
    PURSE_WOULD_EXCEED = "purse_would_exceed"
    PURSE_FROZEN = "purse_frozen"
    TOP_UP_ID_TAKEN = "top_up_id_taken"
    PAYMENT_FAILED = "payment_failed"
    NOTHING_TO_PAY_OUT = "nothing_to_pay_out"
    PURSE_NOT_EMPTY = "purse_not_empty"


class Limits(Struct, frozen=True):
    """What the law and the house allow: cents of one top-up, and in a purse at any time."""

    top_up_min_cents: Cents
    top_up_max_cents: Cents
    purse_max_cents: Cents


def limits_of(config: Config) -> Limits:
    """What the configuration allows."""
    settings = config.of(FundingSettings)
    return Limits(settings.top_up_cents_min, settings.top_up_cents_max, config.of(AccountSettings).purse_cents_max)


class TopUp(Struct, frozen=True):
    """Money that somebody wants in a purse; the browser makes `id` and `payment_id`."""

    id: UUID
    purse_id: UUID
    payment_id: UUID
    cents: Cents


class Progress(StrEnum):
    """What has become of a top-up."""

    OPEN = "open"  # nobody knows yet whether its money comes
    CREDITED = "credited"
    FAILED = "failed"  # nothing was charged
    SENT_BACK = "sent_back"  # its money came and could not be credited


class Paid(NamedTuple):
    """A top-up's payment and what of it may still go back to its bank card."""

    payment_id: UUID
    left_cents: Cents


class Share(NamedTuple):
    """What goes back to one bank card."""

    payment_id: UUID
    cents: Cents


def may_top_up(purse_: Purse, balance_cents: Cents, open_cents: Cents, cents: Cents, limits: Limits) -> Refused | None:
    """Whether so much may be loaded now; top-ups that are not paid yet (`open_cents`) count, for they may still be."""
    if purse_.frozen_at is not None:
        return Refused(Reason.PURSE_FROZEN)
    if cents < limits.top_up_min_cents:
        return Refused(Reason.AMOUNT_BELOW_MIN, {"min_cents": limits.top_up_min_cents})
    if cents > limits.top_up_max_cents:
        return Refused(Reason.AMOUNT_ABOVE_MAX, {"max_cents": limits.top_up_max_cents})
    room = limits.purse_max_cents - balance_cents - open_cents
    if cents > room:
        return Refused(Reason.PURSE_WOULD_EXCEED, {"left_cents": max(0, room), "open_cents": open_cents})
    return None


def open_cents(top_ups: Sequence[TopUp], made: Mapping[UUID, Payment], now: datetime) -> Cents:
    """The sum of the top-ups whose payments may still be captured in their time."""
    payments = [(one.cents, made[one.payment_id]) for one in top_ups if one.payment_id in made]
    return sum(cents for cents, payment in payments if payment.state in OPEN and payment.expires_at > now)


def fits(top_up: TopUp, purse_: Purse, balance_cents: Cents, purse_max_cents: Cents) -> bool:
    """Whether money that was captured may be credited: otherwise it goes back whole to its bank card."""
    return purse_.frozen_at is None and balance_cents + top_up.cents <= purse_max_cents


def progress(payment: Payment | None, *, credited: bool) -> Progress:
    """What has become of a top-up, by its payment and whether the ledger has its credit."""
    if credited:
        return Progress.CREDITED
    if payment is None:
        return Progress.OPEN
    if payment.captured_cents is not None:
        return Progress.SENT_BACK
    return Progress.FAILED if payment.state in FAILED else Progress.OPEN


def paid(top_ups: Sequence[TopUp], made: Mapping[UUID, Payment]) -> list[Paid]:
    """What of each top-up's money may still go back, in the order of the top-ups."""
    return [
        Paid(payment.id, payment.captured_cents - payment.refund_cents)
        for one in top_ups
        if (payment := made.get(one.payment_id)) is not None and payment.captured_cents is not None
    ]


def credit(purse_id: UUID, top_up_id: UUID, payment_id: UUID, cents: Cents) -> Transfer:
    """Money that came by bank card goes into its purse, once a payment."""
    return Transfer(credit_id(payment_id), CARD_MONEY, purse(purse_id), cents, "top_up", top_up_id)


def unclaimed(transfer_id: UUID, purse_id: UUID, cents: Cents) -> Transfer:
    """What nobody can have who is erased goes out of the purse, for finance to look after."""
    return Transfer(transfer_id, purse(purse_id), UNCLAIMED, cents, "unclaimed", purse_id)


def credit_id(payment_id: UUID) -> UUID:
    """The id of a payment's credit. A browser chose the payment's, and could choose one that another transfer has."""
    return uuid5(payment_id, "top-up")


def shares(paid: Sequence[Paid], available_cents: Cents) -> list[Share]:
    """What goes back to which bank card: the latest top-up first, at most what came by it.

    What came in cash, or was given back to its card before, stays in the purse, for a desk pays it out.
    """
    left, found = available_cents, []
    for payment in paid:
        cents = min(left, payment.left_cents)
        if cents > 0:
            found.append(Share(payment.payment_id, cents))
            left -= cents
    return found


def payout(payout_id: UUID, purse_id: UUID, share: Share) -> Transfer:
    """One part of a payout: out of the purse, towards the provider."""
    return Transfer(share_id(payout_id, share), purse(purse_id), CARD_MONEY, share.cents, "payout", payout_id)


def share_id(payout_id: UUID, share: Share) -> UUID:
    """The id of a part, the same each time: of its transfer, and of the refund that the provider is asked for."""
    return uuid5(payout_id, str(share.payment_id))
