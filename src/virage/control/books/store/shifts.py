"""Shifts of tills in their records, and where their chains stand."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from virage.control.books.rules.shifts import Counted, Money, Opened, Receipts, TillAnchor, TillHead
from virage.control.books.store.figures import Slice
from virage.control.books.store.queries import queries
from virage.money.fiscal.types import TenderKind
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

ShiftKey = tuple[UUID, int]
"""A till, and the number of the record that opened the shift."""


class CashMove(NamedTuple):
    """Cash that came into a drawer (above zero) or went out of it, and is no sale's."""

    till: UUID
    at: datetime
    cents: Cents


async def opened(conn: Connection, wanted: Slice, most: int) -> list[Opened]:
    """Shifts that were opened in a time, at an event or not, the latest first."""
    rows = queries.shifts_opened(
        conn,
        since=wanted.since,
        until=wanted.until,
        event_id=wanted.event_id,
        all_of_them=wanted.outlets is None,
        outlets=list(wanted.outlets or ()),
        most=most,
    )
    return [Opened(*row) async for row in rows]


async def still_open(conn: Connection, tills: Sequence[UUID]) -> list[Opened]:
    """The shifts that are open at some tills."""
    return [Opened(*row) async for row in queries.shifts_open(conn, device_ids=tills)]


async def counts(conn: Connection, shifts: Sequence[Opened]) -> dict[ShiftKey, Counted]:
    """The last count of each shift that was counted."""
    found = [row async for row in queries.shift_counts(conn, **_ranges(shifts))]
    return {(row["device_id"], row["first"]): Counted(row["number"], row["at"], row["body"]) for row in found}


async def receipts(conn: Connection, shifts: Sequence[Opened]) -> dict[ShiftKey, Receipts]:
    """How many sales and refunds each shift has, where it has any."""
    rows = queries.shift_receipts(conn, **_ranges(shifts))
    return {(row["device_id"], row["first"]): Receipts(*tuple(row)[2:]) async for row in rows}


async def money(
    conn: Connection, shifts: Sequence[Opened], counted: Mapping[ShiftKey, Counted]
) -> dict[ShiftKey, list[Money]]:
    """The money of shifts by kind; what of it came before the last count."""
    numbers = [counted[shift.key].number if shift.key in counted else 0 for shift in shifts]
    found: dict[ShiftKey, list[Money]] = {}
    async for row in queries.shift_tenders(conn, **_ranges(shifts), counts=numbers):
        one = Money(TenderKind(row["kind"]), row["back"], row["counted"], row["cents"])
        found.setdefault((row["device_id"], row["first"]), []).append(one)
    return found


async def cash_beside_sales(conn: Connection, tills: Sequence[UUID], since: datetime) -> list[CashMove]:
    """Loads and payouts of purses at some tills in cash, from a moment on."""
    rows = queries.cash_beside_sales(conn, keys=[str(till) for till in tills], since=since)
    return [CashMove(UUID(row["key"]), row["at"], row["cents"]) async for row in rows]


async def till_heads(conn: Connection, tills: Sequence[UUID]) -> dict[UUID, tuple[TillHead, TillAnchor | None]]:
    """The head of each till that wrote something, and its last anchor."""
    return {
        row["device_id"]: (
            TillHead(row["number"], row["hash"].hex(), row["received_at"]),
            None if row["sequence"] is None else TillAnchor(row["sequence"], row["anchored"], row["anchored_at"]),
        )
        async for row in queries.till_heads(conn, device_ids=tills)
    }


def _ranges(shifts: Sequence[Opened]) -> dict[str, Any]:
    return {
        "device_ids": [shift.till for shift in shifts],
        "firsts": [shift.number for shift in shifts],
        "lasts": [shift.last for shift in shifts],
    }
