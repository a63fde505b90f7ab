"""A web worker process: the application with its own database connections."""

import asyncio
import os
import signal
from typing import Any

from virage.app.building import build
from virage.app.opening import clock_of, opened, settle
from virage.app.settings import read
from virage.platform.host.supervise import die_with_parent
from virage.platform.settings import logs
from virage.platform.web.http import Application

DRAIN: signal.Signals | None = getattr(signal, "SIGUSR1", None)
"""The signal that starts the drain of a worker, `drain_s` seconds before its end; None on Windows."""


class Web:
    """The ASGI application of a worker process: opens the database at start, closes it at the end."""

    def __init__(self) -> None:
        self._app: Application | None = None
        self._draining: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a request, or the lifespan protocol (ASGI)."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)

    def _drain(self, app: Application, seconds: int) -> None:
        """Report that this process is no longer ready, and end its streams."""
        app.state.readiness.draining = True
        if self._draining is None:
            self._draining = asyncio.create_task(app.state.hub.drain(seconds), name="drain")

    async def _live(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the lifespan of a worker. One that cannot start reports it to its server, and is started again.

        The server logs the exception with its place, so no message is sent in addition.
        """
        die_with_parent(at_once=True)
        logs.configure(logs.UNTIL_CONFIGURED, "web")
        answered = False

        async def reply(message: Any) -> None:
            nonlocal answered
            answered = True
            if message["type"] == "lifespan.startup.complete":
                settle()
            await send({"type": message["type"]})

        try:
            config = read(os.environ)
            logs.configure(config.log_level, "web")
            async with opened(config, "virage web") as db:
                app = self._app = build(config, db, clock_of(config))
                if DRAIN is not None:
                    asyncio.get_running_loop().add_signal_handler(DRAIN, self._drain, app, config.drain_s)
                await app(scope, receive, reply)
        except Exception:
            if not answered:
                await reply({"type": "lifespan.startup.failed"})
            raise


web = Web()
