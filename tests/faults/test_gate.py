"""The gates under fire: `kill -9` of the web and of the database while real passes are shown at
every gate.

Acknowledged scans are kept, no person is counted twice, and each valid pass is admitted. The
processes are those of production, on a durable database.
"""

import asyncio
import os
import random
import signal
from typing import Any

import pytest

from benchmarks.common import run
from benchmarks.evening import seed
from benchmarks.gate import audit
from benchmarks.scanners import Lanes, Plan, Running
from benchmarks.system import System
from tests.faults.test_kill import Killer

FANS, BAD, CONCURRENCY = 500, 10, 40
KILLS = ("web worker", "postgres", "web worker")


async def evening_with_kills() -> dict[str, Any]:
    """The whole evening; return its counts."""
    system = System(workers=2)
    try:
        await system.start_database()
        evening = await seed(system, FANS, BAD)
        await system.start_processes()
        plan = Plan("closed", system.url, evening, CONCURRENCY, seed=1)
        running = Running(plan, Lanes(plan).shown())
        killer, chance = Killer(system), random.Random(1)  # noqa: S311 - the same victims each time

        async def kill() -> None:
            for part, target in enumerate(KILLS, 1):
                while len(running.report.ms) < part * FANS // (len(KILLS) + 1):  # noqa: ASYNC110 - it counts answers
                    await asyncio.sleep(0.01)
                pids = killer.pids(target)
                victim = chance.choice(pids)
                os.kill(victim, signal.SIGKILL)
                await killer.back(target, victim, len(pids))

        await asyncio.gather(running.closed(), kill())
        running.close()
        report = running.report
        return {
            "scans": len(report.ms),
            "retries": report.retries,
            "wrong": dict(report.wrong),
            "admitted": len(report.admitted),
            **await audit(system, report.admitted),
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_confirmed_scans_are_kept_and_no_fan_is_counted_twice(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(evening_with_kills())
    with capsys.disabled():
        print(f"\ngate kill: {found}")  # noqa: T201 - the counts are what the run is for
    assert found["retries"] > 0, "the kills interrupted scans"
    assert found["wrong"] == {}
    assert (found["lost"], found["twice"]) == (0, 0)
    assert found["inside"] == found["admitted"] > 0.9 * FANS
