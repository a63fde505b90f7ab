import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from virage.platform.data import migrate as migrate_module
from virage.platform.data.connecting import Session
from virage.platform.data.database import Database
from virage.platform.data.migrate import (
    HELD,
    UPGRADE,
    Migration,
    MigrationChanged,
    UpgradeRequired,
    held_hashes,
    migrate,
    migrations,
    missing,
)
from virage.platform.host.postgres import EmbeddedPostgres


def a_migration(name: str, text: str) -> Migration:
    return Migration(name, text, sha256(text.encode()).digest())


def planted(folder: Path, **texts: str) -> Path:
    """A folder of migrations that come after all migrations of the package."""
    for name, text in texts.items():
        (folder / f"{name.removeprefix('m')}.sql").write_text(text)
    return folder


FIRST = a_migration("0001_first", "create table public.coat (hook int)")
SECOND = a_migration("0002_second", "alter table public.coat add column colour text")


@pytest.fixture
async def empty_url(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """An empty database."""
    connection = await asyncpg.connect(cluster.url, database="postgres")
    await connection.execute("create database empty")
    yield cluster.url.replace("/virage?", "/empty?")
    await connection.execute("drop database empty with (force)")
    await connection.close()


def having(monkeypatch: pytest.MonkeyPatch, *available: Migration) -> None:
    monkeypatch.setattr(migrate_module, "migrations", lambda _folder=None: list(available))


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_all_migrations_are_applied_in_order_and_only_once(empty_url: str) -> None:
    names = [migration.name for migration in migrations() if migration.phase != "upgrade"]
    assert names == sorted(names)
    assert names[0] == "0101_kernel"
    assert await migrate(empty_url) == names
    assert await migrate(empty_url) == []


async def test_only_missing_migrations_are_applied(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_a_failed_migration_is_rolled_back_and_earlier_ones_stay(
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


async def test_a_migration_that_cannot_be_recorded_is_not_applied(
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


async def test_a_migration_fails_after_its_lock_timeout_instead_of_blocking_others(
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


COATS = """
    create table public.coat (hook integer primary key, colour text);
    insert into public.coat select n from generate_series(1, 2500) as n
"""
INDEX = """-- expand, concurrent: coats by colour.
create index concurrently if not exists coat_colour on public.coat (colour);
"""
IS_VALID = "select indisvalid from pg_index where indexrelid = to_regclass('public.coat_colour')"
RED = """-- expand, backfill: every coat has a colour.
update public.coat set colour = 'red' where hook in (
    select hook from public.coat where colour is null order by hook limit 1000 for no key update
);
"""
COLOURS = "select array_agg(distinct coalesce(colour, 'none')) from public.coat"


@pytest.fixture
async def coats_url(empty_url: str) -> str:
    connection = await asyncpg.connect(empty_url)
    await connection.execute(COATS)
    await connection.close()
    return empty_url


async def test_contract_migrations_wait_until_the_previous_version_has_ended(coats_url: str, tmp_path: Path) -> None:
    folder = planted(
        tmp_path,
        m0191_size="-- expand: coats have a size.\nalter table public.coat add column size integer;",
        m0192_colour="-- contract: the colour is not read any more.\nalter table public.coat drop column colour;",
        m0193_button="-- expand: coats have buttons.\nalter table public.coat add column buttons integer;",
    )
    assert await migrate(coats_url, contract=False, folder=folder) == ["0191_size", "0193_button"]
    assert await ask(coats_url, COLOURS) == ["none"]
    assert await migrate(coats_url, folder=folder) == ["0192_colour"]
    with pytest.raises(asyncpg.UndefinedColumnError):
        await ask(coats_url, COLOURS)


async def test_an_index_is_built_concurrently_and_an_invalid_one_is_rebuilt(coats_url: str, tmp_path: Path) -> None:
    """Its first build waits for a transaction and is killed."""
    folder = planted(tmp_path, m0191_index=INDEX)
    writer = await asyncpg.connect(coats_url)
    async with writer.transaction():
        await writer.execute("update public.coat set colour = 'blue' where hook = 1")
        building = asyncio.create_task(migrate(coats_url, folder=folder))
        async with asyncio.timeout(10):
            while await ask(coats_url, IS_VALID) is not False:
                pass
        await writer.execute("update public.coat set colour = 'blue' where hook = 2")  # writes are not blocked
        cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'virage migrate'"
        await writer.execute(cut)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
            await building
    await writer.close()
    assert await ask(coats_url, IS_VALID) is False
    assert await migrate(coats_url, folder=folder) == ["0191_index"]
    assert await ask(coats_url, IS_VALID) is True


async def test_an_index_may_take_longer_than_other_statements(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "STATEMENT_TIMEOUT_MS", 200)
    folder = planted(tmp_path, m0191_index="-- expand, concurrent: takes its time.\nselect pg_sleep(0.3);")
    assert await migrate(empty_url, folder=folder) == ["0191_index"]


async def test_concurrent_migrators_do_not_block_each_others_index_builds(coats_url: str, tmp_path: Path) -> None:
    folder = planted(tmp_path, m0191_index=INDEX)
    async with asyncio.timeout(30):
        applied = await asyncio.gather(*(migrate(coats_url, folder=folder) for _ in range(4)))
    assert sorted(applied) == [[], [], [], ["0191_index"]]


async def test_a_backfill_runs_in_batches_and_resumes_after_a_stop(
    coats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = planted(tmp_path, m0191_red=RED)
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT_MS", 20)
    writer = await asyncpg.connect(coats_url)
    async with writer.transaction():
        await writer.execute("select from public.coat where hook = 1500 for update")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await migrate(coats_url, folder=folder)
    await writer.close()
    assert await ask(coats_url, "select count(*) from public.coat where colour = 'red'") == 1000
    assert await ask(coats_url, "select count(*) from kernel.migration") == 0
    assert await migrate(coats_url, folder=folder) == ["0191_red"]
    assert await ask(coats_url, COLOURS) == ["red"]
    await migrate(coats_url, folder=folder)


async def test_a_backfill_batch_with_a_lock_conflict_is_retried(
    coats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = planted(tmp_path, m0191_red=RED)
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT_MS", 100)
    monkeypatch.setattr(migrate_module, "BATCH_ATTEMPTS", 1_000)
    writer = await asyncpg.connect(coats_url)
    waiting = "select max(query_start) from pg_stat_activity where wait_event_type = 'Lock' and datname = 'empty'"
    async with writer.transaction():
        await writer.execute("select from public.coat where hook = 1500 for update")
        filling = asyncio.create_task(migrate(coats_url, folder=folder))
        began: set[object] = set()
        async with asyncio.timeout(10):
            while len(began) < 3:  # the third wait of one migrator: two have failed
                began.add(await ask(coats_url, waiting))
                began.discard(None)
        assert not filling.done()
    await writer.close()
    assert await filling == ["0191_red"]
    assert await ask(coats_url, COLOURS) == ["red"]


async def test_a_process_is_ready_without_contract_migrations_and_on_a_newer_schema(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = Migration(*a_migration("0002_second", SECOND.text)[:3], phase="contract")
    having(monkeypatch, FIRST, takes)
    await migrate(empty_url, contract=False)
    db = await Database.open(empty_url)
    async with db.connection() as conn:
        assert await missing(conn, "expand") == []
        assert await missing(conn, "contract") == ["0002_second"]
        having(monkeypatch, FIRST, takes, a_migration("0003_third", "create table public.third ()"))
        assert await missing(conn, "expand") == ["0003_third"]
        await migrate(empty_url)
        having(monkeypatch, FIRST)  # the old program, after the new one's migrations
        assert await missing(conn, "expand") == []
    await db.close()


OLD = {
    "0001_coat": "-- expand: coats.\ncreate table public.coat (hook integer);",
    "0002_rack": "-- expand: racks.\ncreate table public.rack ();",
}
UPGRADES = {
    "0061_coat": "create schema coats; alter table public.coat set schema coats;",
    "0062_hats": "create schema hats; drop table public.rack;",
}
BASELINES = {
    "0101_coats": "-- baseline: coats.\ncreate schema coats; create table coats.coat (hook integer);",
    "0102_hats": "-- baseline: hats.\ncreate schema hats;",
}
LATER = {"0123_size": "-- expand: coats have a size.\nalter table coats.coat add column size integer;"}
SCHEMAS = """
select array_agg(table_schema || '.' || table_name || '.' || column_name order by ordinal_position)
from information_schema.columns where table_schema in ('public', 'coats', 'hats')
"""
APPLIED = "select array_agg(name order by name) from kernel.migration"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The migrations of a release: baselines, a later file, and the upgrade from a version with other files."""
    folder = tmp_path / "release"
    (folder / UPGRADE).mkdir(parents=True)
    for name, text in (BASELINES | LATER).items():
        (folder / f"{name}.sql").write_text(text)
    for name, text in UPGRADES.items():
        (folder / UPGRADE / f"{name}.sql").write_text(text)
    sums = [f"{sha256(text.encode()).hexdigest()}  {name}.sql\n" for name, text in OLD.items()]
    (folder / UPGRADE / HELD).write_text("".join(sums))
    return folder


@pytest.fixture
async def old_url(empty_url: str, tmp_path: Path) -> str:
    """A database of that version."""
    await migrate_to_old(empty_url, tmp_path)
    return empty_url


async def migrate_to_old(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    for name, text in OLD.items():
        (folder / f"{name}.sql").write_text(text)
    assert await migrate(url, folder=folder) == list(OLD)


async def test_a_new_database_is_created_by_the_baselines(empty_url: str, release: Path) -> None:
    assert await migrate(empty_url, folder=release) == [*BASELINES, *LATER]
    assert await migrate(empty_url, folder=release) == []
    assert await ask(empty_url, SCHEMAS) == ["coats.coat.hook", "coats.coat.size"]


async def test_a_database_of_the_held_version_is_upgraded_and_has_the_baselines(old_url: str, release: Path) -> None:
    assert await migrate(old_url, folder=release) == [*UPGRADES, *BASELINES, *LATER]
    assert await migrate(old_url, folder=release) == []
    assert await ask(old_url, SCHEMAS) == ["coats.coat.hook", "coats.coat.size"]
    assert await ask(old_url, APPLIED) == [*OLD, *UPGRADES, *BASELINES, *LATER]


@pytest.mark.parametrize("is_old", [True, False])
async def test_a_migrator_that_is_killed_before_any_commit_is_continued_by_the_next(
    empty_url: str, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_old: bool
) -> None:
    """Each file is recorded, and the connection ends before the commit; the next run starts there."""
    if is_old:
        await migrate_to_old(empty_url, tmp_path)
    names = [*(UPGRADES if is_old else ()), *BASELINES, *LATER]
    killed: list[str] = []
    book = migrate_module._book  # noqa: SLF001 - the last statement before each commit

    async def book_and_die(session: Session, migration: Migration) -> None:
        await book(session, migration)
        if migration.name not in killed:
            killed.append(migration.name)
            await session.execute("select pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(migrate_module, "_book", book_and_die)
    for name in names:
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
            await migrate(empty_url, folder=release)
        assert killed[-1] == name
        if is_old and name in BASELINES:
            assert await ask(empty_url, APPLIED) == [*OLD, *UPGRADES]
    assert await migrate(empty_url, folder=release) == list(LATER)
    assert await ask(empty_url, APPLIED) == sorted([*(OLD if is_old else ()), *names])
    assert await ask(empty_url, SCHEMAS) == ["coats.coat.hook", "coats.coat.size"]


async def test_a_database_older_than_the_held_version_is_refused_unchanged(old_url: str, release: Path) -> None:
    assert await ask(old_url, "delete from kernel.migration where name = '0002_rack' returning name")
    with pytest.raises(UpgradeRequired, match=r"Upgrade to 0\.1\.0 first: .* from 0002_rack on"):
        await migrate(old_url, folder=release)
    assert await ask(old_url, APPLIED) == ["0001_coat"]


@pytest.mark.parametrize("is_upgraded", [True, False])
async def test_a_database_with_another_hash_than_the_held_one_is_refused(
    old_url: str, release: Path, is_upgraded: bool
) -> None:
    if is_upgraded:
        await migrate(old_url, folder=release)
    before = await ask(old_url, APPLIED)
    await ask(old_url, "update kernel.migration set sha256 = '' where name = '0001_coat'")
    with pytest.raises(MigrationChanged, match="0001_coat"):
        await migrate(old_url, folder=release)
    assert await ask(old_url, APPLIED) == before


async def test_an_old_database_reports_what_it_lacks(empty_url: str, tmp_path: Path) -> None:
    known = [migration.name for migration in migrations()]
    old, upgraded = held_hashes(), [migration.name for migration in migrations() if migration.phase == "upgrade"]
    assert (len(old), len(upgraded)) == (54, 12)
    assert await migrate(empty_url, folder=tmp_path) == []
    db = await Database.open(empty_url)
    async with db.connection() as conn:
        assert await missing(conn, "expand") == [name for name in known if name not in upgraded]
        await conn.execute(
            "insert into kernel.migration select name, '', now() from unnest($1::text[]) as name", [*old]
        )
        assert await missing(conn, "expand") == known
        assert await missing(conn, "contract") == []
        await conn.execute("delete from kernel.migration where name = '0060_newcomer_networks'")
        assert await missing(conn, "expand") == ["0060_newcomer_networks", *known]
        await conn.execute("insert into kernel.migration select name, '', now() from unnest($1::text[]) as name", known)
        assert await missing(conn, "expand") == ["0060_newcomer_networks"]
    await db.close()
