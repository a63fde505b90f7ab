"""Deviations: uploaded records that break a price or a rule. They are booked and listed for the office."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct


class DeviationReason(StrEnum):
    """Kind of a deviation. An online record is refused with it."""

    CATALOGUE_UNKNOWN = "catalogue_unknown"
    PRICE_CHANGED = "price_changed"
    PRICE_WRONG = "price_wrong"
    VAT_RATE_WRONG = "vat_rate_wrong"
    UNKNOWN_PRODUCT = "unknown_product"
    NOT_HERE = "not_at_this_outlet"
    OPTION_UNKNOWN = "option_unknown"
    ALCOHOL_FORBIDDEN = "alcohol_forbidden"
    CARD_LIMIT = "offline_card_limit"
    TILL_LIMIT = "offline_till_limit"
    REFUND_EXCEEDS_SALE = "refund_exceeds_sale"
    NOT_IN_SALE = "not_in_sale"
    SALE_UNKNOWN = "sale_unknown"
    CARD_NOT_ACCEPTED = "card_not_accepted"
    CASHIER_NOT_HERE = "cashier_not_here"
    CLOCK_WRONG = "clock_wrong"
    CARD_PAYMENT_UNKNOWN = "card_payment_unknown"
    CARD_PAYMENT_NOT_CAPTURED = "card_payment_not_captured"
    CARD_PAYMENT_WRONG = "card_payment_wrong"
    CARD_PAYMENT_RETURNED = "card_payment_returned"


class Deviation(Struct, frozen=True):
    """One deviation. `line` is the receipt line, counted from 0; None for the whole record."""

    reason: DeviationReason
    line: int | None = None
    data: dict[str, Any] = {}


class StoredDeviation(Struct, frozen=True):
    """Stored deviation. `at` is when the till wrote the record, `noted_at` when the deviation was found."""

    till: UUID
    number: int
    record_id: UUID
    outlet: str
    at: datetime
    noted_at: datetime
    reason: DeviationReason
    line: int | None
    data: dict[str, Any]
