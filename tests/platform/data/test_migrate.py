import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256

import asyncpg
import pytest

from virage.platform.data import migrate as migrate_module
from virage.platform.data.migrate import Migration, MigrationChanged, migrate, migrations
from virage.platform.host.postgres import EmbeddedPostgres


def a_migration(name: str, text: str) -> Migration:
    return Migration(name, text, sha256(text.encode()).digest())


FIRST = a_migration("0001_first", "create table public.coat (hook int)")
SECOND = a_migration("0002_second", "alter table public.coat add column colour text")


@pytest.fixture
async def empty_url(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database that nothing was ever applied to."""
    connection = await asyncpg.connect(cluster.url, database="postgres")
    await connection.execute("create database empty")
    yield cluster.url.replace("/virage?", "/empty?")
    await connection.execute("drop database empty with (force)")
    await connection.close()


def having(monkeypatch: pytest.MonkeyPatch, *available: Migration) -> None:
    monkeypatch.setattr(migrate_module, "migrations", lambda: list(available))


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_all_migrations_are_applied_in_order_and_only_once(empty_url: str) -> None:
    names = [migration.name for migration in migrations()]
    assert names == sorted(names)
    assert names[0] == "0001_kernel"
    assert await migrate(empty_url) == names
    assert await migrate(empty_url) == []


async def test_only_what_is_missing_is_applied(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    having(monkeypatch, FIRST)
    assert await migrate(empty_url) == ["0001_first"]
    having(monkeypatch, FIRST, SECOND)
    assert await migrate(empty_url) == ["0002_second"]


async def test_migrators_that_start_at_once_apply_everything_once(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(monkeypatch, FIRST, SECOND)
    applied = await asyncio.gather(*(migrate(empty_url) for _ in range(4)))
    assert sorted(applied) == [[], [], [], ["0001_first", "0002_second"]]


async def test_a_migration_that_fails_leaves_nothing_of_itself_and_all_before_it(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = a_migration("0002_broken", "create table public.half (); select 1 / 0")
    having(monkeypatch, FIRST, broken)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_url)
    assert await ask(empty_url, "select to_regclass('public.half')") is None
    assert await ask(empty_url, "select array_agg(name) from kernel.migration") == ["0001_first"]
    having(monkeypatch, FIRST, SECOND)
    assert await migrate(empty_url) == ["0002_second"]


async def test_a_migration_that_cannot_be_booked_is_not_applied(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(monkeypatch, Migration("0001_first", FIRST.text, None))  # type: ignore[arg-type]  # what cannot be booked
    with pytest.raises(asyncpg.NotNullViolationError):
        await migrate(empty_url)
    assert await ask(empty_url, "select to_regclass('public.coat')") is None


async def test_a_migration_that_was_edited_afterwards_is_refused(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(monkeypatch, FIRST)
    await migrate(empty_url)
    having(monkeypatch, a_migration("0001_first", FIRST.text + " "))
    with pytest.raises(MigrationChanged, match="0001_first"):
        await migrate(empty_url)


async def test_a_lock_that_cannot_be_had_fails_the_migration_instead_of_blocking_everybody(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    having(monkeypatch, FIRST)
    await migrate(empty_url)
    having(monkeypatch, FIRST, SECOND)
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT_MS", 20)
    holder = await asyncpg.connect(empty_url)
    async with holder.transaction():
        await holder.execute("lock table public.coat in access share mode")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await migrate(empty_url)
    await holder.close()
    assert await migrate(empty_url) == ["0002_second"]


async def test_a_migration_that_takes_too_long_is_ended(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    having(monkeypatch, a_migration("0001_slow", "select pg_sleep(60)"))
    monkeypatch.setattr(migrate_module, "STATEMENT_TIMEOUT_MS", 20)
    with pytest.raises(asyncpg.QueryCanceledError):
        await migrate(empty_url)
