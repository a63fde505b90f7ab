"""Stored clips."""

from datetime import datetime
from uuid import UUID

import msgspec

from virage.media.replay.rules.clips import Clip
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id


async def add_clip(conn: Connection, clip: Clip) -> bool:
    """Add a clip; return False if its id exists."""
    fields = msgspec.structs.asdict(clip)
    del fields["withdrawn_at"]
    return await queries.add_clip(conn, **fields) is not None


async def clip(conn: Connection, clip_id: UUID) -> Clip | None:
    """Return a clip in any state, or None."""
    row = await queries.clip(conn, id=clip_id)
    return None if row is None else msgspec.convert(dict(row), Clip)


async def clips_of(conn: Connection, event_id: UUID, most: int) -> list[Clip]:
    """Return the clips of an event in any state, latest first."""
    return [msgspec.convert(dict(row), Clip) async for row in queries.clips_of(conn, event_id=event_id, most=most)]


async def clips_of_entry(conn: Connection, event_id: UUID, number: int) -> list[Clip]:
    """Return the clips that show a feed entry or are announced by it, without withdrawn ones."""
    rows = queries.clips_of_entry(conn, event_id=event_id, number=number)
    return [msgspec.convert(dict(row), Clip) async for row in rows]


async def withdraw_clip(conn: Connection, clip_id: UUID, now: datetime, *, entry: int | None = None) -> bool:
    """Withdraw a clip with this feed entry or none; return False if it has changed."""
    touched: int = await queries.withdraw_clip(conn, id=clip_id, entry=entry, now=now)
    return touched == 1


async def show_clip(conn: Connection, clip: Clip, entry: int, now: datetime) -> bool:
    """Publish a clip; return False if it is published or has changed since it was read."""
    touched: int = await queries.show_clip(
        conn, id=clip.id, withdrawn_at=clip.withdrawn_at, entry=entry, poster_id=new_id(), now=now
    )
    return touched == 1
