"""What tills sold, as figures: by outlet, till, product, minute and rate, read out of the records of the chain.

A record's lines say which products, its totals what each rate comes to. The VAT of a rate is shared out over its lines,
and what lines and totals of a record that does not add up differ by is a figure of no product: so the figures of a
rate always sum to the totals that closings are made of.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.types import split
from virage.money.fiscal.types import REFUNDS, SALES, Record, VatTotal
from virage.platform.values.money import Cents
from virage.site.programme.types import Text


class By(StrEnum):
    """What figures are grouped by."""

    OUTLET = "outlet"
    PRODUCT = "product"
    TILL = "till"
    MINUTE = "minute"


class SalesRow(Struct, frozen=True):
    """What one outlet, product, till or minute came to; `key` is its code, its id or its first moment in UTC.

    `gross_cents` and `vat_cents` are sales less refunds, `refund_cents` (above zero) what refunds gave back of it,
    `quantity` pieces sold less given back. `sales` and `refunds` count records, and are null by product, for a record
    has several. `name` is the product's, or the till's in both languages alike; null for a minute, and where nobody
    knows it. The key of a product is empty for what a record's lines do not explain of its totals.
    """

    key: str
    name: Text | None
    quantity: int
    gross_cents: Cents
    vat_cents: Cents
    refund_cents: Cents
    tip_cents: Cents | None
    sales: int | None
    refunds: int | None


class SalesView(Struct, frozen=True):
    """Sales of a period or an event. `waiting` records of tills are in the chain and not in the figures yet."""

    now: datetime
    by: By
    waiting: int
    last_sale_at: datetime | None
    total: SalesRow
    rates: list[VatTotal]
    rows: list[SalesRow]


class Figure(Struct, frozen=True):
    """What a till sold, or took back, of one product at one rate in one minute."""

    till: UUID
    outlet: str
    event_id: UUID | None
    minute: datetime
    product: UUID | None
    vat_permille: int
    quantity: int
    gross_cents: Cents
    vat_cents: Cents
    refund_cents: Cents


class Receipts(Struct, frozen=True):
    """How many sales and refunds a till wrote in one minute, and their tips."""

    till: UUID
    outlet: str
    event_id: UUID | None
    minute: datetime
    sales: int
    refunds: int
    tip_cents: Cents


def figures_of(record: Record) -> list[Figure]:
    """What a record adds to the figures; a rehearsal adds nothing."""
    if record.training:
        return []
    lines: dict[int, dict[UUID | None, list[int]]] = {}
    for line in record.lines:
        sums = lines.setdefault(line.vat_permille, {}).setdefault(line.product, [0, 0])
        sums[0] += line.quantity
        sums[1] += line.cents
    found: list[Figure] = []
    for rate, (gross, vat) in _totals(record, lines).items():
        products = lines.get(rate, {})
        rest = gross - sum(cents for _, cents in products.values())
        if rest or not products:
            products = products | {None: [0, rest]}
        shares = split(vat, [abs(cents) for _, cents in products.values()])
        for (product, (quantity, cents)), share in zip(products.items(), shares, strict=True):
            back = -cents if record.kind in REFUNDS else 0
            found.append(Figure(*_place(record), product, rate, quantity, cents, share, back))
    return found


def _totals(record: Record, rates: Iterable[int]) -> dict[int, tuple[Cents, Cents]]:
    """Gross and VAT by rate as the totals say, with the rates of lines that no total names."""
    totals = dict.fromkeys(rates, (0, 0))
    for total in record.totals:
        gross, vat = totals.get(total.vat_permille, (0, 0))
        totals[total.vat_permille] = (gross + total.gross_cents, vat + total.vat_cents)
    return totals


def receipts_of(record: Record) -> Receipts | None:
    """A sale or a refund, counted; None for any other record."""
    if record.training or record.kind not in SALES | REFUNDS:
        return None
    refunds = int(record.kind in REFUNDS)
    return Receipts(*_place(record), 1 - refunds, refunds, record.tip_cents)


def _place(record: Record) -> tuple[UUID, str, UUID | None, datetime]:
    """Till, outlet, event and minute."""
    return record.till, record.outlet, record.event_id, record.moment.replace(second=0, microsecond=0)


def add_figures(figures: Iterable[Figure]) -> list[Figure]:
    """The figures with those of one till, outlet, event, minute, product and rate added up."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for one in figures:
        key = (one.till, one.outlet, one.event_id, one.minute, one.product, one.vat_permille)
        kept = sums.setdefault(key, [0, 0, 0, 0])
        for at, more in enumerate((one.quantity, one.gross_cents, one.vat_cents, one.refund_cents)):
            kept[at] += more
    return [Figure(*key, *kept) for key, kept in sums.items()]


def add_receipts(receipts: Iterable[Receipts]) -> list[Receipts]:
    """The receipts with those of one till, outlet, event and minute added up."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for one in receipts:
        kept = sums.setdefault((one.till, one.outlet, one.event_id, one.minute), [0, 0, 0])
        for at, more in enumerate((one.sales, one.refunds, one.tip_cents)):
            kept[at] += more
    return [Receipts(*key, *kept) for key, kept in sums.items()]
