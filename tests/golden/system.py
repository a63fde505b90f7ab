"""The golden deployment: its files, its environment, its dump restored into a database, its processes."""

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from tests.conftest import with_database
from tests.web.system import Process, System
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.host.programs import programs

FOLDER = Path(__file__).parent
DUMP = FOLDER / "house.dump"
GOLDEN = FOLDER / "golden.json"
HOST = "golden.localhost:8000"
ORIGIN = f"http://{HOST}"
"""The origin of the browser's storage; Chromium maps its host to the port of the process (browser.py)."""
SETTINGS = {
    "VIRAGE_DEMO": "1",
    "VIRAGE_SECRET": "golden set, this secret protects nothing",
    "VIRAGE_SANDBOX_KEY": "golden set, this key protects nothing",
    "VIRAGE_SANDBOX_WEBHOOK_SECRET": "golden set, these webhooks protect nothing",
    "VIRAGE_PUBLIC_URL": ORIGIN,
    "VIRAGE_LOOPBACK_LISTENER": "1",
}
# One transaction for each number: pg_current_xact_id() assigns one, the commit ends it.
SPEND_TRANSACTION_IDS = """
do $$ begin
    while pg_current_xact_id() < '{}'::xid8 loop commit; end loop;
end $$
"""

_numbers = itertools.count(1)


class ArchiveContents(Struct, frozen=True):
    """The contents of `archive.jsonl.gz`: the till, its first and last record, how many lines of
    each type.
    """

    till: UUID
    first: int
    last: int
    lines: dict[str, int]


class Golden(Struct, frozen=True):
    """The contents of the golden set, noted when it was made.

    `made_at` is the moment of the dump. Every journal position in the dump and in the browser's
    storage is below `transaction_id`. `tills` has the last record number of each till that the
    server has received.
    """

    made_at: datetime
    transaction_id: int
    migrations: list[str]
    counts: dict[str, int]
    tills: dict[UUID, int]
    archive: ArchiveContents


def golden() -> Golden:
    """Return the contents of the golden set."""
    return msgspec.json.decode(GOLDEN.read_bytes(), type=Golden)


def clock_shift(later: timedelta = timedelta()) -> str:
    """Return the VIRAGE_CLOCK_SHIFT, in seconds, of a process whose clock shows the moment of the
    dump, or later.
    """
    return str(round((golden().made_at + later - datetime.now(UTC)).total_seconds()))


async def loaded(cluster: EmbeddedPostgres, name: str) -> str:
    """Load the golden dump into a new database of the cluster, in one transaction, and return its URL."""
    await execute(with_database(cluster.url, "postgres"), f"create database {name}")
    url = with_database(cluster.url, name)
    options = ["--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={url}"]
    await asyncio.to_thread(subprocess.run, [str(programs(None) / "pg_restore"), *options, str(DUMP)], check=True)
    return url


async def restored(cluster: EmbeddedPostgres, name: str) -> str:
    """Restore the golden dump into a new database of the cluster and return its URL.

    Positions in the dump are transaction ids of the cluster that it was taken from. Transaction ids of this cluster
    are spent until its next one is above them, so that no stored position lies in the future.
    """
    url = await loaded(cluster, name)
    await execute(url, SPEND_TRANSACTION_IDS.format(golden().transaction_id))
    return url


@contextmanager
def restored_database(cluster: EmbeddedPostgres) -> Iterator[str]:
    """Restore the golden dump into a database for one test."""
    name = f"golden_{next(_numbers)}"
    yield asyncio.run(restored(cluster, name))
    asyncio.run(execute(with_database(cluster.url, "postgres"), f"drop database {name} with (force)"))


async def execute(url: str, statement: str) -> None:
    """Execute one statement outside of a transaction."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def environment(database_url: str, folder: Path) -> dict[str, str]:
    """Return the environment of a `virage` command of the golden deployment."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("VIRAGE_")}
    return inherited | SETTINGS | {"VIRAGE_DATABASE_URL": database_url, "VIRAGE_VAR_DIR": str(folder)}


def virage(env: Mapping[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of `virage` to its end, with a terminal so wide that no path is broken."""
    command = [sys.executable, "-m", "virage.cli", *arguments]
    wide = {**env, "COLUMNS": "1000"}
    return subprocess.run(command, env=wide, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


class GoldenSystem(System):
    """The processes of the golden deployment; browsers reach them at `ORIGIN`, the tests at `url`."""

    def __init__(self, folder: Path, database_url: str, clock_shift: str = "0") -> None:
        super().__init__(folder, database_url)
        self.env |= SETTINGS | {"VIRAGE_CLOCK_SHIFT": clock_shift}

    def open(self) -> None:
        """Start the sandbox provider, the worker and the web server, and wait until the web server
        responds.
        """
        self.start("sandbox", self.env)
        self.start("work", self.env)
        self.start_web()

    def start_web(self) -> Process:
        """Start the web server alone and wait until it responds."""
        process = self.start("serve", self.env)
        self.wait(self.url)
        return process
