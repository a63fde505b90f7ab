"""The golden dump, restored and migrated with the code of today: nothing is lost, and everything still verifies."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.archives import contents
from tests.golden.counts import COUNTS, counted
from tests.golden.house import environment, golden, restored_database, virage
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
