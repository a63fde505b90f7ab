"""Webhooks: events during a delivery go with the next one, and are repeated until the merchant confirms them."""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

from virage_sandbox.wire import Event

EVENTS_MAX = 500
PAUSE_MIN_S = 0.1
PAUSE_MAX_S = 5.0

Deliver = Callable[[Sequence[Event]], Awaitable[bool]]
_Letter = tuple[float, int, Event, int]
"""Due time (Unix), a sequence number, the event, the attempts so far."""


class Outbox:
    """One task delivers, without a guaranteed order. `deliver` returns whether the merchant confirmed all events."""

    def __init__(self, deliver: Deliver, now_s: Callable[[], float] = time.time) -> None:
        self._deliver = deliver
        self._now_s = now_s
        self._letters: list[_Letter] = []
        self._numbers = count()
        self._news = asyncio.Event()
        self._failures = 0
        self._not_before_s = 0.0

    def add(self, event: Event, due_s: float, copies: int = 1) -> None:
        """Deliver an event from a time on (Unix); each copy in a separate delivery."""
        for copy in range(copies):
            due = due_s if copy == 0 else max(due_s, self._now_s()) + PAUSE_MIN_S * copy
            heapq.heappush(self._letters, (due, next(self._numbers), event, 0))
        self._news.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            self._news.clear()
            letters = self._take()
            if letters:
                await self._send(letters)
            else:
                await self._wait()

    def _take(self) -> list[_Letter]:
        now_s = self._now_s()
        if now_s < self._not_before_s:
            return []
        taken: list[_Letter] = []
        while self._letters and len(taken) < EVENTS_MAX and self._letters[0][0] <= now_s:
            taken.append(heapq.heappop(self._letters))
        return taken

    async def _send(self, letters: list[_Letter]) -> None:
        if await self._deliver([event for _, _, event, _ in letters]):
            self._failures = 0
            return
        self._failures += 1
        self._not_before_s = self._now_s() + _pause_s(self._failures)
        for _, _, event, attempts in letters:
            due_s = self._now_s() + _pause_s(attempts + 1)
            heapq.heappush(self._letters, (due_s, next(self._numbers), event, attempts + 1))

    async def _wait(self) -> None:
        """Wait until an event is due; while the merchant is unavailable, new events do not end the wait."""
        next_s = max(self._letters[0][0], self._not_before_s) if self._letters else None
        if next_s is None:
            await self._news.wait()
            return
        try:
            async with asyncio.timeout(max(0.0, next_s - self._now_s())):
                if self._now_s() < self._not_before_s:
                    await asyncio.Event().wait()
                await self._news.wait()
        except TimeoutError:
            return


def _pause_s(failures: int) -> float:
    return min(PAUSE_MIN_S * 2.0 ** min(failures - 1, 10), PAUSE_MAX_S)
