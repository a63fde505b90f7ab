"""What becomes of an entry that has its seats."""

from enum import StrEnum
from typing import Final

from virage.money.payments.types import FAILED, OPEN, Payment
from virage.sale.draws.rules.terms import EntryRow
from virage.sale.ticketing.types import OrderRow

PRICE_CHANGED: Final = "price_changed"
"""Reason of an entry to pay: its seats cost more than its person agreed to be charged."""


class Fate(StrEnum):
    """What happens to an entry with seats."""

    KEPT = "kept"
    PAID = "paid"
    TO_PAY = "to_pay"
    RELEASED = "released"


def fate_of(entry: EntryRow, order: OrderRow, charge: Payment | None, latest: Payment | None) -> tuple[Fate, str]:
    """Return the fate of an entry and its reason, by its order, the charge of its card and the latest payment.

    An order that has ended is kept while a payment of it is open, because a late capture brings it back. A card of the
    operator's account is not charged for an organiser who takes the money on an own account: the winner pays.
    """
    if order.state in ("paid", "refunded"):
        return Fate.PAID, ""
    if order.state in ("expired", "released"):
        is_open = latest is not None and latest.state in OPEN
        return (Fate.KEPT, "") if is_open else (Fate.RELEASED, "not_paid")
    if entry.state != "charging" or charge is None:
        return Fate.KEPT, ""
    if charge.state in FAILED:
        return Fate.TO_PAY, charge.reason or charge.state.value
    return (Fate.KEPT, "") if charge.account is None else (Fate.TO_PAY, "organisers_account")
