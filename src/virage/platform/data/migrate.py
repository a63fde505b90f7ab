"""Forward migrations: `migrations/NNNN_what.sql`, each applied once and in order (docs/migrations.md).

The first line of a file names its phase. *baseline* files create the schemas of a new database. *expand* runs before
the new version starts, while the old one serves: it only adds. *contract* runs when every old process has ended, and
may remove. It also names the kind: a plain file is one transaction; *concurrent* builds indexes outside of any;
*backfill* repeats one statement until it affects no rows.

A database of 0.1.0 was created by other files, which are no longer kept: `upgrade/0.1.0.sha256` has their names and
hashes. The files of the folder `upgrade` lead it to the schemas of the baselines, which are then recorded as applied.
"""

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import groupby
from operator import attrgetter
from typing import Final, Literal, NamedTuple, cast

import asyncpg

from virage.platform.data.connecting import Session, close, connect
from virage.platform.data.database import Connection
from virage.platform.data.defaults import set_role_defaults
from virage.platform.values.clock import Clock

LOCK_KEY = 0x76697261  # "vira": one migration at a time per database
LOCK_TIMEOUT_MS = 4_000
STATEMENT_TIMEOUT_MS = 5_000
CONCURRENT_LOCK_TIMEOUT_MS = 60_000  # it waits for older transactions, and no transaction waits for it
LOCK_RETRY_S: Final = 0.25
BATCH_ATTEMPTS = 10
FILE_S: Final = 300.0
"""Time limit for the answer to a whole file: many statements in one message, each with its own limit."""
CONCURRENT_S: Final = 86_400.0
LIMITS: Final = """
set local statement_timeout = {statement};
set local lock_timeout = {lock};
set local idle_in_transaction_session_timeout = 0;
select pg_catalog.set_config(name, '0', true) from pg_catalog.pg_settings where name = 'transaction_timeout'
"""
"""Limits of one transaction. PostgreSQL 16 has no `transaction_timeout`, which is then not set."""
CONCURRENT_LIMITS: Final = """
set statement_timeout = 0;
set lock_timeout = {lock};
select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings where name = 'transaction_timeout'
"""
FOLDER: Final = files("virage").joinpath("migrations")
UPGRADE: Final = "upgrade"
"""Folder of the files that only a database of 0.1.0 needs, each in one transaction."""
HELD: Final = "0.1.0.sha256"

Phase = Literal["baseline", "upgrade", "expand", "contract"]
Kind = Literal["transaction", "concurrent", "backfill"]

_FIRST_LINE: Final = re.compile(r"-- (baseline(?!,)|expand|contract)(?:, (concurrent|backfill))?: \S")
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
        """The statements of a concurrent file, none of which may contain a `;`."""
        parts = (part.strip() for part in _COMMENT.sub("", self.text).split(";"))
        return [part for part in parts if part]


class MigrationChanged(Exception):
    """A migration file was edited after this database had applied it."""


class UpgradeRequired(Exception):
    """The database is older than 0.1.0, the oldest version that the migrations start from."""


def migrations(folder: Traversable = FOLDER) -> list[Migration]:
    """Return the migrations of a folder in order, upgrade files first; by default those of the package."""
    upgrades = folder.joinpath(UPGRADE)
    return [
        *(Migration(name, text, _hashed(text), "upgrade") for name, text in _texts(upgrades)),
        *(migration_of(name, text) for name, text in _texts(folder)),
    ]


def migration_of(name: str, text: str) -> Migration:
    """Return the migration of a file. Raises ValueError if its first line names no phase."""
    header = _FIRST_LINE.match(text)
    if header is None:
        raise ValueError(f"{name}: its first line names no phase, as `-- expand: why` or `-- contract, backfill: why`.")
    phase, kind = header.groups()
    return Migration(name, text, _hashed(text), cast("Phase", phase), cast("Kind", kind or "transaction"))


