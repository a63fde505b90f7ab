"""Waiting for an order to move on, without asking the database again and again."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from virage.platform.data.database import Database
from virage.platform.data.journal import Entry, Tail, head
from virage.sale.ticketing.rules.terms import MONEY_RETURNED, STATE_FACTS

ENDS_A_WAIT = (STATE_FACTS.keys() | {MONEY_RETURNED}) - {"order_paying"}


class Move:
    """Somebody waits for an order; `entry` is what the journal said of it last."""

    def __init__(self) -> None:
        self._moved = asyncio.Event()
        self.entry: Entry | None = None

    def tell(self, entry: Entry | None) -> None:
        """Wake who waits; None when nothing will come any more."""
        self.entry = entry
        self._moved.set()

    async def wait(self, seconds: float) -> None:
        """Until the order moves, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return


class OrderWatch:
    """Wakes whoever waits for an order when the journal says that it moved."""

    def __init__(self, db: Database, tail: Tail) -> None:
        self._db = db
        self._tail = tail
        self._waiting: dict[UUID, list[Move]] = {}
        self._end: Callable[[], None] | None = None

    async def start(self, order_id: UUID) -> Move:
        """What is told when the order moves from now on; give it back with `stop`."""
        moved = Move()
        self._waiting.setdefault(order_id, []).append(moved)
        if self._end is None:
            async with self._db.connection() as conn:
                position = await head(conn)
            if self._end is None:
                self._end = self._tail.listen(self._on_entries, position)
        return moved

    def stop(self, order_id: UUID, moved: Move) -> None:
        """Nobody waits on this any more."""
        events = self._waiting.get(order_id, [])
        if moved in events:
            events.remove(moved)
        if not events:
            self._waiting.pop(order_id, None)

    def close(self) -> None:
        """Wake everybody and follow the journal no more."""
        for events in self._waiting.values():
            for moved in events:
                moved.tell(None)
        if self._end is not None:
            self._end()
            self._end = None

    def _on_entries(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.what in ENDS_A_WAIT:
                for moved in self._waiting.get(entry.about, ()):
                    moved.tell(entry)
