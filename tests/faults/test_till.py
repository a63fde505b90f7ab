"""The tills under fire: `kill -9` of the web and of the database at random moments while fans pay
by tapping.

An acknowledged record is in the books and in its chain once, and the archive of each till verifies.
Each fan taps once: they do not tap at a second till while the first one waits. The processes are
those of production, on a durable database.
"""

import asyncio
import gzip
import os
import random
import signal
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from benchmarks.common import run
from benchmarks.counter import Bar, sales, seed
from benchmarks.selling import Running
from benchmarks.system import System
from benchmarks.tap import audited
from tests.faults.length import FULL
from tests.faults.test_kill import Killer
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.money.fiscal.reads.archive import archive
from virage.money.fiscal.rules.verifying import verify
from virage.platform.data.database import Database
from virage.platform.values.derivation import derive

TILLS, KILLS = 16, 20 if FULL else 7
FANS = SALES = 105 * KILLS


async def verified(system: System, bar: Bar) -> list[str]:
    """The result of `virage fiscal verify` on the archives of all tills."""
    vault, found = KeyVault(derive(system.env["VIRAGE_SECRET"], PURPOSE)), []
    db = await Database.open(system.postgres.url, connections_max=2)
    try:
        for seller in bar.sellers:
            async with db.transaction() as conn:
                made = await archive(conn, vault, UUID(seller.till), since=None, until=None, now=datetime.now(UTC))
            assert made is not None
            file = b"".join([piece async for piece in made.gzip(db)])
            report = verify(gzip.decompress(file).splitlines())
            found += [f"{seller.till}: {one}" for one in report.findings]
    finally:
        await db.close()
    return found


async def half_time_with_kills() -> dict[str, Any]:
    """The whole interval; return its counts."""
    system = System(workers=2)
    try:
        await system.start_database()
        bar = await seed(system, TILLS, FANS)
        await system.start_processes()
        running = Running(system.url, sales(bar, SALES))
        killer, chance = Killer(system), random.Random(4)  # noqa: S311 - the same victims each time
        killed: dict[str, int] = {}

        async def kill() -> None:
            for part in range(1, KILLS + 1):
                due = part * SALES // (KILLS + 1) + chance.randrange(40)
                while len(running.report.ms) < due:  # noqa: ASYNC110 - it counts answers
                    await asyncio.sleep(0.005)
                target = "web worker" if part % 3 else "postgres"
                pids = killer.pids(target)
                victim = chance.choice(pids)
                os.kill(victim, signal.SIGKILL)
                killed[target] = killed.get(target, 0) + 1
                await killer.back(target, victim, len(pids))

        await asyncio.gather(running.send(), kill())
        report = running.report
        return {
            "kills": killed,
            "sales": len(report.ms),
            "acknowledged": len(report.acknowledged),
            "errors": report.errors,
            "retries": report.retries,
            **await audited(system, report.acknowledged),
            "damaged": await verified(system, bar),
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_confirmed_sales_are_in_the_ledger_and_in_the_fiscal_journal(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(half_time_with_kills())
    with capsys.disabled():
        print(f"\ntill kill: {found}")  # noqa: T201 - the counts are what the run is for
    assert sum(found["kills"].values()) == KILLS
    assert found["retries"] > 0, "the kills interrupted sales"
    assert (found["sales"], found["acknowledged"], found["errors"]) == (SALES, SALES, [])
    assert (found["lost"], found["unclean"], found["gaps"], found["sum"]) == (0, 0, 0, 0)
    assert found["damaged"] == []
