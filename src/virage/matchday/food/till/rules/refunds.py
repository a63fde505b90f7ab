"""What a refund says that comes back, held against the receipt of its sale: pieces, their prices, the tip, cups."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.till.rules.deviations import Deviation, Reason
from virage.money.fiscal.types import Line, Record
from virage.platform.values.money import Cents


class Piece(NamedTuple):
    """What is the same for whoever gives it back: a product at its price and rate, or a cup at its deposit.

    How it is called and which options are printed says nothing beyond that: another till prints another language.
    """

    product: UUID
    unit_cents: Cents
    vat_permille: int
    deposit: bool


class Receipt(Struct, frozen=True):
    """A sale, with the refunds of it that were booked before. One more refund makes a new receipt."""

    sale: Record
    refunds: list[Record]


def judge_refund(refund: Record, receipt: Receipt) -> list[Deviation]:
    """What a refund gives back that its sale did not have, or that was given back before: by line, then the tip."""
    left = _left(receipt)
    found: list[Deviation] = []
    for number, line in enumerate(refund.lines):
        piece, back = _piece(line), -line.quantity
        if back > left.get(piece, 0):
            found.append(Deviation(Reason.NOT_IN_SALE, number, {"left": left.get(piece, 0)}))
        left[piece] = max(0, left.get(piece, 0) - back)
    tip_cents = receipt.sale.tip_cents + sum(one.tip_cents for one in receipt.refunds)
    if -refund.tip_cents > max(0, tip_cents):
        found.append(Deviation(Reason.NOT_IN_SALE, None, {"left_cents": max(0, tip_cents)}))
    return found


def as_cash(sale: Record, refunds: Iterable[Record]) -> Cents:
    """What of a sale leaves the house as cash, and none of these refunds gives back: its cups, for whoever brings them,
    and its tip.
    """
    back = list(refunds)
    cups = max(0, deposits(sale.lines)) + sum(deposits(one.lines) for one in back)
    return max(0, cups) + max(0, sale.tip_cents + sum(one.tip_cents for one in back))


def deposits(lines: Sequence[Line]) -> Cents:
    """What lines come to in deposits; below zero where more cups came than went."""
    return sum(line.cents for line in lines if line.deposit)


def _piece(line: Line) -> Piece:
    return Piece(line.product, line.unit_cents, line.vat_permille, line.deposit)


def _left(receipt: Receipt) -> dict[Piece, int]:
    """How many pieces are left to be given back. Cups that came with the sale went back as themselves."""
    left: dict[Piece, int] = {}
    for line in receipt.sale.lines:
        left[_piece(line)] = left.get(_piece(line), 0) + max(0, line.quantity)
    for one in receipt.refunds:
        for line in one.lines:
            left[_piece(line)] = max(0, left.get(_piece(line), 0) + min(0, line.quantity))
    return left
