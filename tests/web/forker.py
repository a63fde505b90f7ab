"""Processes that start at once: forked from one that has imported them and read the built web.

Tests start some three hundred servers, workers and sandboxes, and the import of the application takes longer than the
rest of a start. `virage run`, with which every system of the browser tests begins, and the tests of the command line
start processes as an operator does.

`python -m tests.web.forker FD`: requests come over a socket, each with the file for the output;
pids and exit codes go back.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

import msgspec
from msgspec import Struct

from virage.cli import app

MESSAGE_MAX = 100_000


class Start(Struct):
    """A command of `virage` to start."""

    arguments: list[str]
    env: dict[str, str]
    folder: str


class Ended(Struct):
    """A process that has ended; a negative code is its signal."""

    pid: int
    code: int


class Forked:
    """A process that the forker started, with what `subprocess.Popen` offers of it."""

    def __init__(self, forker: "Forker", pid: int) -> None:
        self._forker = forker
        self.pid = pid

    def poll(self) -> int | None:
        return self._forker.code_of(self.pid, 0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._forker.code_of(self.pid, timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["virage"], timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Forker:
    """The process that forks, and what it has reported. It ends with the tests, when its socket is closed."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-m", "tests.web.forker", str(theirs.fileno())]
        env = {name: value for name, value in os.environ.items() if not name.startswith("VIRAGE_")}
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=env)  # noqa: S603 - our own command
        theirs.close()
        self._codes: dict[int, int] = {}

    def start(self, arguments: Sequence[str], env: Mapping[str, str], folder: Path, output: IO[bytes]) -> Forked:
        """Start a command; its output goes into the file."""
        request = msgspec.json.encode(Start(list(arguments), dict(env), str(folder)))
        socket.send_fds(self._socket, [request], [output.fileno()])
        while True:
            found = self._receive()
            if found.code == 0 and found.pid < 0:
                return Forked(self, -found.pid)
            self._codes[found.pid] = found.code

    def code_of(self, pid: int, timeout: float | None) -> int | None:
        """The exit code of a process, None if it has not ended after some seconds."""
        while pid not in self._codes:
            readable, _, _ = select.select([self._socket], [], [], timeout)
            if not readable:
                return None
            found = self._receive()
            self._codes[found.pid] = found.code
        return self._codes[pid]

    def _receive(self) -> Ended:
        message = self._socket.recv(MESSAGE_MAX)
        if not message:
            raise RuntimeError("The process that starts servers has ended.")
        return msgspec.json.decode(message, type=Ended)


@cache
def forker() -> Forker:
    """The one of this process."""
    return Forker()


def main(channel: socket.socket) -> None:
    """Start what is asked for until the tests end. A started process is reported as a negative pid."""
    gc.freeze()
    running: dict[int, int] = {}
    while True:
        readable, _, _ = select.select([channel.fileno(), *running], [], [])
        for descriptor in readable:
            if descriptor in running:
                pid = running.pop(descriptor)
                os.close(descriptor)
                status = os.waitpid(pid, 0)[1]
                with contextlib.suppress(OSError):
                    channel.send(msgspec.json.encode(Ended(pid, os.waitstatus_to_exitcode(status))))
                continue
            message, files, _, _ = socket.recv_fds(channel, MESSAGE_MAX, 1)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                channel.close()
                begin(msgspec.json.decode(message, type=Start), files[0])
            os.close(files[0])
            running[os.pidfd_open(pid)] = pid
            channel.send(msgspec.json.encode(Ended(-pid, 0)))


def begin(start: Start, output: int) -> NoReturn:
    """Become the command, in the forked process, and end with it."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.env)
    app(start.arguments)
    sys.exit(0)


if __name__ == "__main__":
    import virage.app.web
    import virage.cli.sandboxing
    import virage.cli.serving  # noqa: F401 - imported once for all
    from virage.platform.web import static

    static.read_web = cache(static.read_web)
    static.read_web(static.WEB)
    main(socket.socket(fileno=int(sys.argv[1])))
