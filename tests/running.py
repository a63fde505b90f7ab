"""`virage run` as a newcomer starts it: in an empty folder, with no variable but the free ports."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

WAIT_S = 180


class Running:
    """One `virage run` and all its processes."""

    def __init__(self, folder: Path, port: int, sandbox_port: int) -> None:
        self.url = f"http://localhost:{port}"
        self.folder = folder
        self.output = folder / "output.txt"
        ports = {"VIRAGE_PORT": str(port), "VIRAGE_SANDBOX_URL": f"http://localhost:{sandbox_port}"}
        self.process = started(folder, self.output, "run", **ports)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for other processes; fail with their output after a generous time-out."""
        deadline = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < deadline, self.output.read_text()
            assert self.process.poll() is None, self.output.read_text()
            time.sleep(0.05)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)

    def greeted(self) -> bool:
        return "Ctrl-C ends everything" in self.output.read_text()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def named(self, command: str) -> list[psutil.Process]:
        """The processes of one `virage` command, the oldest first."""
        found = [one for one in self.family() if command in command_line(one)]
        return sorted(found, key=lambda one: (one.create_time(), one.pid))


def started(folder: Path, output: Path, *arguments: str, **variables: str) -> "subprocess.Popen[bytes]":
    """A command of `virage` that was started in a folder; `output` collects what it prints."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("VIRAGE_")} | variables
    with output.open("wb") as file:
        command = [sys.executable, "-m", "virage.cli", *arguments]
        return subprocess.Popen(command, env=env, stdout=file, stderr=file, cwd=folder)  # noqa: S603 - our own command


def command_line(process: psutil.Process) -> list[str]:
    """The command of a process; empty once it is dead."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []
