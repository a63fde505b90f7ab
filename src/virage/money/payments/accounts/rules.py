"""Rules of organisers' accounts at the payment provider: the operator's fee, and what the provider says of an account.

An organiser with an account sells in its own name: its payments are direct charges on that account, and the operator
keeps an application fee (https://docs.stripe.com/connect/direct-charges).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.platform.values.refusals import Refused

PERMILLE: Final = 1000
FEE_PERMILLE_MAX: Final = 500
"""Half of a payment: a commission above it is a mistake of a person, such as 50 typed as 500."""
FEE_CENTS_MAX: Final = 1_000_000


class AccountRefusal(StrEnum):
    """Why an act on an account, or a payment to it, is refused."""

    NOT_FOUND = "not_found"
    NOT_OPENED = "account_not_opened"
    SELLER_NOT_READY = "seller_not_ready"


class FeeRule(Struct, frozen=True, forbid_unknown_fields=True):
    """What the operator keeps of each payment: `permille` of the amount and `cents`.

    `is_returned`: a refund gives the same part of it back.
    """

    permille: Annotated[int, Meta(ge=0, le=FEE_PERMILLE_MAX)] = 0
    cents: Annotated[int, Meta(ge=0, le=FEE_CENTS_MAX)] = 0
    is_returned: bool = True


def fee_of(rule: FeeRule, amount_cents: int) -> int:
    """Return the fee of a payment in cents: half a cent is rounded up, and the fee is never above the amount."""
    return min(amount_cents, (amount_cents * rule.permille + PERMILLE // 2) // PERMILLE + rule.cents)


class DirectCharge(Struct, frozen=True):
    """How a payment is charged on an organiser's account: the provider's id, the operator's fee, the shown name."""

    account: str
    fee_cents: int
    merchant: str


class NewAccount(Struct, frozen=True):
    """Account to create at the provider. Accounts that were created before `begun_at` cannot be this one."""

    organiser_id: UUID
    name: str
    begun_at: datetime


class AccountReport(Struct, frozen=True):
    """What the provider says about an account.

    `requirements` are the provider's codes of what is missing, to be given until `due_at`; `disabled_reason` is the
    provider's code why the account is restricted. The balance in cents is None if it was not read.
    """

    ref: str
    may_charge: bool
    may_pay_out: bool
    requirements: tuple[str, ...] = ()
    due_at: datetime | None = None
    disabled_reason: str | None = None
    available_cents: int | None = None
    pending_cents: int | None = None


DISCONNECTED: Final = "disconnected"
"""Reason of an account whose organiser has ended the connection: it is not charged any more."""


class Account(Struct, frozen=True):
    """Stored account of an organiser; `ref` is None until the provider has created it.

    One that was replaced takes no new payments; its refunds, disputes and payouts go on.
    """

    organiser_id: UUID
    ref: str | None
    begun_at: datetime
    fee: FeeRule = FeeRule()
    may_charge: bool = False
    may_pay_out: bool = False
    requirements: tuple[str, ...] = ()
    due_at: datetime | None = None
    disabled_reason: str | None = None
    read_at: datetime | None = None
    available_cents: int | None = None
    pending_cents: int | None = None
    negative_since: datetime | None = None
    replaced_at: datetime | None = None


def is_settled(account: Account) -> bool:
    """Return whether the last balance that was read is zero."""
    return account.available_cents is not None and (account.available_cents + (account.pending_cents or 0)) == 0


def updated(account: Account, report: AccountReport, now: datetime) -> Account:
    """Return an account after a report. A report without a balance leaves the balance as it was.

    A balance is negative if what is available and what is pending are below zero together.
    """
    available, pending = report.available_cents, report.pending_cents
    if available is None or pending is None:
        available, pending = account.available_cents, account.pending_cents
    is_negative = available is not None and pending is not None and available + pending < 0
    return replace(
        account,
        may_charge=report.may_charge,
        may_pay_out=report.may_pay_out,
        requirements=report.requirements,
        due_at=report.due_at,
        disabled_reason=report.disabled_reason,
        read_at=now,
        available_cents=available,
        pending_cents=pending,
        negative_since=(account.negative_since or now) if is_negative else None,
    )


def charge_on(account: Account, amount_cents: int) -> tuple[str, int, bool] | Refused:
    """Return account, fee and whether refunds return it, for a new payment; refused while it may not charge."""
    if account.ref is None or not account.may_charge:
        return Refused(AccountRefusal.SELLER_NOT_READY)
    return account.ref, fee_of(account.fee, amount_cents), account.fee.is_returned


class AccountStanding(StrEnum):
    """State of an account for the office. Tickets cannot be paid in `opening`, `incomplete` and `disconnected`."""

    OPENING = "opening"  # the provider has not answered yet
    INCOMPLETE = "incomplete"  # the organiser has to give details, or the provider checks them
    NO_PAYOUTS = "no_payouts"  # it may charge, and its money stays at the provider
    DUE = "due"  # it works, and details are required until a day
    READY = "ready"
    DISCONNECTED = "disconnected"


def standing(account: Account) -> AccountStanding:
    """Return the state of an account for the office."""
    if account.ref is None:
        return AccountStanding.OPENING
    if account.disabled_reason == DISCONNECTED:
        return AccountStanding.DISCONNECTED
    if account.replaced_at is not None:  # what it would need to charge does not matter any more
        return AccountStanding.READY if account.may_pay_out else AccountStanding.NO_PAYOUTS
    if not account.may_charge:
        return AccountStanding.INCOMPLETE
    if not account.may_pay_out:
        return AccountStanding.NO_PAYOUTS
    return AccountStanding.DUE if account.requirements else AccountStanding.READY
