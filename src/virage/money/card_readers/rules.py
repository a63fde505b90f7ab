"""Rules of card readers: which record a captured payment may pay, and when an unused payment is refunded."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.money.payments.types import FAILED, PaymentState
from virage.platform.values.money import Cents

PURPOSE: Final = "card_reader"
LIVES: Final = timedelta(minutes=2)
"""How long a reader waits for a card; then the payment is cancelled."""
SETTLES_WITHIN: Final = timedelta(minutes=5)
"""Time in which the record of a captured payment should arrive. Before, its till cannot return it by its report."""
RETURNED_AFTER: Final = timedelta(hours=24)
"""Age at which a captured payment without a record is refunded, whether or not its till reports."""
REGISTERS_WITHIN: Final = timedelta(minutes=1)
"""After this time without an answer a job asks the provider again about a registration."""
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE: Final = re.compile(r"CR-[0-9A-HJKMNP-TV-Z]{12}")
_REFERENCE_BITS: Final = 60


class CardReaderRefusal(StrEnum):
    """Why an act on a reader or on its payments is refused."""

    NOT_FOUND = "not_found"
    MISSING = "card_reader_missing"
    NOT_HERE = "card_reader_not_here"
    ID_TAKEN = "card_reader_id_taken"
    IN_USE = "card_reader_in_use"
    BOOKED = "card_payment_booked"


class CardPaymentDefect(StrEnum):
    """Why a payment does not pay a record."""

    UNKNOWN = "card_payment_unknown"
    NOT_CAPTURED = "card_payment_not_captured"
    WRONG = "card_payment_wrong"  # of another till, record or amount, or booked by another record
    RETURNED = "card_payment_returned"


class Reader(Struct, frozen=True):
    """Registered reader. `till_id` is the till whose payments it takes."""

    id: UUID
    provider_ref: str
    label: str
    outlet: str
    till_id: UUID | None
    registered_at: datetime


class Registration(Struct, frozen=True):
    """Reader that is being registered at the provider, by the `code` that it shows."""

    id: UUID
    code: str
    label: str
    outlet: str
    location_id: str
    begun_at: datetime
    begun_by: UUID | None


class NewCardPayment(Struct, frozen=True):
    """Payment that a till requests. The till makes `id`; `record_id` is the sale or top-up that it will book."""

    id: UUID
    till_id: UUID
    record_id: UUID
    amount_cents: Cents


class CardPayment(Struct, frozen=True):
    """Payment at a reader, with the times of what became of it."""

    id: UUID
    reference: str
    reader_id: UUID
    till_id: UUID
    outlet: str
    record_id: UUID
    amount_cents: Cents
    requested_at: datetime
    captured_at: datetime | None = None
    ended_at: datetime | None = None
    booked_at: datetime | None = None
    returned_at: datetime | None = None


class CardPaymentState(StrEnum):
    """State of a payment for the till."""

    WAITING = "waiting"
    CAPTURED = "captured"
    FAILED = "failed"
    BOOKED = "booked"
    RETURNED = "returned"


def reference_of(payment_id: UUID) -> str:
    """Return the reference that a record names as proof: `CR-` and 12 letters of Crockford's base 32.

    They are the lowest 60 bits of the id, which are random in a UUIDv7.
    """
    bits = payment_id.int & ((1 << _REFERENCE_BITS) - 1)
    return "CR-" + "".join(_CROCKFORD[(bits >> shift) & 31] for shift in range(_REFERENCE_BITS - 5, -1, -5))


def is_reference(proof: str | None) -> bool:
    """Return whether a proof names a payment at a reader; other terminals have slip numbers."""
    return proof is not None and _REFERENCE.fullmatch(proof) is not None


def defect_of(payment: CardPayment | None, till_id: UUID, record_id: UUID, cents: Cents) -> CardPaymentDefect | None:
    """Return why a payment does not pay a new record; None if it does. A sale and a top-up may have the same id."""
    if payment is None:
        return CardPaymentDefect.UNKNOWN
    is_other = (payment.till_id, payment.record_id, payment.amount_cents) != (till_id, record_id, cents)
    if is_other or payment.booked_at is not None:
        return CardPaymentDefect.WRONG
    if payment.returned_at is not None:
        return CardPaymentDefect.RETURNED
    return CardPaymentDefect.NOT_CAPTURED if payment.captured_at is None else None


def state_of(payment: CardPayment, state: PaymentState) -> CardPaymentState:
    """Return the state for the till; `state` is that of the payment itself."""
    if payment.returned_at is not None:
        return CardPaymentState.RETURNED
    if payment.booked_at is not None:
        return CardPaymentState.BOOKED
    if payment.captured_at is not None:
        return CardPaymentState.CAPTURED
    return CardPaymentState.FAILED if state in FAILED or payment.ended_at is not None else CardPaymentState.WAITING
