"""Cash drawers: expected and counted cash of a shift."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.money.fiscal.types import TenderKind, TenderTotal, read_record
from virage.platform.values.money import Cents


class Drawer(Struct, frozen=True):
    """Cash of a shift. `expected_cents` = float + sales - refunds + top-ups - payouts.

    `counted_cents` and `difference_cents` (counted less expected at that time; below zero: cash is missing) are null
    until the first count at `counted_at`. Refunds and payouts are positive amounts.
    """

    float_cents: Cents
    sales_cents: Cents
    refund_cents: Cents
    top_up_cents: Cents
    payout_cents: Cents
    expected_cents: Cents
    counted_cents: Cents | None
    difference_cents: Cents | None
    counted_at: datetime | None


class TerminalTopUps(Struct, frozen=True):
    """Top-ups and payouts of wallets by terminal in a shift, both positive.

    `card_reader_cents` is the part of the top-ups that the server's card readers took.
    """

    top_up_cents: Cents
    payout_cents: Cents
    card_reader_cents: Cents


class Shift(Struct, frozen=True):
    """Shift of a till, from its opening to its closing record, by the till's clock.

    `id` and `first` are id and number of the opening record, `last` is the number of the last record. An unclosed shift
    ends when the next one opens: `closed_at` is null, `ended_at` is that time. `tenders` are totals by payment method,
    less refunds; `sales` and `refunds` count records. `card_reader_cents` is the part of the tender `terminal` that the
    server's card readers took, less refunds; the rest was typed by hand at other terminals. Top-ups and payouts of
    wallets are in no tender: those in cash are in `drawer`, those by terminal in `terminal`.
    """

    id: UUID
    till: UUID
    till_name: str | None
    outlet: str
    event_id: UUID | None
    cashier: UUID
    cashier_name: str | None
    opened_at: datetime
    closed_at: datetime | None
    ended_at: datetime | None
    first: int
    last: int
    sales: int
    refunds: int
    total_cents: Cents
    tip_cents: Cents
    tenders: list[TenderTotal]
    card_reader_cents: Cents
    drawer: Drawer
    terminal: TerminalTopUps


class TillHead(Struct, frozen=True):
    """Last stored record of a till's chain, and when it was received."""

    number: int
    hash: str
    received_at: datetime


class TillAnchor(Struct, frozen=True):
    """Last anchor of a till's head."""

    sequence: int
    number: int
    at: datetime


class OfficeTill(Struct, frozen=True):
    """Till for the office. `unclosed` counts records without a daily closing; `shift` is the open one.

    `is_order_ahead`: order-ahead till, which records the orders that its kitchen accepts.
    """

    id: UUID
    name: str
    outlets: list[str]
    last_seen_at: datetime
    revoked_at: datetime | None
    head: TillHead | None
    anchor: TillAnchor | None
    unclosed: int
    shift: Shift | None
    is_order_ahead: bool


class OpenedShift(NamedTuple):
    """Shift by its opening record and the record that ends it, if any; `head` is the last number of the chain."""

    till: UUID
    number: int
    id: UUID
    at: datetime
    outlet: str
    event_id: UUID | None
    cashier: UUID
    body: bytes
    end_number: int | None
    end_at: datetime | None
    closes: bool
    head: int

    @property
    def key(self) -> tuple[UUID, int]:
        """Till and first number."""
        return self.till, self.number

    @property
    def last(self) -> int:
        """Number of the last record: the closing record, or the one before the next opening."""
        if self.end_number is None:
            return self.head
        return self.end_number if self.closes else self.end_number - 1


class CashCount(NamedTuple):
    """Record of a cash count."""

    number: int
    at: datetime
    body: bytes


class ShiftTotals(NamedTuple):
    """Number and totals of sales and refunds of a shift."""

    sales: int = 0
    refunds: int = 0
    total_cents: Cents = 0
    tip_cents: Cents = 0


class TenderSum(NamedTuple):
    """Total of sales, or of refunds (`back`, below zero), by payment method, before or after the last count."""

    kind: TenderKind
    back: bool
    counted: bool
    cents: Cents


class DeskMovement(NamedTuple):
    """Top-up (above zero) or payout of a wallet in cash or by terminal; `by_reader`: a card reader took the money."""

    at: datetime
    cents: Cents
    tender: TenderKind
    by_reader: bool = False


def drawer(
    opened: OpenedShift, counted: CashCount | None, money: Sequence[TenderSum], movements: Sequence[DeskMovement]
) -> Drawer:
    """Return the cash of a shift: float, movements, expected and counted amount."""
    desk = [movement for movement in movements if movement.tender is TenderKind.CASH]
    cash = [tender_sum for tender_sum in money if tender_sum.kind is TenderKind.CASH]
    float_cents = cash_in(opened.body)
    found = None if counted is None else cash_in(counted.body)
    there = float_cents + sum(tender_sum.cents for tender_sum in cash if tender_sum.counted)
    if counted is not None:
        there += sum(movement.cents for movement in desk if movement.at <= counted.at)
    return Drawer(
        float_cents=float_cents,
        sales_cents=sum(tender_sum.cents for tender_sum in cash if not tender_sum.back),
        refund_cents=-sum(tender_sum.cents for tender_sum in cash if tender_sum.back),
        top_up_cents=sum(movement.cents for movement in desk if movement.cents > 0),
        payout_cents=-sum(movement.cents for movement in desk if movement.cents < 0),
        expected_cents=float_cents
        + sum(tender_sum.cents for tender_sum in cash)
        + sum(movement.cents for movement in desk),
        counted_cents=found,
        difference_cents=None if found is None else found - there,
        counted_at=None if counted is None else counted.at,
    )


def terminal(movements: Sequence[DeskMovement]) -> TerminalTopUps:
    """Return what wallets were topped up and paid out by terminal."""
    here = [movement for movement in movements if movement.tender is TenderKind.TERMINAL]
    return TerminalTopUps(
        top_up_cents=sum(movement.cents for movement in here if movement.cents > 0),
        payout_cents=-sum(movement.cents for movement in here if movement.cents < 0),
        card_reader_cents=sum(movement.cents for movement in here if movement.by_reader),
    )


def tenders(money: Sequence[TenderSum]) -> list[TenderTotal]:
    """Return totals by payment method, less refunds."""
    sums: dict[TenderKind, Cents] = {}
    for tender_sum in money:
        sums[tender_sum.kind] = sums.get(tender_sum.kind, 0) + tender_sum.cents
    return [TenderTotal(kind, sums[kind]) for kind in sorted(sums)]


def cash_in(body: bytes) -> Cents:
    """Return the cash amount of an opening or count; 0 if it is missing (`field_misplaced`)."""
    record = read_record(body)
    return 0 if record is None or record.cash_cents is None else record.cash_cents
