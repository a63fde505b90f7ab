"""Work of the ladder."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.media.replay.rules.clips import Clip
from virage.media.replay.rules.ladder import STEPS
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection


async def clips_to_ladder(conn: Connection, limit: int) -> list[Clip]:
    """Return the clips that may lack renditions, latest first."""
    return [msgspec.convert(dict(row), Clip) async for row in queries.clips_to_ladder(conn, limit_=limit)]


async def set_laddered(conn: Connection, clip_id: UUID, now: datetime) -> None:
    """Record that the renditions of a clip are complete."""
    await queries.set_laddered(conn, id=clip_id, now=now)


async def ladder_state(conn: Connection, since: datetime) -> tuple[float, int]:
    """Return the delay of the smallest rendition of the programme (s), and its skipped seconds, since a moment."""
    smallest = STEPS[-1]
    row = await queries.ladder_state(conn, since=since, height=smallest.height, rung=smallest.rung)
    return row["behind"] or 0.0, row["left_out"]
