"""Stored sales statistics, and the position of each till in them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from virage.control.books.rules.sales_statistics import ReceiptCount, SalesGrouping, SalesStatistic
from virage.control.books.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.site.programme.types import Text


class SalesFilter(NamedTuple):
    """Selection of statistics: a period, an event (None: all) and outlets (None: all)."""

    since: datetime
    until: datetime
    event_id: UUID | None
    outlets: Sequence[str] | None


class StoredRecord(NamedTuple):
    """Record in its bytes."""

    till: UUID
    number: int
    body: bytes


class GroupTotals(NamedTuple):
    """Totals of one group."""

    quantity: int
    gross_cents: Cents
    vat_cents: Cents
    refund_cents: Cents


class GroupCounts(NamedTuple):
    """Number of receipts of one group, and their tips."""

    sales: int
    refunds: int
    tip_cents: Cents


class RateSums(NamedTuple):
    """Totals of one VAT rate, and the minute of the last sale."""

    vat_permille: int
    gross_cents: Cents
    vat_cents: Cents
    last_minute: datetime


async def chains_behind(conn: Connection, most: int) -> list[UUID]:
    """Return tills with records that are not in the statistics."""
    return [row["device_id"] async for row in queries.chains_behind(conn, most=most)]


async def lock_heads(conn: Connection, tills: Sequence[UUID]) -> dict[UUID, int]:
    """Return the last record number of each till in the statistics, locked until the transaction ends."""
    return {row[0]: row[1] async for row in queries.lock_figures_heads(conn, device_ids=sorted(tills))}


async def records_after(conn: Connection, heads: Mapping[UUID, int], most: int) -> list[StoredRecord]:
    """Return up to `most` records of each till that follow its position, in order."""
    rows = queries.records_after(conn, device_ids=list(heads), numbers=list(heads.values()), most=most)
    return [StoredRecord(*row) async for row in rows]


async def add_figures(conn: Connection, statistics: Sequence[SalesStatistic]) -> None:
    """Add statistics; their keys are distinct."""
    await queries.add_figures(
        conn,
        device_ids=[statistic.till for statistic in statistics],
        outlets=[statistic.outlet for statistic in statistics],
        event_ids=[statistic.event_id for statistic in statistics],
        minutes=[statistic.minute for statistic in statistics],
        product_ids=[statistic.product for statistic in statistics],
        rates=[statistic.vat_permille for statistic in statistics],
        quantities=[statistic.quantity for statistic in statistics],
        grosses=[statistic.gross_cents for statistic in statistics],
        vats=[statistic.vat_cents for statistic in statistics],
        refunds=[statistic.refund_cents for statistic in statistics],
    )


async def add_receipts(conn: Connection, receipts: Sequence[ReceiptCount]) -> None:
    """Add receipt counts; their keys are distinct."""
    await queries.add_receipt_figures(
        conn,
        device_ids=[receipt.till for receipt in receipts],
        outlets=[receipt.outlet for receipt in receipts],
        event_ids=[receipt.event_id for receipt in receipts],
        minutes=[receipt.minute for receipt in receipts],
        sales=[receipt.sales for receipt in receipts],
        refunds=[receipt.refunds for receipt in receipts],
        tips=[receipt.tip_cents for receipt in receipts],
    )


async def move_heads(conn: Connection, heads: Mapping[UUID, int]) -> None:
    """Store the new positions of locked tills."""
    await queries.move_figures_heads(conn, device_ids=list(heads), numbers=list(heads.values()))


async def empty(conn: Connection) -> None:
    """Delete all statistics, with writers locked out."""
    await queries.keep_figures_still(conn)
    await queries.empty_figures(conn)


async def pending_records(conn: Connection) -> int:
    """Return the number of records that are not in the statistics."""
    return int(await queries.records_waiting(conn))


async def event_span(conn: Connection, event_id: UUID) -> tuple[datetime, datetime] | None:
    """Return the first and last minute with sales at an event; None without sales."""
    row = await queries.event_span(conn, event_id=event_id)
    return None if row["first"] is None else (row["first"], row["last"])


async def sums_by(conn: Connection, by: SalesGrouping, wanted: SalesFilter) -> dict[str, GroupTotals]:
    """Return totals by the key of their group."""
    rows = queries.figures_by(conn, by=by.value, **_parameters(wanted))
    return {_key(by, row["key"]): GroupTotals(*tuple(row)[1:]) async for row in rows}


async def counts_by(conn: Connection, by: SalesGrouping, wanted: SalesFilter) -> dict[str, GroupCounts]:
    """Return receipt counts by the key of their group; not available by product."""
    rows = queries.receipts_by(conn, by=by.value, **_parameters(wanted))
    return {_key(by, row["key"]): GroupCounts(*tuple(row)[1:]) async for row in rows}


async def sums_by_rate(conn: Connection, wanted: SalesFilter) -> list[RateSums]:
    """Return totals by VAT rate, ascending."""
    return [RateSums(*row) async for row in queries.figures_by_rate(conn, **_parameters(wanted))]


async def product_names(conn: Connection, product_ids: Sequence[UUID]) -> dict[UUID, Text]:
    """Return product names of the last catalogue version that has them."""
    rows = queries.product_names(conn, product_ids=product_ids)
    return {row["item_id"]: msgspec.convert(row["name"], Text) async for row in rows}


def _key(by: SalesGrouping, key: str) -> str:
    """Return the key of a group for the API: a minute by its start in UTC."""
    return f"{datetime.fromtimestamp(int(key), UTC):%Y-%m-%dT%H:%MZ}" if by is SalesGrouping.MINUTE else key


def _parameters(wanted: SalesFilter) -> dict[str, Any]:
    return {
        "since": wanted.since,
        "until": wanted.until,
        "event_id": wanted.event_id,
        "all_of_them": wanted.outlets is None,
        "outlets": list(wanted.outlets or ()),
    }
