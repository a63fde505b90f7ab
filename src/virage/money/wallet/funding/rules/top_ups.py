"""Rules of top-ups by bank card and of payouts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.money.payments.types import FAILED, OPEN, Payment
from virage.money.wallet.accounts.types import AccountSettings, Wallet
from virage.money.wallet.funding.settings import FundingSettings
from virage.money.wallet.ledger.types import Account, AccountKind, Transfer, account, wallet_account
from virage.platform.settings.config import Config
from virage.platform.values.ids import named_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

PURPOSE: Final = "wallet"
"""Purpose of wallet payments in the payments domain."""
WALLET_PATH: Final = "/purse"
"""The wallet's page in emails and in return addresses of the payment provider. An installed app of 0.1.0 knows no other
address; today's app replaces it by `/wallet`."""
CARD_MONEY: Final = account(AccountKind.CLEARING, "cards")
"""Money that the provider holds for wallets."""
TICKET_MONEY: Final = account(AccountKind.CLEARING, "sold tickets")
"""Money that the provider holds of payments of tickets, whose proceeds on the exchange are in wallets."""
UNCLAIMED: Final = account(AccountKind.CLEARING, "unclaimed")
"""Money refunded to closed wallets that no bank card can take back: a debt that finance settles."""


class Reason(StrEnum):
    """Why a top-up or a payout is refused."""

    AMOUNT_BELOW_MIN = "amount_below_min"
    AMOUNT_ABOVE_MAX = "amount_above_max"
    WALLET_WOULD_EXCEED = "wallet_would_exceed"
    WALLET_FROZEN = "wallet_frozen"
    TOP_UP_ID_TAKEN = "top_up_id_taken"
    PAYMENT_FAILED = "payment_failed"
    NOTHING_TO_PAY_OUT = "nothing_to_pay_out"
    WALLET_NOT_EMPTY = "wallet_not_empty"


class Limits(Struct, frozen=True):
    """Limits in cents: per top-up, and per wallet."""

    top_up_min_cents: Cents
    top_up_max_cents: Cents
    wallet_max_cents: Cents


def limits_of(config: Config) -> Limits:
    """Return the configured limits."""
    settings = config.of(FundingSettings)
    return Limits(settings.top_up_cents_min, settings.top_up_cents_max, config.of(AccountSettings).purse_cents_max)


class TopUp(Struct, frozen=True):
    """A top-up; the browser creates `id` and `payment_id`."""

    id: UUID
    wallet_id: UUID
    payment_id: UUID
    cents: Cents


class Progress(StrEnum):
    """State of a top-up."""

    OPEN = "open"  # the payment is not settled yet
    CREDITED = "credited"
    FAILED = "failed"  # nothing was charged
    SENT_BACK = "sent_back"  # captured, could not be credited, and refunded


class Proceeds(Struct, frozen=True):
    """What the sale of tickets pays to the wallet of their seller.

    `id` is that of their refund, `payment_id` the payment that had bought them, `subject` what was sold.
    """

    id: UUID
    owner_id: UUID
    payment_id: UUID
    cents: Cents
    subject: UUID


class Paid(NamedTuple):
    """A captured payment and the cents that can still be refunded; the provider holds them on the account `held_on`."""

    payment_id: UUID
    left_cents: Cents
    held_on: Account = CARD_MONEY


class Share(NamedTuple):
    """Refund to one bank card, of money that the provider holds on the account `held_on`."""

    payment_id: UUID
    cents: Cents
    held_on: Account = CARD_MONEY


def may_top_up(wallet: Wallet, balance_cents: Cents, open_cents: Cents, cents: Cents, limits: Limits) -> Refused | None:
    """Refuse a top-up beyond the limits. Unpaid top-ups (`open_cents`) count, since they may still be paid."""
    if wallet.frozen_at is not None:
        return Refused(Reason.WALLET_FROZEN)
    if cents < limits.top_up_min_cents:
        return Refused(Reason.AMOUNT_BELOW_MIN, {"min_cents": limits.top_up_min_cents})
    if cents > limits.top_up_max_cents:
        return Refused(Reason.AMOUNT_ABOVE_MAX, {"max_cents": limits.top_up_max_cents})
    room = limits.wallet_max_cents - balance_cents - open_cents
    if cents > room:
        return Refused(Reason.WALLET_WOULD_EXCEED, {"left_cents": max(0, room), "open_cents": open_cents})
    return None


