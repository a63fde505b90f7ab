"""Stock levels, movements and alerts."""

from collections.abc import Sequence
from datetime import datetime

from virage.matchday.food.menu.rules.stock import StockAlarm, StockAlert, StockLevel, StockMovement, alert_of
from virage.matchday.food.menu.store import stock as store
from virage.platform.data.database import Connection

MOVEMENTS_MAX = 200
_WORST_FIRST = {alarm: number for number, alarm in enumerate(StockAlarm)}


async def levels(conn: Connection, outlets: Sequence[str] | None) -> list[StockLevel]:
    """Return the levels of outlets; None for all."""
    return await store.levels(conn, outlets)


async def alerts(conn: Connection, outlets: Sequence[str] | None) -> list[StockAlert]:
    """Return the alerts of outlets (None: all), worst first."""
    found = [alert for level in await store.troubled_levels(conn, outlets) if (alert := alert_of(level)) is not None]
    return sorted(found, key=lambda alert: (_WORST_FIRST[alert.alarm], alert.outlet, alert.product_id))


async def movements(conn: Connection, outlet: str, before: datetime | None) -> list[StockMovement]:
    """Return the latest 200 movements of an outlet before a time (None: now)."""
    return await store.movements_at(conn, outlet, before, MOVEMENTS_MAX)
