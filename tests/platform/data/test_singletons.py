"""Singletons: one process at a time, also when its session ends, and no late writes of money."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

import asyncpg
import pytest

from tests.platform.data.test_queue import working
from tests.silence import Silence
from virage.platform.data import singletons as singletons_module
from virage.platform.data.database import Connection, Database, Unavailable
from virage.platform.data.queue import Jobs
from virage.platform.data.singletons import Fenced, Superseded
from virage.platform.values.refusals import Refused

IN_TIME_S = 60.0  # generous: only the event is tested
SESSIONS = "select pid from pg_stat_activity where application_name = 'virage singletons' and datname = $1"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Session checks and time-outs within moments."""
    for name in ("LOCK_RETRY_S", "ASK_EVERY_S", "END_S"):
        monkeypatch.setattr(singletons_module, name, 0.1)
    monkeypatch.setattr(singletons_module, "ANSWER_S", 1.0)


class Crowd:
    """Handlers of several processes, and how many ran at once."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.at_once_max = 0
        self.turns: dict[str, int] = {}
        self.fenced: dict[str, Database] = {}

    def worker(self, name: str) -> Jobs:
        """A process that charges a card repeatedly, while it holds the lease."""

        async def charge(db: Database) -> None:
            self.running.add(name)
            self.at_once_max = max(self.at_once_max, len(self.running))
            self.turns[name] = self.turns.get(name, 0) + 1
            self.fenced[name] = db
            try:
                await asyncio.sleep(0.01)
            finally:
                self.running.discard(name)

        jobs = Jobs()
        jobs.every_money(0.01, "charging", charge)
        return jobs


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(IN_TIME_S):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.02)


async def pids(db: Database) -> list[int]:
    """The sessions of singletons in the test's database."""
    name = db.url.partition("?")[0].rpartition("/")[2]
    async with db.connection() as conn:
        return [row["pid"] for row in await conn.fetch(SESSIONS, name)]


async def writes(db: Database) -> None:
    async with db.transaction() as conn:
        await conn.execute("create table if not exists public.charge (cents int)")


async def test_a_process_whose_session_is_silent_stops_before_another_begins_and_its_late_write_is_refused(
    db: Database, database_url: str
) -> None:
    crowd = Crowd()
    async with Silence(database_url) as silence:
        frozen = await Database.open(database_url, direct_url=silence.url)
        async with working(crowd.worker("frozen"), frozen):
            await until(lambda: "frozen" in crowd.turns)
            [session] = await pids(db)
            silence.fall_silent()  # the server ends the session, as after a failover, and the process gets no notice
            async with db.connection() as conn:
                await conn.execute("select pg_terminate_backend($1)", session)
            async with working(crowd.worker("other"), db):
                await until(lambda: "other" in crowd.turns)
                assert crowd.at_once_max == 1
                turns = crowd.turns["frozen"]
                with pytest.raises(Superseded):
                    await writes(crowd.fenced["frozen"])
                await writes(crowd.fenced["other"])
                assert crowd.turns["frozen"] == turns
        await frozen.close()


async def test_a_process_whose_backend_is_frozen_stops_and_no_other_begins(db: Database, database_url: str) -> None:
    crowd, frozen = Crowd(), await Database.open(database_url)
    async with working(crowd.worker("frozen"), frozen):
        await until(lambda: "frozen" in crowd.turns)
        [session] = await pids(db)
        os.kill(session, signal.SIGSTOP)
        try:
            async with working(crowd.worker("other"), db):

                async def is_given_up() -> bool:
                    return len(await pids(db)) >= 3  # the frozen one, its replacement, and the other's

                await until(is_given_up)
                assert crowd.running == set()
                turns = dict(crowd.turns)
                os.kill(session, signal.SIGCONT)
                await until(lambda: crowd.turns != turns)
                assert crowd.at_once_max == 1
        finally:
            with suppress(ProcessLookupError):
                os.kill(session, signal.SIGCONT)
    await frozen.close()


