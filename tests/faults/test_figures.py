"""The office's figures under `kill -9` of the worker at a known moment of its work.

It is killed after it has written figures and before it has written their position. The dead
worker's figures are rolled back, the next worker adds them once, and the figures equal the closings
to the cent. The processes are those of production.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import pytest

from benchmarks.common import run
from benchmarks.system import System
from tests.faults.test_kill import Killer
from tests.money.fiscal.till import Till, append, beer, cup, fries
from virage.control.books.acts import sales_statistics as figures
from virage.identity.keys.rules.vault import PURPOSE, KeyVault
from virage.money.fiscal.acts.records import close
from virage.money.fiscal.rules.closing import Closing, Period, PeriodKind
from virage.money.fiscal.rules.record import Kind
from virage.platform.data.database import Connection, Database
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id

TILLS, RECORDS, MORE, KILLS = 3, 450, 40, 3
"""More records a till than one portion of the worker takes, and some more before each kill."""
EVENT = new_id()
IN_THE_MIDDLE = """
select count(*) > 0 from pg_stat_activity
where wait_event_type = 'Lock' and query like '%insert into books.receipt_figure%'
    and datname = current_database()
"""
BEHIND = """
select count(*) from fiscal.till_head as head left join books.figures_head as done using (device_id)
where not head.training and coalesce(done.number, 0) < head.number
"""


async def sold(db: Database, tills: list[Till], records: int) -> None:
    """The sales of the tills, from their chains."""
    for till in tills:
        wrote = []
        for at in range(records):
            till.outlet = "02" if at % 7 == 3 else "01"
            event_id = EVENT if at % 2 else None
            if at % 9 == 8:
                wrote.append(till.write(Kind.REFUND, lines=[fries(-1)], event_id=event_id))
            else:
                wrote.append(till.write(lines=[beer(1 + at % 3), fries(), cup()], event_id=event_id, tip_cents=at % 5))
        async with db.transaction() as conn:
            await append(conn, wrote, datetime.now(UTC))


async def until(conn: Connection, question: str, answer: Any) -> None:
    async with asyncio.timeout(60):
        while await conn.fetchval(question) != answer:  # noqa: ASYNC110 - another process writes to the database
            await asyncio.sleep(0.02)


@asynccontextmanager
async def locked(url: str, table: str) -> AsyncIterator[None]:
    """Hold a table until the end of the block.

    A transaction of `Database` ends after 12 s without a statement, and the next worker of a loaded machine may need
    longer to start: the lock is held by a connection without limits.
    """
    no_limits = {"transaction_timeout": "0", "idle_in_transaction_session_timeout": "0"}
    holding = await asyncpg.connect(url, server_settings=no_limits)
    try:
        async with holding.transaction():
            await holding.execute(f"lock table {table} in exclusive mode")
            yield
    finally:
        await holding.close()


async def killed_in_the_middle(db: Database, url: str, killer: Killer) -> int:
    """Kill the worker between its figures and their position; return how many figures the dead one
    left behind.
    """
    async with db.connection() as watching:
        async with locked(url, "books.receipt_figure"):
            before = await watching.fetchval("select coalesce(sum(quantity), 0) from books.figure")
            await until(watching, IN_THE_MIDDLE, answer=True)
            (victim,) = killer.pids("work")
            os.kill(victim, signal.SIGKILL)
            after = await watching.fetchval("select coalesce(sum(quantity), 0) from books.figure")
        await killer.back("work", victim, 1)
    return int(after - before)


async def closings_of(db: Database, vault: KeyVault) -> list[Closing]:
    async with db.transaction() as conn:
        made = await close(conn, vault, Period(PeriodKind.DAY, date(2026, 5, 9)), datetime.now(UTC))
    assert isinstance(made, list), made
    return made


async def by_rate(conn: Connection, closing: Closing) -> dict[int, tuple[int, int]]:
    column = "outlet" if closing.subject == "outlet" else "device_id::text"
    rows = await conn.fetch(
        "select vat_permille, sum(gross_cents)::bigint, sum(vat_cents)::bigint from books.figure "
        f"where {column} = $1 group by 1",
        closing.subject_id,
    )
    return {rate: (gross, vat) for rate, gross, vat in rows}


async def kept(conn: Connection) -> list[list[Any]]:
    tables = ("figure", "receipt_figure", "figures_head")
    return [await conn.fetch(f"select t::text from books.{table} t order by 1") for table in tables]


async def an_evening_with_kills() -> dict[str, Any]:
    """Tills sell, the worker is killed repeatedly, and the day is closed."""
    system = System(workers=1)
    db = None
    try:
        await system.start_database()
        db = await Database.open(system.postgres.url, connections_max=4)
        tills = [Till() for _ in range(TILLS)]
        await system.start_processes()
        killer, left_behind = Killer(system), []
        async with locked(system.postgres.url, "books.figures_head"):  # nothing is added before the first kill
            await sold(db, tills, RECORDS)
        for _ in range(KILLS):
            await sold(db, tills, MORE)
            left_behind.append(await killed_in_the_middle(db, system.postgres.url, killer))
        async with db.connection() as conn:
            await until(conn, BEHIND, answer=0)
            stood = await kept(conn)
            closings = await closings_of(db, KeyVault(derive(system.env["VIRAGE_SECRET"], PURPOSE)))
            balance_mismatches = [
                (one.subject, one.subject_id)
                for one in closings
                if await by_rate(conn, one)
                != {total.vat_permille: (total.gross_cents, total.vat_cents) for total in one.tally.totals}
            ]
            receipts = await conn.fetchval("select sum(sales + refunds)::bigint from books.receipt_figure")
        async with db.transaction() as conn:
            await figures.rebuild(conn)
        async with db.connection() as conn:
            rebuilt = await kept(conn)
        return {
            "kills": len(left_behind),
            "left_behind": left_behind,
            "closings": len(closings),
            "astray": balance_mismatches,
            "receipts": receipts,
            "records": sum(len(till.written) for till in tills),
            "the same made anew": rebuilt == stood,
        }
    finally:
        if db is not None:
            await db.close()
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_a_killed_worker_of_statistics_adds_each_record_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = run(an_evening_with_kills())
    with capsys.disabled():
        print(f"\nfigures kill: {found}")  # noqa: T201 - the counts are what the run is for
    assert found["kills"] == KILLS
    assert found["left_behind"] == [0] * KILLS, "a killed worker has added nothing"
    assert found["closings"] == TILLS + 2
    assert found["astray"] == []
    assert found["receipts"] == found["records"]
    assert found["the same made anew"]
