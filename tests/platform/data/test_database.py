import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import asyncpg
import pytest

from virage.platform.data import database as database_module
from virage.platform.data.database import Connection, Contended, Database, OutOfReach, Unavailable
from virage.platform.values.ids import new_id


async def cut(url: str) -> None:
    """End all sessions of the database but our own."""
    connection = await asyncpg.connect(url)
    await connection.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
        "where datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
    )
    await connection.close()


async def again(act: Callable[[], Awaitable[object]]) -> object:
    """Retry as a caller would when the database was unavailable."""
    for _ in range(20):
        try:
            return await act()
        except Unavailable:
            continue
    raise AssertionError("The database did not come back.")


async def test_jsonb_is_read_back_as_the_values_written(conn: Connection) -> None:
    value = {"a": [1, 2.5, None, True], "é": "ü"}
    assert await conn.fetchval("select $1::jsonb", value) == value
    assert await conn.fetchval("select $1::jsonb[]", [value, {}, None]) == [value, {}, None]


async def test_a_uuid_is_a_uuid_and_a_time_is_aware(conn: Connection) -> None:
    one, at = new_id(), datetime(2026, 5, 9, 18, tzinfo=UTC)
    row = await conn.fetchrow("select $1::uuid as one, $2::timestamptz as at", one, at)
    assert row is not None
    assert isinstance(row["one"], UUID)
    assert (row["one"], row["at"]) == (one, at)
    assert row["at"].tzinfo is not None


async def test_a_transaction_is_committed_at_its_end_and_rolled_back_by_an_exception(db: Database) -> None:
    async def write_and_fail() -> None:
        async with db.transaction() as conn:
            await conn.execute("insert into public.coat values (2)")
            raise ZeroDivisionError

    async with db.transaction() as conn:
        await conn.execute("create table public.coat (hook int)")
        await conn.execute("insert into public.coat values (1)")
    with pytest.raises(ZeroDivisionError):
        await write_and_fail()
    async with db.connection() as conn:
        assert await conn.fetchval("select array_agg(hook) from public.coat") == [1]


async def test_every_connection_has_its_time_limits(db: Database) -> None:
    async with db.connection() as conn:
        assert await conn.fetchval("show statement_timeout") == "10s"
        assert await conn.fetchval("show transaction_timeout") == "15s"
        assert await conn.fetchval("show timezone") == "UTC"


async def test_a_transaction_that_takes_too_long_is_ended_and_the_next_one_has_a_connection(
    database_url: str,
) -> None:
    await set_default(database_url, "transaction_timeout", "50ms")
    db = await Database.open(database_url, connections_max=1)

    async def dawdle() -> None:
        async with db.transaction() as conn:
            await conn.fetchval("select pg_sleep(5)")

    with pytest.raises(Unavailable):
        await dawdle()
    assert await again(lambda: select_one(db)) == 1
    await db.close()


async def set_default(url: str, name: str, value: str) -> None:
    """Set another default of our role in the test's database."""
    connection = await asyncpg.connect(url)
    database = await connection.fetchval("select current_database()")
    await connection.execute(f"alter role current_user in database {database} set {name} = '{value}'")
    await connection.close()


async def select_one(db: Database) -> object:
    async with db.connection() as conn:
        return await conn.fetchval("select 1")


async def test_a_connection_keeps_its_prepared_statements_and_costs_no_reset(db: Database) -> None:
    async def pid_and_statements() -> tuple[int, int]:
        async with db.connection() as conn:
            row = await conn.fetchrow("select pg_backend_pid(), (select count(*) from pg_prepared_statements)")
            assert row is not None
            return row[0], row[1]

    first, second = await pid_and_statements(), await pid_and_statements()
    assert first == second
    assert second[1] >= 1


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("select $1::timestamptz", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
        ("select $1::timestamptz", datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=14)))),
        ("select $1::int", 2**31),
        ("select $1::text", "a\0b"),
    ],
)
async def test_a_value_that_the_database_cannot_store_is_bad_input(db: Database, query: str, value: object) -> None:
    with pytest.raises(OutOfReach):
        async with db.connection() as conn:
            await conn.fetch(query, value)
    assert await select_one(db) == 1