async def test_a_running_money_transaction_delays_the_next_process(db: Database, database_url: str) -> None:
    crowd, second = Crowd(), await Database.open(database_url)
    async with working(crowd.worker("first"), db):
        await until(lambda: "first" in crowd.turns)
        fenced = crowd.fenced["first"]
        async with fenced.transaction() as conn:
            await conn.execute("create table public.charge (cents int)")
            [session] = await pids(second)
            async with working(crowd.worker("second"), second):

                async def waits() -> bool:
                    async with second.connection() as asking:
                        return bool(await asking.fetchval("select count(*) > 0 from pg_locks where not granted"))

                async with second.connection() as asking:
                    await asking.execute("select pg_terminate_backend($1)", session)
                await until(waits)
                assert "second" not in crowd.turns
    async with db.connection() as conn:
        assert await conn.fetchval("select count(*) from public.charge") == 0
    await second.close()


WORKER = """
import asyncio, sys
from virage.platform.data import singletons
from virage.platform.data.database import Connection, Database, Unavailable
from virage.platform.data.queue import Jobs

singletons.SESSION = singletons.SESSION.replace("10000", "1000")  # of silence, until the server ends a session
singletons.ASK_EVERY_S = singletons.ANSWER_S = 0.3
name = sys.argv[2]

async def main():
    db = await Database.open(sys.argv[1], connections_max=2)
    async def charge(fenced):
        async with fenced.transaction() as conn:
            await conn.execute("insert into public.charge (fence, by) values ($1, $2)", fenced._fence, name)
    jobs = Jobs()
    jobs.every_money(0.01, "charging", charge)
    await jobs.run(db)

asyncio.run(main())
"""


async def test_a_suspended_process_is_replaced_and_writes_no_money_when_it_resumes(db: Database) -> None:
    async with db.connection() as conn:
        await conn.execute("create table public.charge (id bigint generated always as identity, fence bigint, by text)")
    workers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, db.url, name) for name in ("first", "second")
    ]

    async def charged_by() -> list[str]:
        async with db.connection() as conn:
            return [row["by"] for row in await conn.fetch("select by from public.charge group by 1 order by min(id)")]

    async def changes() -> int:
        async with db.connection() as conn:
            return int(await conn.fetchval("select count(distinct fence) from public.charge"))

    try:
        await until(lambda: holds(charged_by, 1))
        [name] = await charged_by()
        stopped = workers[("first", "second").index(name)]
        stopped.send_signal(signal.SIGSTOP)
        await until(lambda: holds(charged_by, 2))
        stopped.send_signal(signal.SIGCONT)
        now = workers[("second", "first").index(name)]
        now.send_signal(signal.SIGKILL)
        await until(lambda: at_least(changes, 3))
    finally:
        for worker in workers:
            if worker.returncode is None:
                worker.send_signal(signal.SIGKILL)
            await worker.wait()
    async with db.connection() as conn:
        fences = [row["fence"] for row in await conn.fetch("select fence from public.charge order by id")]
    assert fences == sorted(fences)
    assert len(set(fences)) == 3


async def holds(ask: Callable[[], Awaitable[list[str]]], count: int) -> bool:
    return len(await ask()) == count


async def at_least(ask: Callable[[], Awaitable[int]], count: int) -> bool:
    return await ask() >= count


async def test_outside_a_transaction_a_fenced_database_only_reads(db: Database) -> None:
    fenced = Fenced(db, "charging", 1)
    async with fenced.connection() as conn:
        assert await conn.fetchval("select 1") == 1
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await conn.execute("insert into kernel.singleton values ('charging', 1)")


async def test_a_singleton_without_a_holder_writes_nothing(db: Database) -> None:
    with pytest.raises(Superseded):
        await writes(Fenced(db, "charging", 1))
    async with db.connection() as conn:
        assert await conn.fetchval("select to_regclass('public.charge')") is None


