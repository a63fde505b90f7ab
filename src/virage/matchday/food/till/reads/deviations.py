"""Deviations for the office."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from virage.matchday.food.till.rules.deviations import StoredDeviation
from virage.matchday.food.till.store import deviations as store
from virage.platform.data.database import Connection

DEVIATIONS_MAX: Final = 200


async def deviations(conn: Connection, outlets: Sequence[str] | None, before: datetime | None) -> list[StoredDeviation]:
    """Return about 200 deviations of some outlets (None: all) found before a time (None: no limit), latest first."""
    return await store.deviations(conn, outlets, before, DEVIATIONS_MAX)
