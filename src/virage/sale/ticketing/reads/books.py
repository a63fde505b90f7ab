"""What tickets brought and gave back, for whoever keeps the house's books."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.books import TicketMoney
from virage.sale.ticketing.store import books as store

__all__ = ["TicketMoney", "moved"]


async def moved(
    conn: Connection, since: datetime, until: datetime, zone: ZoneInfo, begins: timedelta
) -> list[TicketMoney]:
    """What orders brought and refunds gave back before `until`, by event, day of business and rate.

    A day begins so long after midnight by the clocks of the zone. Events that were over before `since`, and are not
    off, are in it only with what moved since. Payments that bought nothing and went straight back are in no order.
    """
    return await store.moved(conn, since, until, zone, begins)
