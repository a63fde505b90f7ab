"""Forward migrations: `migrations/NNNN_what.sql`, each applied once, in order, in a transaction of its own."""

from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

import asyncpg

from virage.platform.values.clock import Clock

LOCK_KEY = 0x76697261  # "vira": one migrator at a time in a database
LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 5_000

_BOOK = """
create schema if not exists kernel;
create table if not exists kernel.migration (
    name text primary key,
    sha256 bytea not null,
    applied_at timestamptz not null
)
"""


class Migration(NamedTuple):
    """One file: its name without the ending, its text, and the hash of it."""

    name: str
    text: str
    sha256: bytes


class MigrationChanged(Exception):
    """A migration was edited after this database had applied it."""


def migrations() -> list[Migration]:
    """All migrations of the package, in order."""
    found = [file for file in files("virage").joinpath("migrations").iterdir() if file.name.endswith(".sql")]
    texts = {file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in found}
    return [Migration(name, texts[name], sha256(texts[name].encode()).digest()) for name in sorted(texts)]


async def migrate(url: str) -> list[str]:
    """Apply what is missing and return the names of what was applied.

    Several processes may call it at once. A lock that cannot be had in 4 s or a statement that takes longer than 5 s
    fails the migration as a whole and leaves the database as it was before that file.
    """
    connection = await asyncpg.connect(
        url,
        server_settings={
            "application_name": "virage migrate",
            "statement_timeout": str(STATEMENT_TIMEOUT_MS),
            "client_min_messages": "warning",
        },
    )
    try:
        return await _apply_missing(connection)
    finally:
        await connection.close()


async def _apply_missing(connection: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Wait for any other migrator (as long as it takes), then apply file by file."""
    await connection.execute("set statement_timeout = 0")
    await connection.execute("select pg_advisory_lock($1)", LOCK_KEY)
    await connection.execute(f"set statement_timeout = {STATEMENT_TIMEOUT_MS}; set lock_timeout = {LOCK_TIMEOUT_MS}")
    await connection.execute(_BOOK)
    applied = {
        row["name"]: row["sha256"] for row in await connection.fetch("select name, sha256 from kernel.migration")
    }
    fresh = []
    for migration in migrations():
        if migration.name not in applied:
            async with connection.transaction():
                await connection.execute(migration.text)
                await connection.execute(
                    "insert into kernel.migration values ($1, $2, $3)", migration.name, migration.sha256, Clock().now()
                )
            fresh.append(migration.name)
        elif applied[migration.name] != migration.sha256:
            raise MigrationChanged(f"{migration.name} was edited after this database had applied it.")
    return fresh
