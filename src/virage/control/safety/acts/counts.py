"""Store counts of cameras and counters, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.control.safety.rules.counts import StoredCount, counters_of
from virage.control.safety.rules.picture import COUNTS_RECEIVED
from virage.control.safety.store import counts as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append


async def store_counts(conn: Connection, counts: Sequence[StoredCount], now: datetime) -> set[UUID]:
    """Store counts and add them up; return the ids of the new ones. A count with a stored id has no effect."""
    first = {count.id: count for count in reversed(counts)}
    stored = await store.insert_counts(conn, list(first.values()), now)
    new = [count for count in first.values() if count.id in stored]
    if new:
        await store.add_to_counters(conn, counters_of(new), now)
        events = sorted({count.event_id for count in new})
        await append(conn, [Fact(COUNTS_RECEIVED, None, event_id) for event_id in events], now)
    return stored


async def delete_counts(conn: Connection, before: datetime) -> None:
    """Delete counts that were received before a time."""
    await store.delete_counts(conn, before)
