"""The parts of a stream as a phone receives them from its server; and another process that serves
it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import msgspec

from virage.platform.data.database import Database
from virage.platform.data.journal import Tail
from virage.platform.realtime.hub import Flow, Hub, Topic
from virage.platform.web.guard import Principal


class Subscription:
    """The parts of one stream; it runs from the first read until its end or `aclose`."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._parts: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._running is None:
            self._running = asyncio.create_task(self._flow.run(self._receive, self._send))
        part = await self._parts.get()
        if part is None:
            raise StopAsyncIteration
        return part

    async def aclose(self) -> None:
        """Disconnect, as a phone does."""
        self._gone.set()
        if self._running is not None:
            await self._running

    async def _receive(self) -> Any:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, event: Any) -> None:
        assert not self._gone.is_set(), "nothing is sent after the end"
        if event["body"]:
            self._parts.put_nowait(event["body"])
        if not event["more_body"]:
            self._parts.put_nowait(None)
            self._gone.set()


async def subscribe(hub: Hub, principal: Principal, names: Sequence[str], since: str | None) -> Subscription:
    """Follow topics."""
    return Subscription(await hub.follow(principal, names, since))


def messages_of(part: bytes) -> list[Any]:
    """The messages of a part, in order."""
    return [msgspec.json.decode(line[6:]) for line in part.decode().splitlines() if line.startswith("data: ")]


@asynccontextmanager
async def another_process(db: Database, *topics: Topic) -> AsyncIterator[Hub]:
    """The hub of another web process over the same database."""
    tail = Tail(db)
    hub = Hub(db, tail, topics)
    yield hub
    hub.close()
    await tail.close()
