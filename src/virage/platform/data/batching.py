"""Group commit: what arrives while one batch is in flight forms the next one."""

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
"""How many callers go on before the next batch has a turn with the database."""
OVERDUE_S = 5.0
"""How long a batch keeps the next one waiting. It goes on by itself; what it waits for has limits of its own."""
OVERDUE_MAX = 3
"""How many overdue batches go on beside the next one; with more, those who wait are sent away."""
TRIES_MAX = 4
"""How often a batch is tried in which another process stores the same ids."""


class Overloaded(Exception):
    """The queue is full; the caller answers 503 with Retry-After."""


class Batcher(Generic[Item, Answer]):
    """Run `act` on many items at once, and give each caller its own answer.

    `act` gets the items in order of arrival, writes all of them in one transaction, and returns one answer an item. It
    knows an item that is stored already by its id; two processes that store the same one at once are told apart by a
    unique key, and the later one runs its batch again.
    No delay: an idle batcher runs one item at once, a busy one gathers while the last batch commits. A batch that hangs
    lets the next one through: a lost connection is one batch's matter, and a silent database must not let callers wait
    for each other. `items`, `batches` and `largest` count for the metrics.
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
        self._telling: set[asyncio.Task[None]] = set()
        self.items = 0
        self.batches = 0
        self.largest = 0

    @property
    def queued(self) -> int:
        """How many items wait for their batch now."""
        return len(self._waiting)

    async def submit(self, item: Item) -> Answer:
        """The answer to one item, once its batch is committed; raises what `act` raises for it, or `Overloaded`."""
        if len(self._waiting) >= self._queue_max:
            raise Overloaded
        if self._runner is None:
            self._start(asyncio.get_running_loop())
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((item, answer))
        return await answer

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop  # Python asks the system for its process id whenever it looks for the running loop
        self._began = loop.time()
        self._runner = loop.create_task(self._run())
        if not self._is_watched:
            self._is_watched = True
            loop.call_later(OVERDUE_S, self._look)

    def _look(self) -> None:
        """Put a runner aside whose batch is overdue, and start another; one timer for all batches of some seconds."""
        loop = self._loop
        if self._runner is not None and loop.time() - self._began >= OVERDUE_S:
            if len(self._overdue) < OVERDUE_MAX:
                self._put_aside(self._runner)
            else:
                left, self._waiting = self._waiting, []
                _fail(left, Unavailable("The batches before do not end."))
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
        telling = self._loop.create_task(_tell(pairs))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _tried(self, items: Sequence[Item]) -> Sequence[Answer]:
        """Run the act; again where another process stored one of the ids meanwhile: now it is known as stored."""
        for _ in range(TRIES_MAX - 1):
            with suppress(UniqueViolationError):
                return await self._act(items)
        return await self._act(items)


async def _tell(pairs: list[tuple[tuple[Item, asyncio.Future[Answer]], Answer]]) -> None:
    """Give callers their answers, some at a time, so that the database works on the next batch while others go on."""
    for at in range(0, len(pairs), CALLERS_AT_ONCE):
        for (_, waiting), answer in pairs[at : at + CALLERS_AT_ONCE]:
            if not waiting.done():  # the caller may have gone away
                waiting.set_result(answer)
        await asyncio.sleep(0)


def _fail(batch: list[tuple[Item, asyncio.Future[Answer]]], failure: Exception) -> None:
    for _, waiting in batch:
        if not waiting.done():
            waiting.set_exception(failure)
