"""Counts of cameras and counters, stored in batches: many devices send every second."""

from collections.abc import Sequence

from virage.control.safety.acts.counts import store_counts
from virage.control.safety.rules.counts import StoredCount
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock


class Counts:
    """The counts that this process stores."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._batcher = Batcher[list[StoredCount], None](self._store, batch_max=64, queue_max=1_000)

    async def add(self, counts: list[StoredCount]) -> None:
        """Store the counts of one upload. Raises `Overloaded` when too many uploads wait."""
        await self._batcher.submit(counts)

    async def _store(self, uploads: Sequence[list[StoredCount]]) -> list[None]:
        async with self._db.transaction() as conn:
            await store_counts(conn, [count for upload in uploads for count in upload], self._clock.now())
        return [None] * len(uploads)
