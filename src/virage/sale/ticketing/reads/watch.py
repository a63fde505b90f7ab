"""Wait for a change of an order without polling the database."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

from virage.platform.data.database import Database
from virage.platform.data.journal import Entry, Tail, head
from virage.sale.ticketing.rules.terms import AWAITING_SETTLEMENT, MONEY_RETURNED, STATE_FACTS

ENDS_A_WAIT = (STATE_FACTS.keys() | {AWAITING_SETTLEMENT, MONEY_RETURNED}) - {"order_paying"}


class OrderWait:
    """A pending wait for an order; `entry` is its last journal entry."""

    def __init__(self) -> None:
        self._moved = asyncio.Event()
        self.entry: Entry | None = None

    def wake(self, entry: Entry | None) -> None:
        """Wake the waiting request; None on shutdown."""
        self.entry = entry
        self._moved.set()

    async def wait(self, seconds: float) -> None:
        """Wait until the order changes, at most `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return


class OrderWatch:
    """Waits for orders, woken by the journal."""

    def __init__(self, db: Database, tail: Tail) -> None:
        self._db = db
        self._tail = tail
        self._waiting: dict[UUID, list[OrderWait]] = {}
        self._end: Callable[[], None] | None = None

    async def start(self, order_id: UUID) -> OrderWait:
        """Start to wait for changes of an order; end with `stop`."""
        moved = OrderWait()
        self._waiting.setdefault(order_id, []).append(moved)
        if self._end is None:
            async with self._db.connection() as conn:
                position = await head(conn)
            if self._end is None:
                self._end = self._tail.listen(self._on_entries, position)
        return moved

    def stop(self, order_id: UUID, moved: OrderWait) -> None:
        """End a wait."""
        events = self._waiting.get(order_id, [])
        if moved in events:
            events.remove(moved)
        if not events:
            self._waiting.pop(order_id, None)

    def close(self) -> None:
        """Wake all waiting requests and stop following the journal."""
        for events in self._waiting.values():
            for moved in events:
                moved.wake(None)
        if self._end is not None:
            self._end()
            self._end = None

    def _on_entries(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.what in ENDS_A_WAIT:
                for moved in self._waiting.get(entry.about, ()):
                    moved.wake(entry)
