"""Session settings as defaults of the role, so that a session keeps no state of its own.

Behind a pooler in transaction mode a `set` would stay on one server connection, which other sessions then use. Defaults
of a role apply to all of its connections. `virage migrate` sets them for the role that it signs in with, in its
database; an embedded server sets them when it creates its role.
"""

from collections.abc import Mapping
from typing import Final

import asyncpg

from virage.platform.data.connecting import Lent, Session
from virage.platform.settings.logs import log

STATEMENT_TIMEOUT_MS: Final = 10_000
TRANSACTION_TIMEOUT_MS: Final = 15_000
TRANSACTION_TIMEOUT_SINCE: Final = 17
"""The major version of PostgreSQL that first has `transaction_timeout`."""
DEFAULTS: Final[Mapping[str, str]] = {
    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
    "transaction_timeout": str(TRANSACTION_TIMEOUT_MS),
    "idle_in_transaction_session_timeout": str(TRANSACTION_TIMEOUT_MS),
    "jit": "off",  # for short statements compilation costs more than it saves
    "client_min_messages": "warning",
    "TimeZone": "UTC",
}
_LIMITS: Final = frozenset(name for name in DEFAULTS if name.endswith("_timeout"))


async def missing_defaults(conn: Session | Lent) -> dict[str, str]:
    """Return the settings that this connection lacks, with their values; a lower limit than ours is accepted.

    A setting that this version of PostgreSQL does not have is not missing.
    """
    rows = await conn.fetch("select name, setting from pg_catalog.pg_settings where name = any($1)", list(DEFAULTS))
    found = {row["name"]: row["setting"] for row in rows}
    return {name: value for name, value in DEFAULTS.items() if name in found and not _fits(name, found[name])}


def _fits(name: str, setting: str) -> bool:
    return 0 < int(setting) <= int(DEFAULTS[name]) if name in _LIMITS else setting == DEFAULTS[name]


def role_statements(role: str, version: int, *, database: str | None = None) -> list[str]:
    """Return the statements that set the defaults of a role in a database, or in all; both names are already quoted."""
    place = f" in database {database}" if database else ""
    return [
        f"alter role {role}{place} set {name} = '{value}'"
        for name, value in DEFAULTS.items()
        if name != "transaction_timeout" or version >= TRANSACTION_TIMEOUT_SINCE
    ]


async def set_role_defaults(session: Session) -> None:
    """Set the missing defaults for the role of a session; log the statements to run if it lacks the privilege.

    They apply to connections made from now on.
    """
    if not await missing_defaults(session):
        return
    statements = await _statements(session)
    try:
        async with session.transaction():
            for statement in statements:
                await session.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        log.error("database_defaults_not_set", run=_script(statements))


async def report_missing_defaults(conn: Session | Lent) -> None:
    """Log the missing defaults and the statements to run: without limits a statement may run for ever."""
    missing = await missing_defaults(conn)
    if missing:
        log.error("database_defaults_missing", missing=sorted(missing), run=_script(await _statements(conn)))


async def _statements(conn: Session | Lent) -> list[str]:
    names = await conn.fetchrow(
        "select pg_catalog.quote_ident(session_user) as role, pg_catalog.quote_ident(current_database()) as database"
    )
    assert names is not None  # noqa: S101 - it selects from no table
    return role_statements(names["role"], conn.get_server_version().major, database=names["database"])


def _script(statements: list[str]) -> str:
    return "; ".join(statements)
