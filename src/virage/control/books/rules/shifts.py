"""What should be in a drawer: a till's cash from the opening of a shift to its close, and what was counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from virage.money.fiscal.types import TenderKind, TenderTotal, read_record
from virage.platform.values.money import Cents


class Drawer(Struct, frozen=True):
    """The cash of a shift. `expected_cents` = float + sales - refunds + loads - payouts.

    `counted_cents` and `difference_cents` (counted less expected at that moment; below zero: cash is missing) are null
    until somebody counts; `counted_at` tells when. Amounts of refunds and payouts are above zero.
    """

    float_cents: Cents
    sales_cents: Cents
    refund_cents: Cents
    load_cents: Cents
    payout_cents: Cents
    expected_cents: Cents
    counted_cents: Cents | None
    difference_cents: Cents | None
    counted_at: datetime | None


class Shift(Struct, frozen=True):
    """A shift of a till, from the record that opened it to the one that closed it, by the till's clock.

    `id` is the record that opened it, `first` its number, and `last` that of the last record in it. A shift that nobody
    closed ends with the next one: its `closed_at` stays null, and `ended_at` is when that began.
    `tenders` is what was taken less what was given back, by kind of money; `sales` and `refunds` count records.
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
    drawer: Drawer


class TillHead(Struct, frozen=True):
    """The last record of a till's chain that the server has, and when it came."""

    number: int
    hash: str
    received_at: datetime


class TillAnchor(Struct, frozen=True):
    """The last anchor of a till's head."""

    sequence: int
    number: int
    at: datetime


class OfficeTill(Struct, frozen=True):
    """A till for the office. `unclosed` records are in no closing of a day yet; `shift` is the one that is open.

    `is_kitchens`: it stands at no counter, and writes what its kitchen accepts.
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
    is_kitchens: bool


class Opened(NamedTuple):
    """A shift by the record that opened it, and the one that ends it, if any; `head` is the last one of the chain."""

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
        """The last record in it: the one that closes it, or the one before the next opening."""
        if self.end_number is None:
            return self.head
        return self.end_number if self.closes else self.end_number - 1


class Counted(NamedTuple):
    """The record of a count."""

    number: int
    at: datetime
    body: bytes


class Receipts(NamedTuple):
    """How many sales and refunds a shift has, and what they come to."""

    sales: int = 0
    refunds: int = 0
    total_cents: Cents = 0
    tip_cents: Cents = 0


class Money(NamedTuple):
    """What sales took or refunds (`back`) gave, below zero, in one kind of money before or after the last count."""

    kind: TenderKind
    back: bool
    counted: bool
    cents: Cents


class Desk(NamedTuple):
    """Cash that was loaded onto purses (above zero) or paid out of them, and when."""

    at: datetime
    cents: Cents


def drawer(opened: Opened, counted: Counted | None, money: Sequence[Money], desk: Sequence[Desk]) -> Drawer:
    """The cash of a shift: what began in the drawer, came and went, and what was found in it."""
    cash = [one for one in money if one.kind is TenderKind.CASH]
    float_cents = cash_in(opened.body)
    found = None if counted is None else cash_in(counted.body)
    there = float_cents + sum(one.cents for one in cash if one.counted)
    if counted is not None:
        there += sum(one.cents for one in desk if one.at <= counted.at)
    return Drawer(
        float_cents=float_cents,
        sales_cents=sum(one.cents for one in cash if not one.back),
        refund_cents=-sum(one.cents for one in cash if one.back),
        load_cents=sum(one.cents for one in desk if one.cents > 0),
        payout_cents=-sum(one.cents for one in desk if one.cents < 0),
        expected_cents=float_cents + sum(one.cents for one in cash) + sum(one.cents for one in desk),
        counted_cents=found,
        difference_cents=None if found is None else found - there,
        counted_at=None if counted is None else counted.at,
    )


def tenders(money: Sequence[Money]) -> list[TenderTotal]:
    """What was taken less what was given back, by kind of money."""
    sums: dict[TenderKind, Cents] = {}
    for one in money:
        sums[one.kind] = sums.get(one.kind, 0) + one.cents
    return [TenderTotal(kind, sums[kind]) for kind in sorted(sums)]


def cash_in(body: bytes) -> Cents:
    """What is in the drawer by an opening or a count; one that does not say it (`field_misplaced`) says nothing."""
    record = read_record(body)
    return 0 if record is None or record.cash_cents is None else record.cash_cents
