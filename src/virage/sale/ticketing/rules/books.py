"""Ticket revenue as booked in accounting."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from virage.platform.values.money import Cents


class TicketMoney(NamedTuple):
    """Ticket revenue (positive) or refunds (negative) of an event, by business day and VAT rate, VAT included."""

    event_id: UUID
    ends_at: datetime
    cancelled: bool
    day: date
    vat_permille: int
    cents: Cents
