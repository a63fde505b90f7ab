"""Deletion of expired rows; their objects become pending deletions."""

from collections.abc import Sequence
from uuid import UUID

from virage.media.replay.rules.clips import CLIP_MAX
from virage.media.replay.rules.media import KEY_PERIOD, SEGMENT_MAX
from virage.media.replay.rules.retention import Retention
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection


async def expire_segments(conn: Connection, limits: Retention, at_most: int) -> int:
    """Delete expired segments and return how many."""
    rows = queries.expire_segments(
        conn,
        seen_before=limits.seen_before,
        withdrawn_before=limits.withdrawn_before,
        longest=SEGMENT_MAX,
        clip_longest=CLIP_MAX,
        at_most=at_most,
    )
    return len([row async for row in rows])


async def expire_tracks(conn: Connection, limits: Retention, at_most: int) -> int:
    """Delete tracks without segments and return how many."""
    return len([row async for row in queries.expire_tracks(conn, seen_before=limits.seen_before, at_most=at_most)])


async def expire_descriptions(conn: Connection, limits: Retention, at_most: int) -> int:
    """Delete descriptions of clips withdrawn before the limit, and return how many."""
    rows = queries.expire_descriptions(conn, withdrawn_before=limits.withdrawn_before, at_most=at_most)
    return len([row async for row in rows])


async def expire_posters(conn: Connection, limits: Retention, at_most: int) -> int:
    """Delete posters of clips withdrawn before the limit, and return how many."""
    rows = queries.expire_posters(conn, withdrawn_before=limits.withdrawn_before, at_most=at_most)
    return len([row async for row in rows])


async def expire_keys(conn: Connection, limits: Retention) -> None:
    """Delete keys without segments."""
    await queries.expire_keys(conn, seen_before=limits.seen_before, key_period=KEY_PERIOD)


async def reset_losses(conn: Connection, limits: Retention) -> None:
    """Reset counts of lost segments that would have expired."""
    await queries.reset_losses(conn, seen_before=limits.seen_before)


async def pending_deletions(conn: Connection, at_most: int) -> list[UUID]:
    """Return objects to delete, oldest first."""
    return [row["object_id"] async for row in queries.pending_deletions(conn, at_most=at_most)]


async def delete_pending(conn: Connection, object_ids: Sequence[UUID]) -> None:
    """Remove deleted objects from the pending deletions."""
    await queries.delete_pending(conn, object_ids=list(object_ids))
