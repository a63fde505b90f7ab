"""Deadlines of many short waits with one timer, because a timer for each costs as much as decoding a body."""

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

SWEEP_S: Final = 1.0
"""Interval of the checks, and the largest delay of a deadline."""


class Deadlines:
    """The deadlines of an event loop. A wait is an `asyncio.timeout(None)`, passed to `set` and `end`."""

    def __init__(self) -> None:
        self._ends: dict[asyncio.Timeout, float] = {}
        self._is_armed = False

    def set(self, wait: asyncio.Timeout, at: float) -> None:
        """Set the deadline of a wait, in loop time, or change it."""
        self._ends[wait] = at
        if not self._is_armed:
            self._is_armed = True
            asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)

    def end(self, wait: asyncio.Timeout) -> None:
        """Remove a wait; call it inside the block."""
        self._ends.pop(wait, None)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for wait in [wait for wait, at in self._ends.items() if at <= now]:
            wait.reschedule(now)
            del self._ends[wait]
        self._is_armed = bool(self._ends)
        if self._is_armed:
            loop.call_later(SWEEP_S, self._sweep)


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Deadlines] = WeakKeyDictionary()


def deadlines_of(loop: asyncio.AbstractEventLoop) -> Deadlines:
    """Return the deadlines of a loop."""
    found = _of_loops.get(loop)
    if found is None:
        found = _of_loops[loop] = Deadlines()
    return found
