"""`virage serve` and `virage work`: the production processes."""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from virage.app.building import jobs_of
from virage.app.opening import clock_of, opened, settle
from virage.app.web import DRAIN
from virage.cli.deployment import configuration, database
from virage.platform.host.supervise import be_parent, die_with_parent
from virage.platform.realtime.audience import connections
from virage.platform.settings import logs
from virage.platform.settings.config import Config

BACKLOG = 4_096  # connections in the accept queue
RESPAWN_S = 0.1  # before a dead worker is replaced
KILL_AFTER_S = 8  # limit for open streams at the end of a worker
HEADER_TIMEOUT_MS = 10_000  # for a complete request header: silent, slow and idle connections end
CRASH_PAUSE_S = 1.0


def serve(workers: int | None, certificate: tuple[Path, Path] | None = None) -> None:
    """Serve the web until SIGTERM; dead workers are replaced."""
    die_with_parent()
    be_parent()
    config = configuration(os.environ)
    logs.configure(config.log_level, "serve")
    _open_all_files_allowed()
    with database(config) as ready:
        os.environ["VIRAGE_DATABASE_URL"] = ready.database_url or ""
        ended = False
        while not ended:
            ended = _served(ready, workers or config.workers, certificate)


def _open_all_files_allowed() -> None:
    """Raise the soft limit of open files, often 1,024, to the hard limit: each stream needs one."""
    if sys.platform != "win32":
        import resource

        _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))


class _Server(Granian):  # type: ignore[misc, valid-type]  # which class it is depends on the interpreter
    """A server whose workers drain for `drain_s` seconds before they end: not ready, while their streams end."""

    drain_s = 0

    def shutdown(self, exit_code: int = 0) -> None:
        """End all workers; a second signal skips the drain."""
        if DRAIN is not None:
            for pid in [worker.pid for worker in multiprocessing.active_children() if worker.pid is not None]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, DRAIN)
            if self.interrupt_signal:
                self.main_loop_interrupt.clear()
                self.main_loop_interrupt.wait(self.drain_s)
        super().shutdown(exit_code)


def _served(config: Config, workers: int, certificate: tuple[Path, Path] | None) -> bool:
    """Run the server. Return whether it ended by a signal, and not because its workers kept dying."""
    server = _Server(
        "virage.app.web:web",
        address=config.host,
        port=config.port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.uvloop if os.name == "posix" else Loops.asyncio,
        http=HTTPModes.auto if certificate else HTTPModes.http1,  # `auto` has no timeout for the first byte
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        websockets=False,
        backlog=BACKLOG,
        backpressure=connections(),  # Granian counts connections, not requests
        respawn_failed_workers=True,
        respawn_interval=RESPAWN_S,
        workers_kill_timeout=KILL_AFTER_S,
        log_level=LogLevels.warning,
        log_dictconfig=logs.of_server("warning"),
        ssl_cert=certificate[0] if certificate else None,
        ssl_key=certificate[1] if certificate else None,
    )
    server.drain_s = config.drain_s
    try:
        server.serve()
    except SystemExit:
        if not server.interrupt_signal:
            time.sleep(CRASH_PAUSE_S)
    return bool(server.interrupt_signal)


def work() -> None:
    """Run the jobs of all domains until SIGTERM."""
    die_with_parent()
    config = configuration(os.environ)
    logs.configure(config.log_level, "work")
    with database(config) as ready:
        if sys.platform == "win32":
            asyncio.run(_work(ready))
        else:
            import uvloop

            uvloop.run(_work(ready))


async def _work(config: Config) -> None:
    async with opened(config, "virage work") as db, jobs_of(config, db, clock_of(config)) as jobs:
        settle()
        working = asyncio.create_task(jobs.run(db))
        loop = asyncio.get_running_loop()
        for wish in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(wish, working.cancel)
        await asyncio.gather(working, return_exceptions=True)
        if not working.cancelled():
            await working
