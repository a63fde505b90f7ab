"""Comparison of a refund with the receipt of its sale: items, prices, tip and deposits."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.till.rules.deviations import Deviation, DeviationReason
from virage.money.fiscal.types import Line, Record
from virage.platform.values.money import Cents


class Piece(NamedTuple):
    """Refundable item: a product at its price and VAT rate, or a cup at its deposit.

    Printed name and options are left out, because another till may print in another language.
    """

    product: UUID
    unit_cents: Cents
    vat_permille: int
    deposit: bool


class Receipt(Struct, frozen=True):
    """A sale with its booked refunds. Immutable: one more refund makes a new receipt."""

    sale: Record
    refunds: list[Record]


def refund_deviations(refund: Record, receipt: Receipt) -> list[Deviation]:
    """Return items of a refund that its sale did not have or that were refunded before: by line, then the tip."""
    left = _left(receipt)
    found: list[Deviation] = []
    for number, line in enumerate(refund.lines):
        piece, back = _piece(line), -line.quantity
        if back > left.get(piece, 0):
            found.append(Deviation(DeviationReason.NOT_IN_SALE, number, {"left": left.get(piece, 0)}))
        left[piece] = max(0, left.get(piece, 0) - back)
    tip_cents = receipt.sale.tip_cents + sum(earlier.tip_cents for earlier in receipt.refunds)
    if -refund.tip_cents > max(0, tip_cents):
        found.append(Deviation(DeviationReason.NOT_IN_SALE, None, {"left_cents": max(0, tip_cents)}))
    return found


def cash_liability(sale: Record, refunds: Iterable[Record]) -> Cents:
    """Return the part of a sale that can be paid out in cash, less these refunds: open cup deposits and the tip."""
    back = list(refunds)
    cups = max(0, deposits(sale.lines)) + sum(deposits(refund.lines) for refund in back)
    return max(0, cups) + max(0, sale.tip_cents + sum(refund.tip_cents for refund in back))


def deposits(lines: Sequence[Line]) -> Cents:
    """Return the sum of deposits; below zero where more cups were returned than sold."""
    return sum(line.cents for line in lines if line.deposit)


def _piece(line: Line) -> Piece:
    return Piece(line.product, line.unit_cents, line.vat_permille, line.deposit)


def _left(receipt: Receipt) -> dict[Piece, int]:
    """Return the quantity left to refund by item. Cups returned with the sale are refunds of their own."""
    left: dict[Piece, int] = {}
    for line in receipt.sale.lines:
        left[_piece(line)] = left.get(_piece(line), 0) + max(0, line.quantity)
    for refund in receipt.refunds:
        for line in refund.lines:
            left[_piece(line)] = max(0, left.get(_piece(line), 0) + min(0, line.quantity))
    return left
