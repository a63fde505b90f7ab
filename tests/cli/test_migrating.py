"""`virage migrate` beside older processes, and after their end."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import with_database
from tests.golden.system import environment, execute
from virage.cli import migrating
from virage.platform.data import migrate as migrate_module
from virage.platform.data.migrate import Migration, held_hashes, migration_of
from virage.platform.host.postgres import EmbeddedPostgres

KNOWN = [
    migration_of("0191_coat", "-- expand: coats.\ncreate table public.coat (hook integer, colour text);"),
    migration_of(
        "0192_colour", "-- contract: the colour is not read any more.\nalter table public.coat drop column colour;"
    ),
]


@pytest.fixture
def _over_an_empty_database(
    cluster: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The environment names an empty database, and the package has two migrations."""

    def known(_folder: object = None) -> list[Migration]:
        return KNOWN

    admin, url = with_database(cluster.url, "postgres"), with_database(cluster.url, "migrating")
    asyncio.run(execute(admin, "create database migrating"))
    for name, value in environment(url, tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(migrate_module, "migrations", known)
    yield
    asyncio.run(execute(admin, "drop database migrating with (force)"))


@pytest.mark.usefixtures("_over_an_empty_database")
def test_pending_contract_migrations_are_printed_with_their_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waits = "When the previous version has ended everywhere: virage migrate --contract (0192_colour)\n"
    for contract, said in (
        (False, f"0191_coat\n{waits}"),
        (False, f"Nothing to do.\n{waits}"),
        (True, "0192_colour\n"),
    ):
        migrating.migrate(contract=contract)
        assert capsys.readouterr().out == said


@pytest.mark.usefixtures("_over_an_empty_database")
def test_a_database_older_than_0_1_0_is_refused_in_one_line(
    cluster: EmbeddedPostgres, capsys: pytest.CaptureFixture[str]
) -> None:
    migrating.migrate(contract=True)
    recorded = "insert into kernel.migration values ('0001_kernel', $1, now())"
    first = held_hashes()["0001_kernel"]
    asyncio.run(execute(with_database(cluster.url, "migrating"), recorded.replace("$1", f"'\\x{first.hex()}'")))
    capsys.readouterr()
    with pytest.raises(SystemExit):
        migrating.migrate(contract=True)
    assert capsys.readouterr() == (
        "",
        "Upgrade to 0.1.0 first: this database lacks its migrations from 0002_programme on.\n",
    )
