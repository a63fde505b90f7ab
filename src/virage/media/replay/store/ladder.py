"""What the ladder has to do."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.ladder import STEPS
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection


async def clips_to_ladder(conn: Connection, limit: int) -> list[Clip]:
    """Clips that may still lack something of the ladder, the latest first."""
    return [msgspec.convert(dict(row), Clip) async for row in queries.clips_to_ladder(conn, limit_=limit)]


async def set_laddered(conn: Connection, clip_id: UUID, now: datetime) -> None:
    """Write down that a clip has of the ladder what it will ever have."""
    await queries.set_laddered(conn, id=clip_id, now=now)


async def ladder_state(conn: Connection, since: datetime) -> tuple[float, int]:
    """Seconds that the smallest rung of the programme is behind, and seconds that it has left out since a moment."""
    smallest = STEPS[-1]
    row = await queries.ladder_state(conn, since=since, height=smallest.height, rung=smallest.rung)
    return row["behind"] or 0.0, row["left_out"]