async def test_after_a_cut_of_all_connections_the_pool_replaces_them(db: Database) -> None:
    async with db.connection(), db.connection(), db.connection():
        pass
    await cut(db.url)
    assert await again(lambda: select_one(db)) == 1


async def test_a_transaction_that_is_cut_in_the_middle_is_unavailable_and_changed_nothing(db: Database) -> None:
    async with db.connection() as conn:
        await conn.execute("create table public.coat (hook int)")

    async def write_while_cut() -> None:
        async with db.transaction() as conn:
            await conn.execute("insert into public.coat values (1)")
            await cut(db.url)
            await conn.execute("insert into public.coat values (2)")

    with pytest.raises(Unavailable):
        await write_while_cut()

    async def count() -> object:
        async with db.connection() as conn:
            return await conn.fetchval("select count(*) from public.coat")

    assert await again(count) == 0


async def test_a_caller_that_is_cancelled_while_its_connection_is_lost_is_cancelled(db: Database) -> None:
    is_cut = asyncio.Event()

    async def wait_in_a_transaction() -> None:
        async with db.transaction():
            await cut(db.url)
            is_cut.set()
            await asyncio.Event().wait()

    async with asyncio.timeout(60):
        waiting = asyncio.create_task(wait_in_a_transaction())
        await is_cut.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_the_victim_of_a_deadlock_gets_a_retryable_error(db: Database) -> None:
    async with db.connection() as conn:
        await conn.execute("create table public.coat (hook int primary key)")
        await conn.execute("insert into public.coat values (1), (2)")
    both_hold_one = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> str:
        try:
            async with db.transaction() as conn:
                await conn.execute("select from public.coat where hook = $1 for update", first)
                await both_hold_one.wait()
                await conn.execute("select from public.coat where hook = $1 for update", second)
        except Contended:
            return "lost"
        return "won"

    assert sorted(await asyncio.gather(lock(1, 2), lock(2, 1))) == ["lost", "won"]


async def test_an_error_of_the_caller_is_not_translated(db: Database) -> None:
    async def ask(query: str, *values: object) -> None:
        async with db.connection() as conn:
            await conn.fetchval(query, *values)

    with pytest.raises(asyncpg.UndefinedTableError):
        await ask("select * from nowhere.at_all")
    with pytest.raises(asyncpg.InterfaceError):
        await ask("select $1::int")
    with pytest.raises(FileNotFoundError):
        async with db.connection():
            raise FileNotFoundError


async def test_an_unreachable_server_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await Database.open("postgresql://virage@/virage?host=/nowhere")


async def test_more_callers_than_connections_wait_for_their_turn(database_url: str) -> None:
    db = await Database.open(database_url, connections_max=2)
    assert await asyncio.gather(*(select_one(db) for _ in range(20))) == [1] * 20
    await db.close()


async def test_closing_the_pool_cuts_connections_in_use(database_url: str) -> None:
    db = await Database.open(database_url, connections_max=1)
    in_use = asyncio.Event()

    async def hold() -> None:
        async with db.connection() as conn:
            in_use.set()
            await conn.fetchval("select pg_sleep(60)")

    holder = asyncio.create_task(hold())
    await in_use.wait()
    await db.close()
    with pytest.raises(Unavailable):
        await holder


async def test_callers_above_the_limit_fail_at_once(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "CALLERS_MAX", 3)
    db = await Database.open(database_url, connections_max=1)
    answers = await asyncio.gather(*(select_one(db) for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, int, int, Unavailable, Unavailable]
    assert await select_one(db) == 1
    await db.close()
