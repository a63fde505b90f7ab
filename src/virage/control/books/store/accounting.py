"""What moved in the ledger, by day of business."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from virage.control.books.rules.accounting import Moved, Sold
from virage.control.books.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents


class Span(NamedTuple):
    """From a moment on and before another; days begin so long after midnight by the clocks of a zone."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    begins: timedelta


async def moved(conn: Connection, span: Span) -> list[Moved]:
    """What moved on the accounts of each kind but revenue."""
    return [Moved(*row) async for row in queries.ledger_days(conn, **_asked(span))]


async def sold(conn: Connection, span: Span) -> list[Sold]:
    """What was sold, by outlet and rate."""
    return [Sold(*row) async for row in queries.revenue_days(conn, **_asked(span))]


async def balances(conn: Connection, until: datetime) -> dict[str, Cents]:
    """What the accounts of each kind but revenue stood at before a moment."""
    return {row["kind"]: row["cents"] async for row in queries.balances_at(conn, until=until)}


def _asked(span: Span) -> dict[str, Any]:
    return {"since": span.since, "until": span.until, "zone": span.zone.key, "begins": span.begins}
