"""Revenue of memberships as booked in accounting."""

from datetime import date
from typing import NamedTuple

from virage.platform.values.money import Cents


class MembershipMoney(NamedTuple):
    """Revenue of memberships (positive) less refunds, by business day and VAT rate, VAT included."""

    day: date
    vat_permille: int
    cents: Cents