async def test_an_act_of_a_fenced_database_writes_for_the_holder_alone_and_nothing_if_it_is_refused(
    db: Database,
) -> None:
    async def act(conn: Connection, name: str, *, refused: bool) -> str | Refused:
        await conn.execute("insert into public.written values ($1)", name)
        return Refused("not_found") if refused else name

    async with db.transaction() as conn:
        await conn.execute("insert into kernel.singleton (name, fence) values ('charging', 2)")
        await conn.execute("create table public.written (name text)")
    with pytest.raises(Superseded):
        await Fenced(db, "charging", 1).transact(act, "OLD", refused=False)
    assert await Fenced(db, "charging", 2).transact(act, "NOT", refused=True) == Refused("not_found")
    assert await Fenced(db, "charging", 2).transact(act, "NEW", refused=False) == "NEW"
    async with db.connection() as conn:
        assert [row["name"] for row in await conn.fetch("select name from public.written")] == ["NEW"]


async def test_a_process_reports_its_end_and_the_next_one_has_a_higher_number(db: Database) -> None:
    crowd = Crowd()
    for turn in (1, 2):
        async with working(crowd.worker(str(turn)), db):
            await until(lambda turn=turn: str(turn) in crowd.turns)  # type: ignore[misc]  # a default that mypy cannot infer
        async with db.connection() as conn:
            row = await conn.fetchrow("select fence, holder from kernel.singleton where name = 'charging'")
        assert row is not None
        assert (row["fence"], row["holder"]) == (turn, None)


async def test_the_next_process_waits_if_the_last_did_not_report_its_end(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(singletons_module, "ASK_EVERY_S", 3600.0)
    async with db.connection() as conn:
        await conn.execute("insert into kernel.singleton values ('charging', 7, gen_random_uuid())")
    crowd = Crowd()

    async def is_taken() -> bool:
        async with db.connection() as conn:
            return bool(await conn.fetchval("select fence = 8 from kernel.singleton where name = 'charging'"))

    async def is_free() -> bool:
        async with db.connection() as conn:
            return bool(await conn.fetchval("select fence = 1 from kernel.singleton where name = 'kernel.tidy'"))

    async with working(crowd.worker("next"), db):
        await until(is_taken)
        await until(is_free)
        assert crowd.turns == {}


async def test_a_process_that_lost_its_session_need_not_wait_for_itself(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(singletons_module, "ASK_EVERY_S", 3600.0)  # waiting processes would wait too long
    crowd = Crowd()
    async with working(crowd.worker("one"), db):
        await until(lambda: "one" in crowd.turns)
        [session] = await pids(db)
        async with db.connection() as conn:
            await conn.execute("select pg_terminate_backend($1)", session)
        await until(lambda: session_gone(crowd))
        assert crowd.at_once_max == 1


def session_gone(crowd: Crowd) -> bool:
    fenced = crowd.fenced["one"]
    assert isinstance(fenced, Fenced)
    return fenced._fence == 2  # noqa: SLF001 - its fencing number


async def test_a_handler_that_ends_late_is_logged_and_not_started_twice(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    may_end, turns = asyncio.Event(), 0

    async def stubborn() -> None:
        nonlocal turns
        turns += 1
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await may_end.wait()
            raise

    jobs = Jobs()
    jobs.every(0.01, "stubborn", stubborn)
    said = ""

    def is_logged() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "singletons_end_late" in said

    async with working(jobs, db):
        await until(lambda: turns == 1)
        [session] = await pids(db)
        async with db.connection() as conn:
            await conn.execute("select pg_terminate_backend($1)", session)
        await until(is_logged)
        crowd = Crowd()  # counts turns, in which this process could begin again
        async with working(crowd.worker("other"), db):
            await until(lambda: crowd.turns.get("other", 0) >= 100)
        assert turns == 1
        may_end.set()
        await until(lambda: turns == 2)


async def test_a_handler_that_takes_its_end_for_a_failure_ends_all_the_same(db: Database) -> None:
    has_begun = asyncio.Event()

    async def mistaken() -> None:
        has_begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise Unavailable("connection is closed") from None

    jobs = Jobs()
    jobs.every(3600.0, "mistaken", mistaken)
    async with asyncio.timeout(IN_TIME_S), working(jobs, db):
        await has_begun.wait()
