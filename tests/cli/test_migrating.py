"""`virage migrate` beside older processes, and after their end."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import with_database
from tests.golden.system import environment, execute
from virage.cli import migrating
from virage.platform.data import migrate as migrate_module
from virage.platform.data.migrate import Migration, migration_of
from virage.platform.host.postgres import EmbeddedPostgres

KNOWN = [
    migration_of("0191_coat", "-- expand: coats.\ncreate table public.coat (hook integer, colour text);"),
    migration_of(
        "0192_colour", "-- contract: nobody asks for the colour.\nalter table public.coat drop column colour;"
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
