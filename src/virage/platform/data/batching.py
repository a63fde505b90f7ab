"""Group commit: items that arrive while one batch is in flight form the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from asyncpg import UniqueViolationError

from virage.platform.data.database import Contended, Unavailable
from virage.platform.settings.logs import log

Item = TypeVar("Item")
Answer = TypeVar("Answer")

CALLERS_AT_ONCE = 64
"""Number of callers that continue before the next batch may use the database."""
OVERDUE_S = 5.0
"""How long a batch keeps the next one waiting. An overdue batch continues by itself, within its own time limits."""
OVERDUE_MAX = 3
"""Number of overdue batches that may run beside the next one; beyond it waiting callers get `Unavailable`."""
TRIES_MAX = 4
"""Number of attempts of a batch whose ids another process stores at the same time."""


class Overloaded(Exception):
    """The queue is full; the caller answers 503 with Retry-After."""


class Batcher(Generic[Item, Answer]):
    """Runs `act` on many items at once, and returns to each caller its own answer.

    `act` gets the items in order of arrival, writes all of them in one transaction, and returns one answer per item. It
    recognises a stored item by its id; if two processes store the same item at once, a unique key decides, and the
    later one runs its batch again.
    There is no delay: an idle batcher runs one item at once, a busy one collects items while the last batch commits. A
    batch that hangs does not block the next one, so that one lost connection does not hold up all callers. `items`,
    `batches` and `largest` are counters for the metrics.
    """

    def __init__(
        self,
        act: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        batch_max: int = 256,
        queue_max: int = 10_000,
    ) -> None:
        self._act = act
        self._batch_max = batch_max
        self._queue_max = queue_max
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._runner: asyncio.Task[None] | None = None
        self._began = 0.0
        self._overdue: set[asyncio.Task[None]] = set()
        self._is_watched = False
        self._answering: set[asyncio.Task[None]] = set()
        self.items = 0
        self.batches = 0
        self.largest = 0

    @property
    def queued(self) -> int:
        """Number of items that wait for their batch."""
        return len(self._waiting)

    async def submit(self, item: Item) -> Answer:
        """Return the answer to one item after its batch is committed. Raises errors of `act`, or `Overloaded`."""
        if len(self._waiting) >= self._queue_max:
            raise Overloaded
        if self._runner is None:
            self._start(asyncio.get_running_loop())
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((item, answer))
        return await answer

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop  # get_running_loop() costs a system call (getpid)
        self._began = loop.time()
        self._runner = loop.create_task(self._run())
        if not self._is_watched:
            self._is_watched = True
            loop.call_later(OVERDUE_S, self._look)

    def _look(self) -> None:
        """Set an overdue batch aside and start the next one; one timer serves all batches of some seconds."""
        loop = self._loop
        if self._runner is not None and loop.time() - self._began >= OVERDUE_S:
            if len(self._overdue) < OVERDUE_MAX:
                self._put_aside(self._runner)
            else:
                left, self._waiting = self._waiting, []
                _fail(left, Unavailable("Earlier batches do not end."))
        self._is_watched = self._runner is not None
        if self._is_watched:
            loop.call_later(OVERDUE_S / 5, self._look)

    def _put_aside(self, runner: "asyncio.Task[None]") -> None:
        log.warning("batch_overdue", waiting=len(self._waiting), overdue=len(self._overdue) + 1)
        self._overdue.add(runner)
        runner.add_done_callback(self._overdue.discard)
        self._runner = None
        if self._waiting:
            self._start(self._loop)

    async def _run(self) -> None:
        ours = asyncio.current_task()
        try:
            while self._waiting and self._runner is ours:
                taken, self._waiting = self._waiting[: self._batch_max], self._waiting[self._batch_max :]
                batch = [(item, answer) for item, answer in taken if not answer.done()]  # callers that went away
                if batch:
                    await self._answer(batch)
                if self._waiting and self._runner is ours:
                    self._began = self._loop.time()
        finally:
            if self._runner is ours:
                self._runner = None

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        self.items += len(batch)
        self.batches += 1
        self.largest = max(self.largest, len(batch))
        try:
            answers = await self._tried([item for item, _ in batch])
            pairs = list(zip(batch, answers, strict=True))
        except Exception as failure:  # noqa: BLE001 - every failure is handed to its caller
            if isinstance(failure, Unavailable) and not isinstance(failure, Contended):
                _fail(batch, failure)  # no single item would fare better
            elif len(batch) == 1:
                _fail(batch, failure)
            else:  # one bad item must not fail its neighbours
                for single in batch:
                    await self._answer([single])
            return
        answering = self._loop.create_task(_set_answers(pairs))
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)

    async def _tried(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Run the act, again if another process stored one of the ids meanwhile: now it is found as stored."""
        for _ in range(TRIES_MAX - 1):
            with suppress(UniqueViolationError):
                return await self._act(items)
        return await self._act(items)


async def _set_answers(pairs: list[tuple[tuple[Item, asyncio.Future[Answer]], Answer]]) -> None:
    """Return answers to some callers at a time, so that the next batch is sent to the database meanwhile."""
    for at in range(0, len(pairs), CALLERS_AT_ONCE):
        for (_, waiting), answer in pairs[at : at + CALLERS_AT_ONCE]:
            if not waiting.done():  # the caller may have gone away
                waiting.set_result(answer)
        await asyncio.sleep(0)


def _fail(batch: list[tuple[Item, asyncio.Future[Answer]]], failure: Exception) -> None:
    for _, waiting in batch:
        if not waiting.done():
            waiting.set_exception(failure)
