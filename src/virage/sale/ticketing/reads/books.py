"""Ticket revenue and refunds for accounting."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.books import TicketMoney
from virage.sale.ticketing.store import books as store

__all__ = ["TicketMoney", "moved"]


async def moved(
    conn: Connection, since: datetime, until: datetime, zone: ZoneInfo, begins: timedelta
) -> list[TicketMoney]:
    """Return ticket revenue and refunds before `until`, by event, business day and VAT rate.

    A day begins `begins` after midnight in the zone. Events that ended before `since` and are not cancelled are
    included with their movements since then. Returned payments belong to no order and are excluded, as are orders whose
    money an organiser's account took.
    """
    return await store.moved(conn, since, until, zone, begins)
