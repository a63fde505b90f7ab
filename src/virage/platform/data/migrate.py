"""Forward migrations: `migrations/NNNN_what.sql`, each applied once and in order (docs/migrations.md).

The first line of a file says its phase. *expand* runs before the new program starts, while the old one serves: it only
adds. *contract* runs when every old program has ended, and may take away. And it says its kind: a plain file is one
transaction; *concurrent* builds indexes outside of any; *backfill* repeats one statement until it touches nothing.
"""

import asyncio
import re
from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, Literal, NamedTuple, cast

import asyncpg

from virage.platform.data.connecting import Session, close, connect
from virage.platform.data.database import Connection
from virage.platform.data.defaults import set_role_defaults
from virage.platform.values.clock import Clock

LOCK_KEY = 0x76697261  # "vira": one migrator at a time in a database
LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 5_000
CONCURRENT_LOCK_TIMEOUT_MS = 60_000  # it waits for transactions that began before it, and nobody waits for it
LOCK_RETRY_S: Final = 0.25
BATCH_ATTEMPTS = 10
FILE_S: Final = 300.0
"""How long a whole file may go unanswered: it is many statements in one message, each with its own limit."""
CONCURRENT_S: Final = 86_400.0
LIMITS: Final = """
set local statement_timeout = {statement};
set local lock_timeout = {lock};
set local idle_in_transaction_session_timeout = 0;
select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings where name = 'transaction_timeout'
"""
"""Of one transaction; PostgreSQL 16 has no `transaction_timeout`, and nothing is set there."""
CONCURRENT_LIMITS: Final = """
set statement_timeout = 0;
set lock_timeout = {lock};
select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings where name = 'transaction_timeout'
"""
FOLDER: Final = files("virage").joinpath("migrations")
UNPHASED_LAST: Final = "0079~"
"""Files up to this name were written before there were phases: each is an expanding file in one transaction."""

Phase = Literal["expand", "contract"]
Kind = Literal["transaction", "concurrent", "backfill"]

_FIRST_LINE: Final = re.compile(r"-- (expand|contract)(?:, (concurrent|backfill))?: \S")
_COMMENT: Final = re.compile(r"--.*")
_INDEX: Final = re.compile(
    r"create\s+(?:unique\s+)?index\s+concurrently\s+if\s+not\s+exists\s+(\w+)\s+on\s+(\w+)\.", re.IGNORECASE
)

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
    phase: Phase = "expand"
    kind: Kind = "transaction"

    @property
    def statements(self) -> list[str]:
        """The statements of a concurrent file, in which no `;` stands within one."""
        parts = (part.strip() for part in _COMMENT.sub("", self.text).split(";"))
        return [part for part in parts if part]


class MigrationChanged(Exception):
    """A migration was edited after this database had applied it."""


def migrations(folder: Traversable = FOLDER) -> list[Migration]:
    """All migrations of a folder, in order; those of the package, if none is named."""
    found = [file for file in folder.iterdir() if file.name.endswith(".sql")]
    texts = {file.name.removesuffix(".sql"): file.read_text(encoding="utf-8") for file in found}
    return [migration_of(name, texts[name]) for name in sorted(texts)]


def migration_of(name: str, text: str) -> Migration:
    """The migration of a file; raises ValueError where a file says no phase that has to."""
    said = _FIRST_LINE.match(text)
    if said is None and name > UNPHASED_LAST:
        raise ValueError(f"{name} begins with no phase, as `-- expand: why` or `-- contract, backfill: why`.")
    phase, kind = said.groups() if said else ("expand", None)
    hashed = sha256(text.encode()).digest()
    return Migration(name, text, hashed, cast("Phase", phase), cast("Kind", kind or "transaction"))


async def missing(conn: Connection, phase: Phase) -> list[str]:
    """The migrations of this program and of one phase that the database has not applied."""
    applied = {row["name"] for row in await conn.fetch("select name from kernel.migration")}
    return [migration.name for migration in migrations() if migration.phase == phase and migration.name not in applied]


async def migrate(url: str, *, contract: bool = True, folder: Traversable = FOLDER) -> list[str]:
    """Apply what is missing, give the role its defaults, and return the names of what was applied.

    `url` is the server's own address, not a pooler's: one session holds the lock of the migrator. `contract` is for
    whom no older program serves beside; without it what takes away waits. Several processes may call it at once. A lock
    that cannot be had in 4 s or a statement that takes longer than 5 s fails a file in a transaction as a whole and
    leaves the database as it was before it. Files of the other kinds go on where they were stopped.
    """
    session = await connect(url, "virage migrate", silence_s=FILE_S)
    try:
        # Whoever waited inside a statement would hold up the concurrent index that is waited for.
        while not await session.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):  # noqa: ASYNC110 - another migrates
            await asyncio.sleep(LOCK_RETRY_S)
        fresh = await _apply_missing(session, migrations(folder), contract=contract)
        await set_role_defaults(session)
        return fresh
    finally:
        await close(session)


async def _apply_missing(session: Session, known: Iterable[Migration], *, contract: bool) -> list[str]:
    """Apply file by file. The limits of each end with it, so that the session keeps no state."""
    async with session.transaction():
        await session.execute(_limits())
        await session.execute(_BOOK)
    applied = {row["name"]: row["sha256"] for row in await session.fetch("select name, sha256 from kernel.migration")}
    fresh = []
    for migration in known:
        if migration.name in applied:
            if applied[migration.name] != migration.sha256:
                raise MigrationChanged(f"{migration.name} was edited after this database had applied it.")
        elif contract or migration.phase == "expand":
            await _apply(session, migration)
            fresh.append(migration.name)
    return fresh


async def _apply(session: Session, migration: Migration) -> None:
    """Apply one file and book it: together in one transaction, or when it has come to its end."""
    if migration.kind == "transaction":
        async with session.transaction():
            await session.execute(_limits())
            await session.execute(migration.text)
            await _book(session, migration)
        return
    if migration.kind == "concurrent":
        await _build(session, migration)
    else:
        await _backfill(session, migration.text)
    await _book(session, migration)


def _limits() -> str:
    return LIMITS.format(statement=STATEMENT_TIMEOUT_MS, lock=LOCK_TIMEOUT_MS)


async def _book(session: Session, migration: Migration) -> None:
    await session.execute(
        "insert into kernel.migration values ($1, $2, $3)", migration.name, migration.sha256, Clock().now()
    )


async def _build(session: Session, migration: Migration) -> None:
    """Run the statements one by one, outside of a transaction, first dropping what a run that failed left invalid."""
    await session.execute(CONCURRENT_LIMITS.format(lock=CONCURRENT_LOCK_TIMEOUT_MS))
    for statement in migration.statements:
        index = _INDEX.match(statement)
        if index is not None:
            name = f"{index[2]}.{index[1]}"
            is_valid = "select indisvalid from pg_index where indexrelid = to_regclass($1)"
            if await session.fetchval(is_valid, name) is False:
                await session.execute(f"drop index concurrently {name}", timeout=CONCURRENT_S)
        await session.execute(statement, timeout=CONCURRENT_S)
    await session.execute("reset all")


async def _backfill(session: Session, statement: str) -> None:
    """Repeat a statement, a transaction each time, until it touches nothing.

    A batch that met the program at the same rows is tried again; ten in a row fail.
    """
    attempts = 0
    while True:
        try:
            async with session.transaction():
                await session.execute(_limits())
                tag = await session.execute(statement)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            attempts += 1
            if attempts == BATCH_ATTEMPTS:
                raise
            continue
        attempts = 0
        if tag.endswith(" 0"):
            return
