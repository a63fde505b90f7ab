"""Sales statistics by outlet, till, product, minute and VAT rate, from till records.

The VAT of each rate is allocated to the lines. If lines and totals of a record differ, the difference is booked without
a product, so that the statistics of a rate always sum to the totals used by closings.
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


class SalesGrouping(StrEnum):
    """Grouping of sales statistics."""

    OUTLET = "outlet"
    PRODUCT = "product"
    TILL = "till"
    MINUTE = "minute"


class SalesRow(Struct, frozen=True):
    """Totals of one outlet, product, till or minute; `key` is its code, id or start in UTC.

    `gross_cents`, `vat_cents` and `quantity` are sales less refunds, `refund_cents` (above zero) is the refunded part.
    `sales` and `refunds` count records; null by product. `name` is the product's or till's name; null if unknown, and
    for outlets and minutes. An empty product key is the difference between lines and totals.
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
    """Sales of a period or event. `pending_records` counts stored records that are not in the statistics yet."""

    now: datetime
    by: SalesGrouping
    pending_records: int
    last_sale_at: datetime | None
    total: SalesRow
    rates: list[VatTotal]
    rows: list[SalesRow]


class SalesStatistic(Struct, frozen=True):
    """Sales of one till by product, VAT rate and minute."""

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


class ReceiptCount(Struct, frozen=True):
    """Number of sales and refunds of a till in one minute, and their tips."""

    till: UUID
    outlet: str
    event_id: UUID | None
    minute: datetime
    sales: int
    refunds: int
    tip_cents: Cents


def statistics_of(record: Record) -> list[SalesStatistic]:
    """Return the statistics of a record; none for training."""
    if record.training:
        return []
    lines: dict[int, dict[UUID | None, list[int]]] = {}
    for line in record.lines:
        sums = lines.setdefault(line.vat_permille, {}).setdefault(line.product, [0, 0])
        sums[0] += line.quantity
        sums[1] += line.cents
    found: list[SalesStatistic] = []
    for rate, (gross, vat) in _totals(record, lines).items():
        products = lines.get(rate, {})
        rest = gross - sum(cents for _, cents in products.values())
        if rest or not products:
            products = products | {None: [0, rest]}
        shares = split(vat, [abs(cents) for _, cents in products.values()])
        for (product, (quantity, cents)), share in zip(products.items(), shares, strict=True):
            back = -cents if record.kind in REFUNDS else 0
            found.append(SalesStatistic(*_place(record), product, rate, quantity, cents, share, back))
    return found


def _totals(record: Record, rates: Iterable[int]) -> dict[int, tuple[Cents, Cents]]:
    """Return gross and VAT by rate: those of the totals, and zero for rates only found in lines."""
    totals = dict.fromkeys(rates, (0, 0))
    for total in record.totals:
        gross, vat = totals.get(total.vat_permille, (0, 0))
        totals[total.vat_permille] = (gross + total.gross_cents, vat + total.vat_cents)
    return totals


def receipt_count_of(record: Record) -> ReceiptCount | None:
    """Return the count of a sale or refund; None for other records."""
    if record.training or record.kind not in SALES | REFUNDS:
        return None
    refunds = int(record.kind in REFUNDS)
    return ReceiptCount(*_place(record), 1 - refunds, refunds, record.tip_cents)


def _place(record: Record) -> tuple[UUID, str, UUID | None, datetime]:
    """Return till, outlet, event and minute."""
    return record.till, record.outlet, record.event_id, record.moment.replace(second=0, microsecond=0)


def add_figures(statistics: Iterable[SalesStatistic]) -> list[SalesStatistic]:
    """Return statistics added up by till, outlet, event, minute, product and rate."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for statistic in statistics:
        key = (
            statistic.till,
            statistic.outlet,
            statistic.event_id,
            statistic.minute,
            statistic.product,
            statistic.vat_permille,
        )
        kept = sums.setdefault(key, [0, 0, 0, 0])
        for at, more in enumerate(
            (statistic.quantity, statistic.gross_cents, statistic.vat_cents, statistic.refund_cents)
        ):
            kept[at] += more
    return [SalesStatistic(*key, *kept) for key, kept in sums.items()]


def add_receipts(receipts: Iterable[ReceiptCount]) -> list[ReceiptCount]:
    """Return counts added up by till, outlet, event and minute."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for receipt in receipts:
        kept = sums.setdefault((receipt.till, receipt.outlet, receipt.event_id, receipt.minute), [0, 0, 0])
        for at, more in enumerate((receipt.sales, receipt.refunds, receipt.tip_cents)):
            kept[at] += more
    return [ReceiptCount(*key, *kept) for key, kept in sums.items()]
