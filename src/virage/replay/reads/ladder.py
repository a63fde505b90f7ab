"""How the ladder does, for who watches the processes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from virage.kernel.database import Connection
from virage.replay.store import ladder as store

WATCHED: Final = timedelta(minutes=10)


async def state(conn: Connection, now: datetime) -> Mapping[str, float]:
    """How far the smallest rung is behind the cameras of the programme, and what it left out in ten minutes."""
    behind, left_out = await store.ladder_state(conn, now - WATCHED)
    return {"seconds_behind": behind, "seconds_left_out": left_out}
