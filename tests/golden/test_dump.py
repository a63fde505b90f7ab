"""The golden dump, restored and migrated with today's code: nothing is lost, and everything still
verifies.
"""

import asyncio
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path

import asyncpg
import numpy as np
import pytest

from tests.golden.archives import contents
from tests.golden.counts import COUNTS, counted
from tests.golden.system import environment, golden, loaded, restored_database, virage
from virage.demo.venues.drawing import stadium
from virage.platform.data import era
from virage.platform.data.database import Database
from virage.platform.data.migrate import held_hashes, migrate, migrations
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.host.programs import programs
from virage.site.venue.api import venue_at, venues

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def env(cluster: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a `virage` command over the restored and migrated dump."""
    with restored_database(cluster) as url:
        env = environment(url, tmp_path_factory.mktemp("golden"))
        migrated = virage(env, "migrate")
        assert migrated.returncode == 0, migrated.stderr
        yield env


def test_the_restored_dump_is_migrated_to_the_newest_schema(env: dict[str, str]) -> None:
    applied = asyncio.run(counted(env["VIRAGE_DATABASE_URL"])).migrations
    recorded = golden().migrations
    assert list(held_hashes()) == recorded
    assert applied == recorded + [migration.name for migration in migrations()]
    again = virage(env, "migrate")
    assert (again.returncode, again.stdout) == (0, "Nothing to do.\n")


def test_it_has_the_schema_of_a_new_database(env: dict[str, str], shared_database_url: str) -> None:
    """Order of columns, defaults, constraints, indexes, functions, triggers, views, storage, comments and grants."""
    upgraded, fresh = (schema_of(url) for url in (env["VIRAGE_DATABASE_URL"], shared_database_url))
    assert sum(line.startswith("CREATE TABLE ") for line in fresh) > 100
    differences = "\n".join(unified_diff(upgraded, fresh, "upgraded", "new", lineterm=""))
    assert not differences, differences


def schema_of(url: str) -> list[str]:
    """The lines of the schema as pg_dump prints it, without the random word that guards the script."""
    command = [str(programs(None) / "pg_dump"), "--schema-only", f"--dbname={url}"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own program
    return [line for line in printed.splitlines() if not line.startswith(("\\restrict ", "\\unrestrict "))]


async def test_it_has_the_rows_that_a_new_database_begins_with(env: dict[str, str], shared_database_url: str) -> None:
    """Singleton rows: those of the dump have changed since, those of a new database are as 0.1.0 wrote them."""
    fresh, upgraded = [await asyncpg.connect(url) for url in (shared_database_url, env["VIRAGE_DATABASE_URL"])]
    tables = await fresh.fetch("select schemaname || '.' || relname as name from pg_stat_user_tables order by name")
    found = {row["name"]: await fresh.fetch(f"select * from {row['name']}") for row in tables}
    applied = found.pop("kernel.migration")
    assert {name for name in ("venue.venue", "venue.version") if found.pop(name)}  # tests begin with a venue
    assert {name: [tuple(row) for row in rows] for name, rows in found.items() if rows} == {
        "food_menu.draft": [(True, 0)],
        "kernel.era": [(True, 0, await fresh.fetchval("select system_identifier from pg_control_system()"))],
        "payments.call_lane": [("fan", EPOCH), ("job", EPOCH)],
        "payments.watermark": [(True, EPOCH)],
        "people.newcomer_budget": [(True, EPOCH, 0)],
        "settlement.progress": [(True, EPOCH)],
    }
    for name, rows in found.items():
        if rows:
            assert len(await upgraded.fetch(f"select * from {name}")) == len(rows), name
    hashes = "select name, sha256 from kernel.migration where name = any($1) order by name"
    names = [row["name"] for row in applied]
    assert await upgraded.fetch(hashes, names) == await fresh.fetch(hashes, names)
    for connection in (fresh, upgraded):
        await connection.close()


def test_every_row_that_was_counted_is_still_there(env: dict[str, str]) -> None:
    found = asyncio.run(counted(env["VIRAGE_DATABASE_URL"]))
    assert found.counts == golden().counts
    assert found.tills == golden().tills
    assert [name for name, count in found.counts.items() if not count] == ["sum of the ledger"]
    assert list(found.counts) == list(COUNTS)


def test_the_wallet_audit_is_clean(env: dict[str, str]) -> None:
    done = virage(env, "wallet", "audit")
    assert done.returncode == 0, done.stdout


def test_the_archive_of_every_till_verifies_up_to_its_last_record(env: dict[str, str], tmp_path: Path) -> None:
    archived = virage(env, "fiscal", "archive", str(tmp_path))
    assert archived.returncode == 0, archived.stderr
    files = sorted(tmp_path.iterdir())
    verified = virage({}, "fiscal", "verify", *map(str, files))
    assert verified.returncode == 0, verified.stdout
    held = [contents(file) for file in files]
    assert {of_till.till: of_till.last for of_till in held} == golden().tills
    assert [of_till.first for of_till in held] == [1] * len(golden().tills)
    assert sum(of_till.lines.get("closing", 0) for of_till in held) > 0


TEXTS_LIKE_POSITIONS = """
select exists (
    select from {} as held, jsonb_path_query(
        to_jsonb(held), '$.** ? (@.type() == "string" && @ like_regex "^[0-9]+-[0-9]+$")'
    )
)
"""


async def test_a_cluster_that_is_behind_the_dump_begins_an_era_above_its_positions(tmp_path: Path) -> None:
    fresh = EmbeddedPostgres(tmp_path / "pg", durable=False)
    await fresh.start()
    try:
        url = await loaded(fresh, "golden")
        await migrate(url)
        assert await era.holds_foreign_rows(url)
        connection = await asyncpg.connect(url)
        noted = await connection.fetchval("select system_identifier from kernel.era")
        tables = await connection.fetch(
            "select table_schema || '.' || table_name as name from information_schema.tables "
            "where table_schema !~ '^(pg_|information_schema)' and table_type = 'BASE TABLE'"
        )
        held = {row["name"] for row in tables if await connection.fetchval(TEXTS_LIKE_POSITIONS.format(row["name"]))}
        highest = await connection.fetchval("select max(xid)::text::bigint from kernel.journal")
        await connection.close()
        begun = await era.begin(url)
        assert not await era.holds_foreign_rows(url)
    finally:
        await fresh.stop()
    assert noted == 0, "the migration found ids ahead of the cluster, which stay in their earlier era"
    assert len(tables) > 100
    assert held == {"access.device_state"}, "a position received before; an epoch lies between it and the new era"
    assert begun is not None
    assert begun.stored == highest < golden().transaction_id < begun.xids


RECORDED_FEATURES = 0b11111
"""The features of seats that the venue file knew when the dump was made: all before `sign_language`."""


async def test_its_events_keep_their_version_of_the_venue_that_was_part_of_the_program(env: dict[str, str]) -> None:
    db = await Database.open(env["VIRAGE_DATABASE_URL"])
    async with db.connection() as conn:
        [found] = await venues(conn)
        versions = {row["ground_version"] for row in await conn.fetch("select ground_version from programme.event")}
        kept = [await venue_at(conn, version) for version in versions]
    await db.close()
    assert (found.code, found.prefix, found.seats) == ("stadium", "", 59_186)
    assert found.version in versions
    for venue in kept:
        assert venue.label(30_000) == stadium().label(30_000)
        assert np.array_equal(venue.features, stadium().features & RECORDED_FEATURES)
        assert np.array_equal(venue.sightline, stadium().sightline)
