"""What is left at the outlets, what moved it, and what somebody should see to."""

from collections.abc import Sequence
from datetime import datetime

from virage.matchday.food.menu.rules.stock import Alarm, Alert, Level, MovementRow, alert_of
from virage.matchday.food.menu.store import stock as store
from virage.platform.data.database import Connection

MOVEMENTS_MAX = 200
_WORST_FIRST = {alarm: number for number, alarm in enumerate(Alarm)}


async def levels(conn: Connection, outlets: Sequence[str] | None) -> list[Level]:
    """What some outlets have; None asks for all."""
    return await store.levels(conn, outlets)


async def alerts(conn: Connection, outlets: Sequence[str] | None) -> list[Alert]:
    """What somebody should see to at some outlets (None: all), the worst first."""
    found = [alert for level in await store.troubled_levels(conn, outlets) if (alert := alert_of(level)) is not None]
    return sorted(found, key=lambda alert: (_WORST_FIRST[alert.alarm], alert.outlet, alert.product_id))


async def movements(conn: Connection, outlet: str, before: datetime | None) -> list[MovementRow]:
    """What moved at an outlet before a time (None: ever), the latest 200 first."""
    return await store.movements_at(conn, outlet, before, MOVEMENTS_MAX)
