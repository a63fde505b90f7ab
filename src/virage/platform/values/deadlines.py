"""Deadlines of very many short waits with one timer for all: a timer for each would cost as much as decoding a body."""

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

SWEEP_S: Final = 1.0
"""How often is looked, and so by how much a deadline may be missed."""


class Deadlines:
    """The deadlines of one event loop. A wait is an `asyncio.timeout(None)` that is set here and ended here."""

    def __init__(self) -> None:
        self._ends: dict[asyncio.Timeout, float] = {}
        self._is_armed = False

    def set(self, wait: asyncio.Timeout, at: float) -> None:
        """Let a wait end at a time of the loop, or change when it ends."""
        self._ends[wait] = at
        if not self._is_armed:
            self._is_armed = True
            asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)

    def end(self, wait: asyncio.Timeout) -> None:
        """Forget a wait, still inside its block."""
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
