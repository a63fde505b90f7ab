"""Ticket revenue and refunds for accounting."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.books import TicketMoney
from virage.sale.ticketing.store.queries import queries


async def moved(
    conn: Connection, since: datetime, until: datetime, zone: ZoneInfo, begins: timedelta
) -> list[TicketMoney]:
    """Return revenue and refunds before `until`; for events that ended before `since`, only movements after it."""
    asked = {"since": since, "until": until, "zone": zone.key, "begins": begins}
    found = [TicketMoney(*row) async for row in queries.tickets_sold(conn, **asked)]
    found += [TicketMoney(*row) async for row in queries.tickets_refunded(conn, **asked)]
    return [money for money in found if money.cents]
