"""What tickets brought and gave back, for the books."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.books import TicketMoney
from virage.sale.ticketing.store.queries import queries


async def moved(
    conn: Connection, since: datetime, until: datetime, zone: ZoneInfo, begins: timedelta
) -> list[TicketMoney]:
    """What orders brought and refunds gave back before `until`; of events that were over at `since` what did since."""
    asked = {"since": since, "until": until, "zone": zone.key, "begins": begins}
    found = [TicketMoney(*row) async for row in queries.tickets_sold(conn, **asked)]
    found += [TicketMoney(*row) async for row in queries.tickets_given_back(conn, **asked)]
    return [one for one in found if one.cents]
