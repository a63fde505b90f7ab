"""Shifts and chain heads of tills."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.control.books.rules.shifts import (
    CashCount,
    DeskMovement,
    OpenedShift,
    ShiftTotals,
    TenderSum,
    TillAnchor,
    TillHead,
)
from virage.control.books.store.queries import queries
from virage.control.books.store.sales_statistics import SalesFilter
from virage.money.fiscal.types import TenderKind
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

ShiftKey = tuple[UUID, int]
"""Till, and number of the opening record."""


async def opened(conn: Connection, wanted: SalesFilter, most: int) -> list[OpenedShift]:
    """Return the shifts opened in a slice, latest first."""
    rows = queries.shifts_opened(
        conn,
        since=wanted.since,
        until=wanted.until,
        event_id=wanted.event_id,
        all_of_them=wanted.outlets is None,
        outlets=list(wanted.outlets or ()),
        most=most,
    )
    return [OpenedShift(*row) async for row in rows]


async def still_open(conn: Connection, tills: Sequence[UUID]) -> list[OpenedShift]:
    """Return the open shifts of some tills."""
    return [OpenedShift(*row) async for row in queries.shifts_open(conn, device_ids=tills)]


async def counts(conn: Connection, shifts: Sequence[OpenedShift]) -> dict[ShiftKey, CashCount]:
    """Return the last cash count of each counted shift."""
    found = [row async for row in queries.shift_counts(conn, **_ranges(shifts))]
    return {(row["device_id"], row["first"]): CashCount(row["number"], row["at"], row["body"]) for row in found}


async def receipts(conn: Connection, shifts: Sequence[OpenedShift]) -> dict[ShiftKey, ShiftTotals]:
    """Return the totals of each shift with sales or refunds."""
    rows = queries.shift_receipts(conn, **_ranges(shifts))
    return {(row["device_id"], row["first"]): ShiftTotals(*tuple(row)[2:]) async for row in rows}


async def money(
    conn: Connection, shifts: Sequence[OpenedShift], counted: Mapping[ShiftKey, CashCount]
) -> dict[ShiftKey, list[TenderSum]]:
    """Return the totals of shifts by payment method, before and after the last count."""
    numbers = [counted[shift.key].number if shift.key in counted else 0 for shift in shifts]
    found: dict[ShiftKey, list[TenderSum]] = {}
    async for row in queries.shift_tenders(conn, **_ranges(shifts), counts=numbers):
        one = TenderSum(TenderKind(row["kind"]), row["back"], row["counted"], row["cents"])
        found.setdefault((row["device_id"], row["first"]), []).append(one)
    return found


async def card_payments(conn: Connection, shifts: Sequence[OpenedShift]) -> dict[ShiftKey, Cents]:
    """Return what card readers took in shifts, less refunds."""
    rows = queries.shift_card_payments(conn, **_ranges(shifts))
    return {(row["device_id"], row["first"]): row["cents"] async for row in rows}


async def desk_movements(conn: Connection, tills: Sequence[UUID], since: datetime) -> dict[UUID, list[DeskMovement]]:
    """Return top-ups and payouts by till since a time."""
    found: dict[UUID, list[DeskMovement]] = {}
    async for row in queries.desk_movements(conn, keys=[str(till) for till in tills], since=since):
        one = DeskMovement(row["at"], row["cents"], TenderKind(row["tender"]), row["by_reader"])
        found.setdefault(UUID(row["key"]), []).append(one)
    return found


async def till_heads(conn: Connection, tills: Sequence[UUID]) -> dict[UUID, tuple[TillHead, TillAnchor | None]]:
    """Return the head and the last anchor of each till with records."""
    return {
        row["device_id"]: (
            TillHead(row["number"], row["hash"].hex(), row["received_at"]),
            None if row["sequence"] is None else TillAnchor(row["sequence"], row["anchored"], row["anchored_at"]),
        )
        async for row in queries.till_heads(conn, device_ids=tills)
    }


def _ranges(shifts: Sequence[OpenedShift]) -> dict[str, Any]:
    return {
        "device_ids": [shift.till for shift in shifts],
        "firsts": [shift.number for shift in shifts],
        "lasts": [shift.last for shift in shifts],
    }
