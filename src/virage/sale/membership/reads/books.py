"""Revenue and refunds of memberships for accounting."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from virage.platform.data.database import Connection
from virage.sale.membership.rules.books import MembershipMoney
from virage.sale.membership.store import members as store

__all__ = ["MembershipMoney", "moved"]


async def moved(conn: Connection, until: datetime, zone: ZoneInfo, begins: timedelta) -> list[MembershipMoney]:
    """Return revenue and refunds of memberships before `until`, by business day and VAT rate.

    A day begins `begins` after midnight in the zone. Money that bought nothing and was returned is left out, as is what
    an organiser's account took.
    """
    return await store.money_moved(conn, until, zone, begins)
