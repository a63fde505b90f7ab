"""What is over: forgotten here first, then deleted from the object store."""

from collections.abc import Sequence
from uuid import UUID

from virage.media.replay.rules.clips import LONGEST
from virage.media.replay.rules.media import KEY_PERIOD, SEGMENT_LONGEST
from virage.media.replay.rules.retention import Retention
from virage.media.replay.store.queries import queries
from virage.platform.data.database import Connection


async def expire_segments(conn: Connection, over: Retention, at_most: int) -> int:
    """Forget segments; how many."""
    rows = queries.expire_segments(
        conn,
        seen_before=over.seen_before,
        withdrawn_before=over.withdrawn_before,
        longest=SEGMENT_LONGEST,
        clip_longest=LONGEST,
        at_most=at_most,
    )
    return len([row async for row in rows])


async def expire_tracks(conn: Connection, over: Retention, at_most: int) -> int:
    """Forget tracks that have no segments any more; how many."""
    return len([row async for row in queries.expire_tracks(conn, seen_before=over.seen_before, at_most=at_most)])


async def expire_descriptions(conn: Connection, over: Retention, at_most: int) -> int:
    """Forget descriptions of clips that were taken down long ago; how many."""
    rows = queries.expire_descriptions(conn, withdrawn_before=over.withdrawn_before, at_most=at_most)
    return len([row async for row in rows])


async def expire_posters(conn: Connection, over: Retention, at_most: int) -> int:
    """Forget posters of clips that were taken down long ago; how many."""
    rows = queries.expire_posters(conn, withdrawn_before=over.withdrawn_before, at_most=at_most)
    return len([row async for row in rows])


async def expire_keys(conn: Connection, over: Retention) -> None:
    """Forget keys with nothing left to open."""
    await queries.expire_keys(conn, seen_before=over.seen_before, key_period=KEY_PERIOD)


async def forget_losses(conn: Connection, over: Retention) -> None:
    """Count no segment as lost that would be over by now."""
    await queries.forget_losses(conn, seen_before=over.seen_before)


async def pending_deletions(conn: Connection, at_most: int) -> list[UUID]:
    """Objects to delete, the oldest first."""
    return [row["object_id"] async for row in queries.pending_deletions(conn, at_most=at_most)]


async def gone(conn: Connection, object_ids: Sequence[UUID]) -> None:
    """They are deleted."""
    await queries.gone(conn, object_ids=list(object_ids))
