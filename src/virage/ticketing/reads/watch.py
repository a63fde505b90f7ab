"""Waiting for an order to move on, without asking the database again and again."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from virage.kernel.database import Database
from virage.kernel.journal import Entry, Tail, head

_MOVES = frozenset({"order_held", "order_paying", "order_paid", "order_expired", "order_released", "order_refunded"})


class OrderWatch:
    """Wakes whoever waits for an order when the journal says that it moved."""

    def __init__(self, db: Database, tail: Tail) -> None:
        self._db = db
        self._tail = tail
        self._waiting: dict[UUID, list[asyncio.Event]] = {}
        self._end: Callable[[], None] | None = None

    async def start(self, order_id: UUID) -> asyncio.Event:
        """An event that is set when the order moves from now on; give it back with `stop`."""
        moved = asyncio.Event()
        self._waiting.setdefault(order_id, []).append(moved)
        if self._end is None:
            async with self._db.connection() as conn:
                position = await head(conn)
            if self._end is None:
                self._end = self._tail.listen(self._on_entries, position)
        return moved

    def stop(self, order_id: UUID, moved: asyncio.Event) -> None:
        """Nobody waits on this event any more."""
        events = self._waiting.get(order_id, [])
        if moved in events:
            events.remove(moved)
        if not events:
            self._waiting.pop(order_id, None)

    def close(self) -> None:
        """Wake everybody and follow the journal no more."""
        for events in self._waiting.values():
            for moved in events:
                moved.set()
        if self._end is not None:
            self._end()
            self._end = None

    def _on_entries(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.what in _MOVES:
                for moved in self._waiting.get(entry.about, ()):
                    moved.set()
