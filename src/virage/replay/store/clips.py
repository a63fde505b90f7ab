"""Clips."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.kernel.database import Connection
from virage.replay.rules.clips import Clip
from virage.replay.store.queries import queries


async def add_clip(conn: Connection, clip: Clip) -> bool:
    """Whether it is new."""
    added = await queries.add_clip(
        conn,
        id=clip.id,
        event_id=clip.event_id,
        about=clip.about,
        from_at=clip.from_at,
        to_at=clip.to_at,
        cameras=clip.cameras,
        now=clip.published_at,
    )
    return added is not None


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """One clip, withdrawn ones too."""
    row = await queries.clip(conn, id=clip_id)
    return None if row is None else msgspec.convert(dict(row), Clip)


async def withdraw_clip(conn: Connection, clip_id: UUID, now: datetime) -> bool:
    """Whether it was shown until now."""
    touched: int = await queries.withdraw_clip(conn, id=clip_id, now=now)
    return touched == 1
