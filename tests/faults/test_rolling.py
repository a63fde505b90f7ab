"""A release during a sale: the previous version keeps selling, while the next one's migrations add
to its tables.

The migrator is killed with `kill -9` in the middle of a backfill and started again. Then a process
of the next release starts beside and sells, too. No buyer is refused, and nothing is lost.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from benchmarks.buyers import Bought, Crowd, Plan, Report
from benchmarks.common import run
from benchmarks.onsale import audit
from benchmarks.system import System, free_port, seed
from benchmarks.wire import Client
from tests.faults.test_kill import lost

FANS, PARTY, CROWD, AFTER = 1_200, 12, 4, 3
LOCKED = 4_500  # of the 10,000 rows of bench.counter, which orders do not touch
FILES = {
    "0191_note": """-- expand: orders and counters have a note.
alter table ticketing.orders add column rolled integer not null default 0, add column note text;
alter table ticketing.orders alter column note set default 'none';
alter table bench.counter add column note text;
""",
    "0192_notes": """-- expand, concurrent: orders by note.
create index concurrently if not exists orders_note on ticketing.orders (note, rolled);
""",
    "0193_fill": """-- expand, backfill: what was ordered before has a note.
update ticketing.orders set note = 'old' where id in (
    select id from ticketing.orders where note is null order by id limit 100 for no key update
);
""",
    "0194_fill_counters": """-- expand, backfill: every counter has a note.
update bench.counter set note = 'old' where id in (
    select id from bench.counter where note is null order by id limit 100 for no key update
);
""",
}
MIGRATE = """
import asyncio, sys
from pathlib import Path
from virage.platform.data.migrate import migrate
print(*asyncio.run(migrate(sys.argv[1], contract=False, folder=Path(sys.argv[2]))))
"""


class Sale:
    """Parties that buy one crowd after the other, until they are stopped."""

    def __init__(self, system: System, event: str, categories: list[str], tokens: list[str]) -> None:
        self._system = system
        self._event = event
        self._categories = categories
        self._tokens = tokens
        self.reports: list[Report] = []
        self.ends = asyncio.Event()

    @property
    def bought(self) -> list[Bought]:
        return [purchase for report in self.reports for purchase in report.bought]

    async def go_on(self) -> None:
        """Sell until the stop, or until only the fans for the time afterwards are left."""
        while not self.ends.is_set() and len(self._tokens) > (AFTER + 1) * PARTY:
            await self.crowd(self._system.url)

    async def crowd(self, url: str) -> None:
        """Sell to the next few fans at a process."""
        comers, self._tokens = self._tokens[:PARTY], self._tokens[PARTY:]
        plan = Plan(
            mode="parties",
            url=url,
            sandbox_url=self._system.sandbox_url,
            event_id=self._event,
            categories=self._categories,
            tokens=comers,
            concurrency=CROWD,
            seed=len(self._tokens),
        )
        self.reports.append(await Crowd(plan).run())


def plant(folder: Path, names: list[str]) -> None:
    """Write files into the folder of the next release's migrations."""
    for name in names:
        (folder / f"{name}.sql").write_text(FILES[name])


async def migrator(url: str, folder: Path) -> asyncio.subprocess.Process:
    """The next release's migrations, in a separate process."""
    command = (sys.executable, "-c", MIGRATE, url, str(folder))
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


async def filled(url: str) -> tuple[int, int]:
    """The number of counters with a note, and without one."""
    conn = await asyncpg.connect(url)
    try:
        counts: Any = await conn.fetchrow("select count(note), count(*) - count(note) from bench.counter")
        return counts[0], counts[1]
    finally:
        await conn.close()


async def migrated(url: str, folder: Path) -> list[str]:
    """The migrations that the migrator printed as applied."""
    migrating = await migrator(url, folder)
    said = (await migrating.communicate())[0].decode().split()
    assert migrating.returncode == 0
    return said


