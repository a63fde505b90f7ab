"""Group commit: what arrives while one batch is in flight forms the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from virage.platform.data.database import Contended, Unavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")

CALLERS_AT_ONCE = 64
"""How many callers go on before the next batch has a turn with the database."""


class Overloaded(Exception):
    """The queue is full; the caller answers 503 with Retry-After."""


class Batcher(Generic[Item, Answer]):
    """Run `act` on many items at once, and give each caller its own answer.

    `act` gets the items in order of arrival, writes all of them in one transaction, and returns one answer an item.
    No timer and no delay: an idle batcher runs one item at once, a busy one gathers while the last batch commits.
    `items`, `batches` and `largest` count for the metrics.
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
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[: self._batch_max], self._waiting[self._batch_max :]
                batch = [(item, answer) for item, answer in taken if not answer.done()]  # callers that went away
                if batch:
                    await self._answer(batch)
        finally:
            self._runner = None

    async def _answer(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        self.items += len(batch)
        self.batches += 1
        self.largest = max(self.largest, len(batch))
        try:
            answers = await self._act([item for item, _ in batch])
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
        telling = asyncio.create_task(_tell(pairs))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)


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
