"""A sale while the database is frozen: SIGSTOP of all its processes, whose kernel still accepts
every connection.

Every request gets a 503 with Retry-After within the limits. After the thaw everything continues
without help, and confirmed sales are kept.
"""

import asyncio
import os
import signal
import time
from typing import Any

import psutil
import pytest

from benchmarks.common import run
from benchmarks.onsale import Wanted, crowd
from benchmarks.system import System, seed
from benchmarks.wire import Client
from tests.faults.length import FULL
from tests.faults.test_kill import lost, settled

FREEZES, FANS, PAUSE_S = (5, 3600, 3.0) if FULL else (1, 1300, 2.0)
PROBES = 40
LIMIT_S = 30.0  # another's connection (5 s), a statement (12 s, checked every second), on a busy machine
SALE_S = FREEZES * (LIMIT_S / 2 + 2 * PAUSE_S) + 4.0


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def freeze(system: System) -> list[psutil.Process]:
    """Stop the server and its connections, the server first, so that it starts no other meanwhile."""
    pid = system.postgres.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    stopped = family(pid)
    for process in stopped:
        process.suspend()
    return stopped


def thaw(stopped: list[psutil.Process]) -> None:
    for process in reversed(stopped):
        process.resume()


async def probe(system: System, token: str) -> tuple[int, bool, float]:
    """Return the status of a signed-in fan's request, whether it has Retry-After, and its duration."""
    client, began = Client(system.url, keep=(b"retry-after",)), time.monotonic()
    try:
        async with asyncio.timeout(60):
            answer = await client.ask(b"GET", b"/api/me", b"cookie: __Host-virage=%b\r\n" % token.encode())
        return answer.status, b"retry-after" in answer.headers, time.monotonic() - began
    finally:
        client.close()


async def freezes(system: System, token: str) -> list[tuple[int, bool, float]]:
    """Freeze, send requests, thaw when all have their responses, and wait until the pages respond
    again.
    """
    answers: list[tuple[int, bool, float]] = []
    for _ in range(FREEZES):
        await asyncio.sleep(PAUSE_S)
        stopped = freeze(system)
        try:
            answers += await asyncio.gather(*(probe(system, token) for _ in range(PROBES)))
        finally:
            thaw(stopped)
        async with asyncio.timeout(60):
            while (await probe(system, token))[0] != 200:  # noqa: ASYNC110 - the web is another process
                await asyncio.sleep(0.05)
    return answers


async def sale_on_a_frozen_database() -> dict[str, Any]:
    system = System(workers=1)
    try:
        await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, FANS)
        await system.start_processes()
        wanted = Wanted(quick=True, workers=1, processes=1, concurrency=40, fans=FANS)
        sale = crowd(
            system, wanted, event_id, categories, mode="parties", tokens=tokens[1:], seconds=SALE_S, pause_s=2.0
        )
        reports, answers = await asyncio.gather(sale, freezes(system, tokens[0]))
        log = [bought for report in reports for bought in report.bought]
        found = await settled(system, event_id)
        return {
            "statuses": {
                status: sum(1 for one in answers if one[0] == status) for status in {one[0] for one in answers}
            },
            "without_retry_after": sum(not one[1] for one in answers if one[0] == 503),
            "slowest_s": round(max(one[2] for one in answers), 1),
            "held": len(log),
            "confirmed_paid": sum(bought.paid for bought in log),
            "refused": {code: count for report in reports for code, count in report.refused.items()},
            "lost": await lost(system, log),
            "complaints": system.messages,
            **found,
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_all_requests_are_answered_in_time_and_confirmed_writes_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(sale_on_a_frozen_database())
    with capsys.disabled():
        print(f"\nfrozen: {found}")  # noqa: T201 - the counts are what the run is for
    assert found["statuses"] == {503: FREEZES * PROBES}
    assert found["without_retry_after"] == 0
    assert found["slowest_s"] < LIMIT_S
    assert found["lost"] == []
    assert found["oversold"] == 0
    assert found["paid_without_ticket"] == 0
    assert found["confirmed_paid"] > 0.8 * found["held"] > 0
    assert found["complaints"] == []  # no process was restarted
