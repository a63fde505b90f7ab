"""`virage run` on a machine that has nothing: up by one command, down by Ctrl-C, and nothing left running."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from tests.ports import free_ports

WAIT_S = 180


class Running:
    """One `virage run`, and everything that it started."""

    def __init__(self, folder: Path, port: int, sandbox_port: int) -> None:
        self.url = f"http://localhost:{port}"
        self.output = folder / "output.txt"
        env = {name: value for name, value in os.environ.items() if not name.startswith("VIRAGE_")} | {
            "VIRAGE_PORT": str(port),
            "VIRAGE_SANDBOX_URL": f"http://localhost:{sandbox_port}",
            "VIRAGE_VAR_DIR": str(folder / "var"),
        }
        with self.output.open("wb") as output:
            command = [sys.executable, "-m", "virage.cli", "run"]
            self.process = subprocess.Popen(command, env=env, stdout=output, stderr=output, cwd=folder)  # noqa: S603 - our own command

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for other processes; fail with what they said after a generous while."""
        deadline = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < deadline, self.output.read_text()
            assert self.process.poll() is None, self.output.read_text()
            time.sleep(0.05)

    def greeted(self) -> bool:
        return "Ctrl-C ends everything" in self.output.read_text()

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def named(self, command: str) -> list[psutil.Process]:
        """The processes of one `virage` command, the eldest first."""
        found = [one for one in self.family() if command in told(one)]
        return sorted(found, key=lambda one: (one.create_time(), one.pid))


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Running]]:
    """Starts `virage run` again and again on the same folder, which an unprivileged database can reach."""
    folder = tmp_path_factory.mktemp("house")
    for step in (folder, folder.parent, folder.parent.parent):
        step.chmod(0o755)
    ports = free_ports(2)
    started: list[Running] = []

    def start() -> Running:
        started.append(Running(folder, *ports))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGINT)
            running.process.wait(60)


def told(process: psutil.Process) -> list[str]:
    """The command of a process; nothing once it is dead."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def replaced(running: Running, killed: psutil.Process) -> bool:
    """Whether another worker serves in place of one that was killed."""
    serving = running.named("serve")  # the server, then its workers
    return serving[-1].pid not in (killed.pid, serving[0].pid)


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_it_comes_up_survives_kills_and_leaves_nothing_behind(house: Callable[[], Running]) -> None:
    first = house()
    first.until(first.greeted)
    assert re.search(r"fan@example\.org", first.output.read_text())
    assert httpx.get(f"{first.url}/readyz").text == "ready\n"
    shown = httpx.get(f"{first.url}/api/events").json()["events"]
    assert [event["kind"] for event in shown].count("match") == 7
    assert len(shown) == 8
    offer = httpx.get(f"{first.url}/api/events/{shown[0]['id']}/offer").json()
    assert 0 < sum(category["free"] for category in offer["categories"]) < 59_186

    for _ in range(3):  # also faster than the server's own patience with its workers
        worker = first.named("serve")[-1]
        worker.kill()
        first.until(partial(replaced, first, worker))
        first.until(lambda: ready(first.url))

    family = first.family()
    assert len(family) >= 4
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(60) == 0
    assert gone(family)

    second = house()
    second.until(second.greeted)
    assert "sold at the counter" not in second.output.read_text()
    again = httpx.get(f"{second.url}/api/events").json()["events"]
    assert [event["id"] for event in again] == [event["id"] for event in shown]
    family = second.family()
    second.process.kill()
    second.process.wait()
    assert gone(family)


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False
