"""Forward migrations: `migrations/NNNN_what.sql`, each applied once, in order, in a transaction of its own."""

import asyncio
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

from virage.platform.data.connecting import Session, close, connect
from virage.platform.data.defaults import set_role_defaults
from virage.platform.values.clock import Clock

LOCK_KEY = 0x76697261  # "vira": one migrator at a time in a database
LOCK_RETRY_S: Final = 0.25
LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 5_000
FILE_S: Final = 300.0
"""How long a whole file may go unanswered: it is many statements in one message, each with its own limit."""
LIMITS: Final = """
set local statement_timeout = {statement};
set local lock_timeout = {lock};
set local idle_in_transaction_session_timeout = 0;
select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings where name = 'transaction_timeout'
"""
"""Of one migration; PostgreSQL 16 has no `transaction_timeout`, and nothing is set there."""

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
    """Apply what is missing, give the role its defaults, and return the names of what was applied.

    `url` is the server's own address, not a pooler's: one session holds the lock of the migrator. Several processes may
    call it at once. A lock that cannot be had in 4 s or a statement that takes longer than 5 s fails the migration as a
    whole and leaves the database as it was before that file.
    """
    session = await connect(url, "virage migrate", silence_s=FILE_S)
    try:
        while not await session.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):  # noqa: ASYNC110 - another migrates
            await asyncio.sleep(LOCK_RETRY_S)
        fresh = await _apply_missing(session)
        await set_role_defaults(session)
        return fresh
    finally:
        await close(session)


async def _apply_missing(session: Session) -> list[str]:
    """Apply file by file. The limits of each last as long as its transaction, so that the session keeps no state."""
    limits = LIMITS.format(statement=STATEMENT_TIMEOUT_MS, lock=LOCK_TIMEOUT_MS)
    async with session.transaction():
        await session.execute(limits)
        await session.execute(_BOOK)
    applied = {row["name"]: row["sha256"] for row in await session.fetch("select name, sha256 from kernel.migration")}
    fresh = []
    for migration in migrations():
        if migration.name not in applied:
            async with session.transaction():
                await session.execute(limits)
                await session.execute(migration.text)
                await session.execute(
                    "insert into kernel.migration values ($1, $2, $3)", migration.name, migration.sha256, Clock().now()
                )
            fresh.append(migration.name)
        elif applied[migration.name] != migration.sha256:
            raise MigrationChanged(f"{migration.name} was edited after this database had applied it.")
    return fresh
