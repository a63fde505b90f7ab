"""Receipts of messages, stored in batches: a whole stadium confirms within seconds."""

from collections.abc import Sequence

from virage.control.safety.acts.broadcasts import confirm
from virage.control.safety.store.broadcasts import Receipt
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock


class Receipts:
    """The receipts that this process stores."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._batcher = Batcher[Receipt, None](self._store, batch_max=1_000, queue_max=60_000)

    async def confirm(self, receipt: Receipt) -> None:
        """Store a receipt. Raises `Overloaded` when too many wait."""
        await self._batcher.submit(receipt)

    async def _store(self, receipts: Sequence[Receipt]) -> list[None]:
        async with self._db.transaction() as conn:
            await confirm(conn, receipts, self._clock.now())
        return [None] * len(receipts)