async def kill_in_the_middle(url: str, folder: Path) -> tuple[int, int]:
    """Let a batch of the backfill find a row locked, kill the migrator there, and return its
    progress.
    """
    conn = await asyncpg.connect(url)
    try:
        async with conn.transaction():
            await conn.execute("select from bench.counter where id = $1 for update", LOCKED)
            migrating = await migrator(url, folder)
            while (await filled(url))[0] < LOCKED:  # the batches before it; the next one waits
                assert migrating.returncode is None, "the batch waits for the row"
                await asyncio.sleep(0.01)
            migrating.kill()
            await migrating.wait()
            return await filled(url)
    finally:
        await conn.close()


@asynccontextmanager
async def next_release(system: System) -> AsyncIterator[str]:
    """A web process beside the old one, over the extended schema."""
    port = free_port()
    env = system.env | {"VIRAGE_PORT": str(port), "VIRAGE_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    command = (sys.executable, "-m", "virage.cli", "serve", "--workers", "1")
    process = await asyncio.create_subprocess_exec(*command, env=env, start_new_session=True)
    try:
        while not await is_ready(port):
            assert process.returncode is None
            await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        await process.wait()


async def is_ready(port: int) -> bool:
    client = Client(f"http://127.0.0.1:{port}")
    try:
        return (await client.ask(b"GET", b"/readyz")).status == 200
    except OSError:
        return False
    finally:
        client.close()


async def released(folder: Path) -> dict[str, Any]:
    """The whole release; return its counts."""
    first, last = list(FILES)[:-1], list(FILES)[-1]
    plant(folder, first)
    system = System(workers=1)
    try:
        await system.start_database()
        event_id, categories, tokens = await seed(system.postgres.url, FANS)
        await system.start_processes()
        url = system.postgres.url
        sale = Sale(system, str(event_id), [str(category) for category in categories], tokens)
        await sale.crowd(system.url)  # some have bought before anything changes
        before = len(sale.bought)
        selling = asyncio.create_task(sale.go_on())
        try:
            applied = await migrated(url, folder)
            plant(folder, [last])
            stopped_at = await kill_in_the_middle(url, folder)
            applied_again = await migrated(url, folder)
            meanwhile = len(sale.bought) - before
            still_ready = await system.ready()
            async with next_release(system) as other:
                for _ in range(AFTER):
                    await sale.crowd(other)
        finally:
            sale.ends.set()
            await selling
        conn = await asyncpg.connect(url)
        notes = await conn.fetch(
            "select coalesce(note, 'lacking') as note, count(*) as many from ticketing.orders group by 1"
        )
        valid = await conn.fetchval(
            "select indisvalid from pg_index where indexrelid = 'ticketing.orders_note'::regclass"
        )
        await conn.close()
        return {
            "stopped_at": stopped_at,
            "filled": await filled(url),
            "applied": applied == first and applied_again == [last],
            "meanwhile": meanwhile,
            "still_ready": still_ready,
            "refused": sum((Counter(report.refused) for report in sale.reports), Counter()),
            "bought": len(sale.bought),
            "lost": await lost(system, sale.bought),
            "notes": {row["note"]: row["many"] for row in notes},
            "index_is_valid": valid,
            "complaints": system.messages,
            **await audit(system),
        }
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_a_release_keeps_selling_while_the_next_one_migrates_and_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(released(tmp_path))
    with capsys.disabled():
        print(f"\nrolling: {found}")  # noqa: T201 - the counts are what the run is for
    assert found["stopped_at"][0] >= LOCKED
    assert found["stopped_at"][1] > 0
    assert found["applied"]
    assert found["filled"][1] == 0
    assert found["index_is_valid"] is True
    assert "lacking" not in found["notes"]
    assert found["notes"]["old"] >= 1
    assert found["notes"]["none"] >= 1
    assert found["meanwhile"] > 0
    assert found["still_ready"]
    assert found["refused"] == {}
    assert found["lost"] == []
    assert (found["oversold"], found["paid_without_ticket"]) == (0, 0)
