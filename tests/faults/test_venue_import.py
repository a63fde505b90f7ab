"""`virage venue import` under `kill -9` within its transaction: the venue is as before, or has the whole version."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec
import pytest

from tests.golden.system import environment
from tests.site.venue.samples import small_document
from virage.platform.data.database import Database
from virage.site.venue import store

WAITING = """
select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()
"""
HELD = (
    "select pg_advisory_xact_lock(hashtextextended('venue: import', 0))",
    "select code from venue.venue where code = 'arena' for update",
    "lock table venue.version in share row exclusive mode",
    "lock table kernel.journal in share row exclusive mode",
)
"""What keeps the import waiting: before it reads, before it writes, while it stores, before its fact."""


@asynccontextmanager
async def importing(url: str, folder: Path, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, importing the arena under a name."""
    path = folder / "arena.json"
    path.write_bytes(msgspec.json.encode(small_document() | {"name": name}))
    command = [sys.executable, "-m", "virage.cli", "venue", "import", str(path)]
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment(url, folder),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def state(db: Database) -> list[tuple[str, bool]]:
    """The versions of the arena by name; each of them can be built."""
    async with db.connection() as conn:
        versions = await store.versions(conn, "arena")
        for version in versions:
            await store.venue_at(conn, version.version)
        return [(version.name, version.is_current) for version in versions]


@pytest.mark.parametrize("held", HELD)
async def test_a_killed_import_changes_nothing_and_the_next_one_succeeds(
    held: str, database_url: str, tmp_path: Path
) -> None:
    db = await Database.open(database_url)
    async with importing(database_url, tmp_path, "Before") as process:
        output, _ = await process.communicate()
    assert b"imported" in output
    before = await state(db)
    blocker = await asyncpg.connect(database_url)
    async with blocker.transaction():
        await blocker.execute(held)
        async with importing(database_url, tmp_path, "After") as process:
            async with db.connection() as observer:
                while not await observer.fetchval(WAITING):
                    assert process.returncode is None, "it ended without waiting"
                    await asyncio.sleep(0.01)
            process.send_signal(signal.SIGKILL)
    await blocker.close()
    assert await state(db) == before == [("Before", True)]
    async with importing(database_url, tmp_path, "After") as process:
        output, _ = await process.communicate()
    assert b"imported" in output
    assert await state(db) == [("After", True), ("Before", False)]
    await db.close()


async def test_an_import_that_waits_for_another_one_too_long_says_so_and_changes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    db = await Database.open(database_url)
    # On a busy machine the import waits for longer than a transaction may last.
    unlimited = {"idle_in_transaction_session_timeout": "0", "transaction_timeout": "0"}
    blocker = await asyncpg.connect(database_url, server_settings=unlimited)
    async with blocker.transaction():
        await blocker.execute(HELD[0])
        async with importing(database_url, tmp_path, "Late") as process:
            output, _ = await process.communicate()
    await blocker.close()
    assert process.returncode == 1
    assert b"Nothing was imported: the database does not answer, or another import is running." in b" ".join(
        output.split()
    )
    assert await state(db) == []
    await db.close()
