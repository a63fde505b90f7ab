"""What tickets are in the books."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from virage.platform.values.money import Cents


class TicketMoney(NamedTuple):
    """What tickets of an event brought (above zero) or gave back on a day of business at one rate, VAT included."""

    event_id: UUID
    ends_at: datetime
    cancelled: bool
    day: date
    vat_permille: int
    cents: Cents
