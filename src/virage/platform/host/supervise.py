"""The supervisor: starts child processes, restarts them when they die, and ends them all."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from virage.platform.host.logfile import open_log

PARENT = "VIRAGE_SUPERVISOR_PID"
BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 10.0
STEADY_AFTER_S = 20.0
GRACE_S = 10.0

_PR_SET_PDEATHSIG = 1
_WATCH_EVERY_S = 1.0


class Child(Struct, frozen=True):
    """A supervised process: its name in messages and logs, its command, and its environment variables."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = {}


class Supervisor:
    """Keeps its children alive until `stop`.

    Every child gets its own session, so that Ctrl-C reaches only the supervisor, which ends them in the reverse order
    of their start: by SIGTERM, after ten seconds by SIGKILL. `report` is called with one line of text per event. The
    output of a child goes to `<log_folder>/<name>.log`; without a folder, to that of the supervisor.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        env: Mapping[str, str],
        report: Callable[[str], None],
        log_folder: Path | None = None,
    ) -> None:
        self._children = children
        self._env = dict(env)
        self._report = report
        self._log_folder = log_folder
        self._running: dict[str, Process] = {}

    def pid(self, name: str) -> int | None:
        """Return the process id of a child while it runs."""
        process = self._running.get(name)
        return None if process is None or process.returncode is not None else process.pid

    async def run(self, stop: asyncio.Event) -> None:
        """Start all, keep them alive until `stop` is set, end all."""
        keepers = {child.name: asyncio.create_task(self._keep(child)) for child in self._children}
        try:
            await stop.wait()
        finally:
            for name in reversed(keepers):
                keepers[name].cancel()
                await asyncio.gather(keepers[name], return_exceptions=True)
                await self._end(name)

    async def _keep(self, child: Child) -> None:
        pause = BACKOFF_FIRST_S
        while True:
            began = time.monotonic()
            process = self._running[child.name] = await self._spawn(child)
            code = await process.wait()
            _kill_group(process.pid)
            if time.monotonic() - began > STEADY_AFTER_S:
                pause = BACKOFF_FIRST_S
            where = f"; see {self._log_folder / child.name}.log" if self._log_folder else ""
            self._report(f"{child.name} ended ({_reason(code)}) and starts again in {pause:g} s{where}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, BACKOFF_MAX_S)

    async def _spawn(self, child: Child) -> Process:
        env = {**self._env, **child.env, PARENT: str(os.getpid())}
        if self._log_folder is None:
            return await asyncio.create_subprocess_exec(*child.command, env=env, start_new_session=True)
        with open_log(self._log_folder / f"{child.name}.log") as log:
            return await asyncio.create_subprocess_exec(
                *child.command,
                env=env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def _end(self, name: str) -> None:
        process = self._running.get(name)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await process.wait()
        _kill_group(process.pid)
        await process.wait()


def die_with_parent(*, at_once: bool = False) -> None:
    """End this process when its supervisor ends or is killed; do nothing without a supervisor.

    `at_once` kills it, where SIGTERM would make it wait for open streams.
    """
    parent = os.environ.get(PARENT)
    if parent is None:
        return
    be_parent()
    if os.name == "posix":
        _hang_on(int(parent), signal.SIGKILL if at_once else signal.SIGTERM)


def be_parent() -> None:
    """Become the supervisor of the processes started from here that call `die_with_parent`."""
    os.environ[PARENT] = str(os.getpid())


def _hang_on(parent: int, wish: signal.Signals) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, wish)
    if os.getppid() != parent:
        os.kill(os.getpid(), wish)
    if sys.platform != "linux":
        threading.Thread(target=_watch, args=(parent, wish), daemon=True).start()


def _watch(parent: int, wish: signal.Signals) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_EVERY_S)
    os.kill(os.getpid(), wish)


def _kill_group(pid: int) -> None:
    """Kill all processes of a child's session."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
