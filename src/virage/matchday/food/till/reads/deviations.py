"""What tills told that is not as it should be."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from virage.matchday.food.till.rules.deviations import NotedDeviation
from virage.matchday.food.till.store import deviations as store
from virage.platform.data.database import Connection

DEVIATIONS_MAX: Final = 200


async def deviations(conn: Connection, outlets: Sequence[str] | None, before: datetime | None) -> list[NotedDeviation]:
    """What was noted at some outlets (None: all) before a time (None: ever), the latest 200 or so first."""
    return await store.deviations(conn, outlets, before, DEVIATIONS_MAX)
