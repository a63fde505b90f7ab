"""Ledger movements by business day."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from virage.control.books.rules.accounting import DailySales, LedgerMovement
from virage.control.books.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class Span(NamedTuple):
    """Period with its time zone; business days begin `begins` after midnight."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    begins: timedelta


async def moved(conn: Connection, span: Span) -> list[LedgerMovement]:
    """Return movements by account kind, without revenue."""
    return [LedgerMovement(*row) async for row in queries.ledger_days(conn, **_parameters(span))]


async def sold(conn: Connection, span: Span) -> list[DailySales]:
    """Return sales by outlet and VAT rate."""
    return [DailySales(*row) async for row in queries.revenue_days(conn, **_parameters(span))]


async def balances(conn: Connection, until: datetime) -> dict[str, Cents]:
    """Return balances by account kind before a moment, without revenue."""
    return {row["kind"]: row["cents"] async for row in queries.balances_at(conn, until=until)}


def _parameters(span: Span) -> dict[str, Any]:
    return {"since": span.since, "until": span.until, "zone": span.zone.key, "begins": span.begins}
