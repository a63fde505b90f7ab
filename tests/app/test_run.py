"""`virage run` on a bare machine: started by one command, stopped by Ctrl-C, with no process left."""

import re
import signal
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import psutil
import pytest

from tests.ports import free_ports
from tests.running import WAIT_S, Running, command_line


@pytest.fixture
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Running]]:
    """Starts `virage run` repeatedly on the same folder."""
    folder = tmp_path_factory.mktemp("house")
    ports = free_ports(2)
    started: list[Running] = []

    def start() -> Running:
        started.append(Running(folder, *ports))
        return started[-1]

    yield start
    for running in started:
        running.end()


def replaced(running: Running, killed: psutil.Process) -> bool:
    """Whether another worker replaces a killed one."""
    serving = running.named("serve")  # the server, then its workers
    return serving[-1].pid not in (killed.pid, serving[0].pid)


def left(processes: list[psutil.Process]) -> list[list[str]]:
    """The command lines of the processes that have not ended after a generous time-out."""
    _, alive = psutil.wait_procs(processes, timeout=WAIT_S)
    return [command_line(one) for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_virage_run_starts_survives_kills_and_leaves_no_process_behind(system: Callable[[], Running]) -> None:
    first = system()
    first.until(first.greeted)
    assert re.search(r"fan@example\.org", first.output.read_text())
    assert httpx.get(f"{first.url}/readyz").text == "ready\n"
    shown = httpx.get(f"{first.url}/api/events").json()["events"]
    assert [event["kind"] for event in shown].count("match") == 8
    assert len(shown) == 10
    offer = httpx.get(f"{first.url}/api/events/{shown[0]['id']}/offer").json()
    assert 0 < sum(category["free"] for category in offer["categories"]) < 59_186

    for _ in range(3):  # also faster than the server restarts its workers
        worker = first.named("serve")[-1]
        worker.kill()
        first.until(partial(replaced, first, worker))
        first.until(lambda: ready(first.url))

    family = first.family()
    assert len(family) >= 4
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(60) == 0
    assert left(family) == []

    second = system()
    second.until(second.greeted)
    assert "sold at the counter" not in second.output.read_text()
    again = httpx.get(f"{second.url}/api/events").json()["events"]
    assert [event["id"] for event in again] == [event["id"] for event in shown]
    family = second.family()
    second.process.kill()
    second.process.wait()
    assert left(family) == []


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False
