"""Real processes, started and killed: none survives its parent, and a dead one is restarted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

CHILD = """
import os, pathlib, subprocess, sys, time
from virage.platform.host.supervise import die_with_parent
die_with_parent()
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
if name == "stubborn":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if name == "parent":
    subprocess.Popen([sys.executable, __file__, str(folder), "grandchild"])
with (folder / (name + ".pids")).open("a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(600)
"""

SUPERVISOR = """
import asyncio, os, pathlib, signal, sys
from virage.platform.host import supervise
from virage.platform.host.supervise import Child, Supervisor
supervise.GRACE_S = 1.0
supervise.BACKOFF_FIRST_S = 0.01

async def main():
    folder, child, *names = sys.argv[1:]
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    children = [Child(name, (sys.executable, child, folder, name)) for name in names]
    await Supervisor(children, env=os.environ, report=print, log_folder=pathlib.Path(folder) / "log").run(stop)

asyncio.run(main())
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


def until(holds: Callable[[], bool]) -> None:
    """Wait for another process; fail after a generous time-out."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "the condition was not met in time"
        time.sleep(0.01)


def pids(folder: Path, name: str) -> list[int]:
    path = folder / f"{name}.pids"
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    child, supervisor = tmp_path / "child.py", tmp_path / "supervisor.py"
    child.write_text(CHILD)
    supervisor.write_text(SUPERVISOR)
    started: list[subprocess.Popen[bytes]] = []

    def begin(*names: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(supervisor), str(tmp_path), str(child), *names]
        process = subprocess.Popen(command)  # noqa: S603 - the two programs above
        started.append(process)
        for name in names:
            until(lambda name=name: len(pids(tmp_path, name)) > 0)  # type: ignore[misc]  # a default that mypy cannot infer
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_all_children_end_with_the_supervisor(start: Start, tmp_path: Path) -> None:
    supervisor = start("web", "work")
    supervisor.send_signal(signal.SIGINT)
    assert supervisor.wait(30) == 0
    assert not any(alive(pid) for name in ("web", "work") for pid in pids(tmp_path, name))


def test_a_killed_child_is_restarted_and_the_others_keep_running(start: Start, tmp_path: Path) -> None:
    supervisor = start("web", "work")
    os.kill(pids(tmp_path, "web")[0], signal.SIGKILL)
    until(lambda: len(pids(tmp_path, "web")) == 2)
    assert len(pids(tmp_path, "work")) == 1
    assert alive(pids(tmp_path, "work")[0])
    supervisor.terminate()
    assert supervisor.wait(30) == 0


def test_no_child_outlives_a_killed_supervisor(start: Start, tmp_path: Path) -> None:
    supervisor = start("parent", "work")
    until(lambda: len(pids(tmp_path, "grandchild")) == 1)
    supervisor.kill()
    supervisor.wait()
    for name in ("parent", "work", "grandchild"):
        until(lambda name=name: not alive(pids(tmp_path, name)[0]))  # type: ignore[misc]  # a default that mypy cannot infer


def test_a_child_that_ignores_sigterm_is_killed(start: Start, tmp_path: Path) -> None:
    supervisor = start("stubborn")
    supervisor.terminate()
    assert supervisor.wait(30) == 0
    assert not alive(pids(tmp_path, "stubborn")[0])


def test_a_grandchild_does_not_survive_the_end_of_its_parent(start: Start, tmp_path: Path) -> None:
    supervisor = start("parent")
    until(lambda: len(pids(tmp_path, "grandchild")) == 1)
    os.kill(pids(tmp_path, "parent")[0], signal.SIGKILL)
    until(lambda: not alive(pids(tmp_path, "grandchild")[0]))
    until(lambda: len(pids(tmp_path, "parent")) == 2)
    supervisor.terminate()
    assert supervisor.wait(30) == 0


def test_the_output_of_a_child_is_logged(start: Start, tmp_path: Path) -> None:
    start("web")
    assert (tmp_path / "log" / "web.log").stat().st_mode & 0o777 == 0o600
