"""Alerts under `kill -9` of the worker at known moments of its evaluation.

It is killed after it has signed the record of an alert and before it has stored the alert, then in the same place of
the escalation. The dead worker's record is rolled back, and the next worker raises and escalates once. The processes
are those of production.
"""

import os
import signal
from datetime import UTC, datetime
from uuid import UUID

import pytest

from benchmarks.common import run
from benchmarks.evening import seed
from benchmarks.system import System
from tests.control.safety.conftest import STAND
from tests.control.safety.thresholds import watch_for_full_zone
from tests.faults.test_figures import locked, until
from tests.faults.test_kill import Killer
from virage.control.safety.acts.counts import store_counts
from virage.control.safety.rules.counts import CountKind, StoredCount
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id

WAITS = """
select count(*) > 0 from pg_stat_activity
where wait_event_type = 'Lock' and query like '%{} safety.alert%' and datname = current_database()
"""
RECORDS = """
select coalesce(string_agg(convert_from(body, 'UTF8')::jsonb ->> 'kind', ' ' order by number), '') from safety.record
"""
LEVELS = "select coalesce(string_agg(level::text, ' '), '') from safety.alert"
RAISED = "thresholds_set alert_raised"
DEVICE = new_id()


async def count(db: Database, event_id: UUID) -> None:
    """A camera counts more people in the stand than it has places."""
    now = datetime.now(UTC)
    counted = StoredCount(
        id=new_id(),
        event_id=event_id,
        device_id=DEVICE,
        is_lane=False,
        place=STAND,
        kind=CountKind.PEOPLE,
        value=100_000,
        at=now,
    )
    async with db.transaction() as conn:
        await store_counts(conn, [counted], now)


async def killed(db: Database, url: str, event_id: UUID, killer: Killer, statement: str) -> str:
    """Kill the worker once it waits to store an alert by this statement; return the records that it has left behind."""
    async with db.connection() as watching:
        async with locked(url, "safety.alert"):
            await count(db, event_id)
            await until(watching, WAITS.format(statement), answer=True)
            (victim,) = killer.pids("work")
            os.kill(victim, signal.SIGKILL)
            left: str = await watching.fetchval(RECORDS)
        await killer.back("work", victim, 1)
    await count(db, event_id)
    return left


async def alert_with_kills() -> list[str]:
    """Kill the worker while it raises an alert and while it escalates it; return what it left, and the level."""
    system = System(workers=1)
    db = None
    try:
        await system.start_database()
        db = await Database.open(system.postgres.url, connections_max=4)
        event_id = UUID((await seed(system, 1, 0)).event_id)
        async with db.transaction() as conn:
            secret = system.env["VIRAGE_SECRET"]
            await watch_for_full_zone(conn, event_id, STAND, secret=secret, escalate_after_s=8)
        await system.start_processes()
        killer, url = Killer(system), system.postgres.url
        found = [await killed(db, url, event_id, killer, "insert into")]
        async with db.connection() as conn:
            await until(conn, RECORDS, answer=RAISED)
            found.append(await killed(db, url, event_id, killer, "update"))
            await until(conn, RECORDS, answer=f"{RAISED} alert_escalated")
            found.append(await conn.fetchval(LEVELS))
        return found
    finally:
        if db is not None:
            await db.close()
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_a_killed_worker_raises_and_escalates_an_alert_once() -> None:
    assert run(alert_with_kills()) == ["thresholds_set", RAISED, "2"]
