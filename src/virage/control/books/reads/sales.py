"""Sales views for the office, from the sales statistics."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from virage.control.books.rules.sales_statistics import SalesGrouping, SalesRow, SalesView
from virage.control.books.store import sales_statistics as store
from virage.control.books.store.sales_statistics import GroupCounts, GroupTotals, SalesFilter
from virage.identity.people import api as people
from virage.money.fiscal.types import VatTotal
from virage.platform.data.database import Connection
from virage.platform.values.languages import installed
from virage.site.programme.types import Text

__all__ = ["SalesFilter", "of_event", "sales"]

NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
NOTHING: Final = GroupTotals(0, 0, 0, 0)
NO_RECEIPTS: Final = GroupCounts(0, 0, 0)


async def sales(conn: Connection, by: SalesGrouping, wanted: SalesFilter, now: datetime) -> SalesView:
    """Return the sales of a period or event. One row per group with sales."""
    sums = await store.sums_by(conn, by, wanted)
    receipts = await store.counts_by(conn, SalesGrouping.OUTLET if by is SalesGrouping.PRODUCT else by, wanted)
    rates = await store.sums_by_rate(conn, wanted)
    counts: Mapping[str, GroupCounts] = {} if by is SalesGrouping.PRODUCT else receipts
    names = await _names(conn, by, sums)
    keys = sorted(sums.keys() | counts.keys(), key=lambda key: (-sums.get(key, NOTHING).gross_cents, key))
    rows = [
        _row(
            key,
            names.get(key),
            sums.get(key, NOTHING),
            None if by is SalesGrouping.PRODUCT else counts.get(key, NO_RECEIPTS),
        )
        for key in (sorted(keys) if by is SalesGrouping.MINUTE else keys)
    ]
    return SalesView(
        now=now,
        by=by,
        pending_records=await store.pending_records(conn),
        last_sale_at=max((rate.last_minute for rate in rates), default=None),
        total=_row("", None, _total(list(sums.values())), _count(receipts.values())),
        rates=[VatTotal(rate.vat_permille, rate.gross_cents, rate.vat_cents) for rate in rates],
        rows=rows,
    )


async def of_event(conn: Connection, event_id: UUID, outlets: Sequence[str] | None) -> SalesFilter:
    """Return the slice of an event, from its first to its last minute with sales."""
    span = await store.event_span(conn, event_id)
    return (
        SalesFilter(NEVER, NEVER, event_id, outlets)
        if span is None
        else SalesFilter(span[0], span[1] + MINUTE, event_id, outlets)
    )


def _row(key: str, name: Text | None, sums: GroupTotals, counts: GroupCounts | None) -> SalesRow:
    return SalesRow(
        key,
        name,
        sums.quantity,
        sums.gross_cents,
        sums.vat_cents,
        sums.refund_cents,
        None if counts is None else counts.tip_cents,
        None if counts is None else counts.sales,
        None if counts is None else counts.refunds,
    )


def _total(sums: Collection[GroupTotals]) -> GroupTotals:
    return GroupTotals(*(sum(column) for column in zip(NOTHING, *sums, strict=True)))


def _count(counts: Collection[GroupCounts]) -> GroupCounts:
    return GroupCounts(*(sum(column) for column in zip(NO_RECEIPTS, *counts, strict=True)))


async def _names(conn: Connection, by: SalesGrouping, keys: Collection[str]) -> dict[str, Text]:
    if by is SalesGrouping.PRODUCT:
        found = await store.product_names(conn, [UUID(key) for key in keys if key])
        return {str(product): name for product, name in found.items()}
    if by is SalesGrouping.TILL:
        tills = await people.devices(conn, [UUID(key) for key in keys])
        return {str(till): dict.fromkeys(installed(), device.name) for till, device in tills.items()}
    return {}
