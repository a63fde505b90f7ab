"""Behind PgBouncer in transaction mode, where each statement may run on another connection of the server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec import Struct

from tests.platform.data.test_queue import working
from tests.platform.data.test_singletons import Crowd, until
from tests.pooler import pgbouncer
from tests.silence import Silence
from virage.platform.data import singletons
from virage.platform.data.database import Connection, Database
from virage.platform.data.migrate import migrate
from virage.platform.data.queue import Jobs, enqueue
from virage.platform.values.ids import new_id

TRANSACTIONS = 48
CALLERS = 12
STATEMENTS = 40


class Addresses(NamedTuple):
    pooled: str
    direct: str


@pytest.fixture
async def addresses(database_url: str, tmp_path: Path) -> AsyncIterator[Addresses]:
    """The server's TCP address, which this test adds, and a pooler with four connections to it."""
    async with Silence(database_url) as server, pgbouncer(server.url, tmp_path) as pooled:
        yield Addresses(pooled, server.url)


@pytest.fixture
async def db(addresses: Addresses) -> AsyncIterator[Database]:
    database = await Database.open(addresses.pooled, direct_url=addresses.direct, connections_max=CALLERS)
    yield database
    await database.close()


async def test_every_transaction_has_its_time_limits_on_any_pooled_connection(db: Database) -> None:
    async def limits(_number: int) -> tuple[Any, ...]:
        async with db.transaction() as conn:
            await conn.fetchval("select pg_sleep(0.01)")  # so that others get the other connections
            row = await conn.fetchrow(
                "select current_setting('statement_timeout') as statement,"
                " current_setting('transaction_timeout') as transaction, current_setting('timezone') as zone,"
                " current_setting('jit') as jit, pg_backend_pid() as pid"
            )
        assert row is not None
        return tuple(row)

    found = await asyncio.gather(*(limits(number) for number in range(TRANSACTIONS)))
    assert len({row[-1] for row in found}) > 1
    assert [row[:-1] for row in found] == [("10s", "15s", "UTC", "off")] * TRANSACTIONS


async def test_prepared_statements_and_codecs_follow_from_connection_to_connection(db: Database) -> None:
    async def ask(conn: Connection, number: int) -> None:
        value, one = {"n": [number, None], "é": "ü"}, new_id()
        assert await conn.fetchval("select $1::jsonb", value) == value
        assert await conn.fetchval("select $1::jsonb[]", [value, {}]) == [value, {}]
        assert await conn.fetchval("select $1::uuid", one) == one
        assert await conn.fetchval("select array_agg(status) from unnest($1::kernel.job_status[]) status", ["failed"])

    async def caller() -> set[int]:
        pids = set()
        for number in range(STATEMENTS):
            async with db.connection() as conn:
                await ask(conn, number)
                pids.add(await conn.fetchval("select pg_backend_pid()"))
            async with db.transaction() as conn:
                await ask(conn, number)
        return pids

    lent = await asyncio.gather(*(caller() for _ in range(CALLERS)))
    assert len(set().union(*lent)) > 1


async def test_migrations_need_no_pooler(addresses: Addresses) -> None:
    assert await migrate(addresses.direct) == []


async def test_a_singleton_runs_once_and_leaves_no_lock_behind(
    addresses: Addresses, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(singletons, "LOCK_RETRY_S", 0.05)
    other = await Database.open(addresses.pooled, direct_url=addresses.direct)
    crowd = Crowd()
    async with working(crowd.worker("second"), other):
        async with working(crowd.worker("first"), db):
            await until(lambda: sum(crowd.turns.values()) > 50)
            assert crowd.at_once_max == 1
            assert len(crowd.turns) == 1
        await until(lambda: crowd.turns.get("second", 0) > 50)
    assert crowd.at_once_max == 1
    held = """
        select count(*) from pg_locks inner join pg_database on pg_database.oid = pg_locks.database
        where locktype = 'advisory' and datname = current_database()
    """  # other databases of the cluster may have workers of their own
    async with db.connection() as conn, asyncio.timeout(30):
        while await conn.fetchval(held):  # noqa: ASYNC110 - the server ends a session a moment after its client
            await asyncio.sleep(0.05)
    await other.close()


class Coat(Struct, frozen=True):
    hook: int


async def test_jobs_enqueued_through_the_pooler_run_once(db: Database) -> None:
    hung: list[int] = []

    async def hang(coat: Coat) -> None:
        hung.append(coat.hook)

    jobs = Jobs()
    jobs.on("coat", Coat, hang)
    async with db.transaction() as conn:
        await enqueue(conn, "coat", [Coat(hook) for hook in range(100)])
    async with working(jobs, db):
        await until(lambda: len(hung) >= 100)
    assert sorted(hung) == list(range(100))