def open_cents(top_ups: Sequence[TopUp], made: Mapping[UUID, Payment], now: datetime) -> Cents:
    """Return the cents of top-ups whose payments are open and not expired."""
    payments = [(one.cents, made[one.payment_id]) for one in top_ups if one.payment_id in made]
    return sum(cents for cents, payment in payments if payment.state in OPEN and payment.expires_at > now)


def fits(top_up: TopUp, wallet: Wallet, balance_cents: Cents, wallet_max_cents: Cents) -> bool:
    """Return whether captured money can be credited; otherwise it is refunded in full."""
    return wallet.frozen_at is None and balance_cents + top_up.cents <= wallet_max_cents


def progress(payment: Payment | None, *, credited: bool) -> Progress:
    """Return the state of a top-up by its payment and its credit in the ledger."""
    if credited:
        return Progress.CREDITED
    if payment is None:
        return Progress.OPEN
    if payment.captured_cents is not None:
        return Progress.SENT_BACK
    return Progress.FAILED if payment.state in FAILED else Progress.OPEN


def paid(top_ups: Sequence[TopUp], made: Mapping[UUID, Payment], disputed: Collection[UUID]) -> list[Paid]:
    """Return the refundable cents of each top-up, in order.

    Nothing goes back to a `disputed` payment: the bank takes its money already, and a refund would pay it twice.
    """
    return [
        Paid(payment.id, payment.captured_cents - payment.refund_cents)
        for one in top_ups
        if (payment := made.get(one.payment_id)) is not None
        and payment.captured_cents is not None
        and payment.id not in disputed
    ]


def paid_by_sales(left: Mapping[UUID, Cents], made: Mapping[UUID, Payment], disputed: Collection[UUID]) -> list[Paid]:
    """Return the refundable cents of proceeds by the payment that had bought the tickets, in order.

    Nothing goes back to a `disputed` payment: its buyer asks the bank for the money.
    """
    return [
        Paid(id_, min(cents, payment.captured_cents - payment.refund_cents), TICKET_MONEY)
        for id_, cents in left.items()
        if (payment := made.get(id_)) is not None and payment.captured_cents is not None and id_ not in disputed
    ]


def credit_of_sale(wallet_id: UUID, sold: Proceeds) -> Transfer:
    """Return the transfer that credits proceeds to a wallet."""
    return Transfer(
        sale_credit_id(sold.id), TICKET_MONEY, wallet_account(wallet_id), sold.cents, "tickets_sold", sold.subject
    )


def sale_credit_id(refund_id: UUID) -> UUID:
    """Return the id of the credit of proceeds, by the refund of the sold tickets."""
    return named_id(refund_id, "proceeds")


def credit(wallet_id: UUID, top_up_id: UUID, payment_id: UUID, cents: Cents) -> Transfer:
    """Return the transfer that credits a payment to its wallet."""
    return Transfer(credit_id(payment_id), CARD_MONEY, wallet_account(wallet_id), cents, "top_up", top_up_id)


def unclaimed(transfer_id: UUID, wallet_id: UUID, cents: Cents) -> Transfer:
    """Return the transfer of a closed wallet's rest to unclaimed money."""
    return Transfer(transfer_id, wallet_account(wallet_id), UNCLAIMED, cents, "unclaimed", wallet_id)


def credit_id(payment_id: UUID) -> UUID:
    """Return the id of a credit. It is derived, because a browser chose the payment's id."""
    return named_id(payment_id, "top-up")


def shares(paid: Sequence[Paid], available_cents: Cents) -> list[Share]:
    """Return the refunds of a payout in the order of the payments, at most what each card paid.

    Cash and money already refunded to cards stay in the wallet.
    """
    left, found = available_cents, []
    for payment in paid:
        cents = min(left, payment.left_cents)
        if cents > 0:
            found.append(Share(payment.payment_id, cents, payment.held_on))
            left -= cents
    return found


def payout(payout_id: UUID, wallet_id: UUID, share: Share) -> Transfer:
    """Return the transfer of one part of a payout."""
    return Transfer(
        share_id(payout_id, share), wallet_account(wallet_id), share.held_on, share.cents, "payout", payout_id
    )


def share_id(payout_id: UUID, share: Share) -> UUID:
    """Return the deterministic id of a part: of its transfer and of its refund."""
    return named_id(payout_id, str(share.payment_id))