def _texts(folder: Traversable) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the SQL files of a folder in order, none if there is no such folder."""
    found = {file.name: file for file in folder.iterdir()} if folder.is_dir() else {}
    for name in sorted(found):
        if name.endswith(".sql"):
            yield name.removesuffix(".sql"), found[name].read_text(encoding="utf-8")


def _hashed(text: str) -> bytes:
    return sha256(text.encode()).digest()


def held_hashes(folder: Traversable = FOLDER) -> dict[str, bytes]:
    """Return the hashes of the files of 0.1.0 by their names, in order; none for a folder without the list."""
    listing = folder.joinpath(UPGRADE, HELD)
    lines = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    return {name.removesuffix(".sql"): bytes.fromhex(hashed) for hashed, name in map(str.split, lines)}


async def missing(conn: Connection, phase: Literal["expand", "contract"]) -> list[str]:
    """Return the names of the migrations that the database has not applied.

    Those of the phase "expand" are all that must be applied before this version starts: also baselines, upgrade files
    and, in a database older than 0.1.0, files of 0.1.0.
    """
    applied = {row["name"] for row in await conn.fetch("select name from kernel.migration")}
    old = held_hashes()
    lacking = _lacking(migrations(), old, applied)
    if phase == "contract":
        return [migration.name for migration in lacking if migration.phase == "contract"]
    of_old = [name for name in old if name not in applied] if _is_old(old, applied) else []
    return of_old + [migration.name for migration in lacking if migration.phase != "contract"]


def _is_old(old: Collection[str], applied: Collection[str]) -> bool:
    """Whether a database was created by the files of 0.1.0."""
    return any(name in applied for name in old)


def _lacking(known: Sequence[Migration], old: Collection[str], applied: Collection[str]) -> list[Migration]:
    """Return the files that a database has not applied, in order; upgrade files only for one of 0.1.0."""
    phases = {"baseline", "expand", "contract"} | ({"upgrade"} if _is_old(old, applied) else set())
    return [migration for migration in known if migration.phase in phases and migration.name not in applied]


async def migrate(url: str, *, contract: bool = True, folder: Traversable = FOLDER) -> list[str]:
    """Apply the missing migrations, set the defaults of the role, and return the names of those recorded as applied.

    `url` is the server's own address, not a pooler's: one session holds the migration lock. `contract` is False while
    processes of the previous version still run. Several processes may call it at once. A lock that is not granted in
    4 s or a statement that takes longer than 5 s rolls a transactional file back as a whole. Files of the other kinds
    continue where they were stopped. Raises MigrationChanged or UpgradeRequired before it changes anything.
    """
    session = await connect(url, "virage migrate", silence_s=FILE_S)
    try:
        # A wait inside a statement would hold up the concurrent index build of the process that has the lock.
        while not await session.fetchval("select pg_try_advisory_lock($1)", LOCK_KEY):  # noqa: ASYNC110 - another process migrates
            await asyncio.sleep(LOCK_RETRY_S)
        fresh = await _apply_missing(session, migrations(folder), held_hashes(folder), contract=contract)
        await set_role_defaults(session)
        return fresh
    finally:
        await close(session)


async def _apply_missing(
    session: Session, known: Sequence[Migration], old: Mapping[str, bytes], *, contract: bool
) -> list[str]:
    """Apply file by file. Limits are local to each, so that the session keeps no state."""
    async with session.transaction():
        await session.execute(_limits())
        await session.execute(_BOOK)
    applied = {row["name"]: row["sha256"] for row in await session.fetch("select name, sha256 from kernel.migration")}
    for name, expected in {**old, **{migration.name: migration.sha256 for migration in known}}.items():
        if applied.get(name, expected) != expected:
            raise MigrationChanged(f"{name} was edited after this database had applied it.")
    is_old = _is_old(old, applied)
    if is_old and (lacking := old.keys() - applied.keys()):
        raise UpgradeRequired(f"Upgrade to 0.1.0 first: this database lacks its migrations from {min(lacking)} on.")
    fresh = [migration for migration in _lacking(known, old, applied) if contract or migration.phase != "contract"]
    for phase, group in groupby(fresh, attrgetter("phase")):
        if is_old and phase == "baseline":  # the upgrade files before it made its schemas
            async with session.transaction():
                await session.execute(_limits())
                for migration in group:
                    await _book(session, migration)
        else:
            for migration in group:
                await _apply(session, migration)
    return [migration.name for migration in fresh]


async def _apply(session: Session, migration: Migration) -> None:
    """Apply one file and record it: in one transaction, or once it is complete."""
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
    """Run the statements outside of a transaction, dropping an invalid index of a failed run first."""
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
    """Repeat a statement, each time in a transaction, until it affects no rows.

    A batch that conflicts with other transactions is retried; ten conflicts in a row are an error.
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
