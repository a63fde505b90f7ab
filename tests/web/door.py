"""The way to a web process that a test can shut: the process stays, and who knocks is refused as if it were gone."""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

PIECE_BYTES = 1 << 16


class Door:
    """Passes connections of a port on to another one, as long as it is open; shut, it ends all of them at once."""

    def __init__(self, port: int, inside: int) -> None:
        self._port, self._inside = port, inside
        self._passing: set[asyncio.Task[Any]] = set()
        self._listening: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(self) -> None:
        """Let everybody through."""
        if self._listening is None:
            self._listening = self._done(asyncio.start_server(self._pass, "127.0.0.1", self._port))

    def shut(self) -> None:
        """Let nobody through, and break off whatever is on its way."""
        self._done(self._shut())

    def remove(self) -> None:
        """Shut it for good."""
        self.shut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def _done(self, work: "Coroutine[Any, Any, Any]") -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _shut(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _pass(self, asked: asyncio.StreamReader, answered: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        ways = [answered]
        try:
            answers, asks = await asyncio.open_connection("127.0.0.1", self._inside)
            ways.append(asks)
            async with asyncio.TaskGroup() as both:
                both.create_task(_carry(asked, asks))
                both.create_task(_carry(answers, answered))
        except* OSError:
            pass
        finally:
            self._passing.discard(task)
            for way in ways:
                way.transport.abort()


async def _carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    """Everything from one side to the other, and its end."""
    while piece := await source.read(PIECE_BYTES):
        to.write(piece)
        await to.drain()
    with suppress(OSError):
        to.write_eof()
