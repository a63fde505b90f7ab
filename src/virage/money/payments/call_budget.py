"""Budget of calls to the payment provider's account, shared by all processes of the deployment."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from virage.money.payments import rules, store
from virage.money.payments.rules import CallRequest
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock

BATCH_MAX = 256
PAUSE = timedelta(seconds=1)


class Busy(Exception):
    """The account's rate of calls is booked for longer than the caller waits. Nothing was asked.

    `wait` is the time until the next free moment.
    """

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"booked for {wait.total_seconds():.1f} s")
        self.wait = wait


class CallBudget:
    """Spaces calls evenly, `calls_per_s` a second over all processes."""

    def __init__(self, db: Database, clock: Clock, calls_per_s: int) -> None:
        self._db = db
        self._clock = clock
        self._calls_per_s = calls_per_s
        self._batcher: Batcher[CallRequest, timedelta] = Batcher(self._book, batch_max=BATCH_MAX)

    async def take(self, call: CallRequest) -> None:
        """Wait for the moment of a call. Raises `Busy` at once if that is later than the caller waits."""
        wait = await self._batcher.submit(call)
        if wait > call.patience:
            raise Busy(wait)
        await asyncio.sleep(wait.total_seconds())

    async def pause(self) -> None:
        """Delay all calls by a second, because the provider has refused one for the rate."""
        async with self._db.transaction() as conn:
            free_at = await store.lock_call_lanes(conn)
            resumes_at = self._clock.now() + PAUSE
            await store.put_call_lanes(conn, {lane: max(at, resumes_at) for lane, at in free_at.items()})

    async def _book(self, calls: Sequence[CallRequest]) -> list[timedelta]:
        async with self._db.transaction() as conn:
            free_at = await store.lock_call_lanes(conn)
            free_at, waits = rules.book_calls(free_at, calls, self._clock.now(), self._calls_per_s)
            await store.put_call_lanes(conn, free_at)
        return waits
