"""Payouts of a provider, and the balance entries that each consists of."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class PayoutState(StrEnum):
    """State of a payout at the provider. A paid payout may still fail at the bank."""

    PENDING = "pending"
    IN_TRANSIT = "in_transit"
    PAID = "paid"
    FAILED = "failed"
    CANCELED = "canceled"


class Listing(StrEnum):
    """Whether the provider can list the entries of a payout: now, later, or never, as for one made by hand."""

    READY = "ready"
    LATER = "later"
    NEVER = "never"


class EntryKind(StrEnum):
    """Kind of a balance entry. `payout` is the payout itself, which is no part of its sum.

    `charge_failure` takes back a debit that failed after it had settled.
    `application_fee` is what the operator keeps of a payment on an organiser's account, in the operator's balance.
    """

    CHARGE = "charge"
    CHARGE_FAILURE = "charge_failure"
    REFUND = "refund"
    REFUND_FAILURE = "refund_failure"
    DISPUTE = "dispute"
    DISPUTE_REVERSAL = "dispute_reversal"
    FEE = "fee"
    ADJUSTMENT = "adjustment"
    PAYOUT = "payout"
    PAYOUT_FAILURE = "payout_failure"
    APPLICATION_FEE = "application_fee"
    APPLICATION_FEE_RETURNED = "application_fee_returned"
    OTHER = "other"


class ProviderPayout(Struct, frozen=True):
    """Payout as the provider reports it. `reference` is what the bank may show of it, such as a trace id.

    `account` is the organiser's account that is paid out, None for the operator's own.
    """

    id: str
    amount_cents: int
    currency: str
    created_at: datetime
    arrives_on: date
    state: PayoutState
    listing: Listing
    reference: str | None = None
    descriptor: str | None = None
    failure: str | None = None
    account: str | None = None


class BalanceEntry(Struct, frozen=True):
    """Balance entry of a payout. `net_cents` is the amount less the fee; money that leaves is negative.

    `category` is the provider's word for the kind. `payment_id` and `refund_id` are ours, if the entry names them;
    `intent_ref` is the provider's id of the payment, `source_ref` that of the charge, refund, dispute or payout.
    `account` is the account that took the payment; None: the operator's own.
    """

    id: str
    kind: EntryKind
    category: str
    amount_cents: int
    fee_cents: int
    net_cents: int
    currency: str
    created_at: datetime
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    intent_ref: str | None = None
    source_ref: str | None = None
    account: str | None = None
