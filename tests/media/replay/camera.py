"""A synthetic camera in a thread, and its ingest."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import av

from virage.media.replay.footage import Footage
from virage.media.replay.ingest.camera import Ingest
from virage.media.replay.ingest.synthetic import send
from virage.media.replay.ingest.transports import Source
from virage.media.replay.rules.media import MediaVault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock


class Camera:
    """A camera that sends to a local port until it is pulled, and reconnects."""

    def __init__(self, port: int, **how: Any) -> None:
        self._port = port
        self._how = how
        self._pulled = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def pull(self) -> None:
        self._pulled.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._pulled.is_set():
            with suppress(av.FFmpegError, OSError):
                send(
                    f"tcp://127.0.0.1:{self._port}",
                    Clock(),
                    running=lambda: not self._pulled.is_set(),
                    **self._how,
                )
            self._pulled.wait(0.05)


@asynccontextmanager
async def taking_in(
    source: Source, db: Database, footage: Footage, vault: MediaVault, **how: Any
) -> AsyncIterator[Ingest]:
    """Run the ingest of a camera within the block."""
    ingest = Ingest(source, db=db, footage=footage, vault=vault, **{"clock": Clock(), **how})
    running = asyncio.create_task(ingest.run())
    try:
        yield ingest
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
