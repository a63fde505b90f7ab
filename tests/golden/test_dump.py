"""The golden dump, restored and migrated with today's code: nothing is lost, and everything still
verifies.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.golden.archives import contents
from tests.golden.counts import COUNTS, counted
from tests.golden.system import environment, golden, loaded, restored_database, virage
from virage.platform.data import era
from virage.platform.data.migrate import migrate
from virage.platform.host.postgres import EmbeddedPostgres


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
    assert len(recorded) == 54
    assert applied[: len(recorded)] == recorded
    again = virage(env, "migrate")
    assert (again.returncode, again.stdout) == (0, "Nothing to do.\n")


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
    assert noted == 0, "the migration that made the era found ids ahead of the cluster, and they stay another's"
    assert len(tables) > 100
    assert held == {"access.device_state"}, "what a device had heard; an epoch lies between that and the new era"
    assert begun is not None
    assert begun.stored == highest < golden().transaction_id < begun.xids
