"""Required session settings are defaults of the database role, and a process reports the missing
ones.
"""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import with_database
from virage.platform.data import defaults
from virage.platform.data.connecting import close, connect
from virage.platform.data.database import Database
from virage.platform.data.defaults import DEFAULTS, missing_defaults, role_statements
from virage.platform.data.migrate import migrate
from virage.platform.host.cluster import OWNER
from virage.platform.host.postgres import EmbeddedPostgres

SHOW = "select name, setting from pg_settings where name = any($1)"


@pytest.fixture
async def bare_url(cluster: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database of a role without defaults, as on an operator's server."""
    name = f"bare_{secrets.token_hex(4)}"
    owner = await asyncpg.connect(cluster.url, user=OWNER, database="postgres")
    await owner.execute(f"create database {name} owner virage")
    for setting, value in FOREIGN.items():
        await owner.execute(f"alter role virage in database {name} set {setting} to '{value}'")
    yield with_database(cluster.url, name)
    await owner.execute(f"drop database {name} with (force)")
    await owner.close()


# Settings that a server or an operator may have chosen.
FOREIGN = {
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "jit": "on",
    "client_min_messages": "notice",
    "TimeZone": "Europe/Paris",
}


async def settings(url: str) -> dict[str, str]:
    session = await connect(url, "virage test")
    try:
        return {row["name"]: row["setting"] for row in await session.fetch(SHOW, list(DEFAULTS))}
    finally:
        await close(session)


async def test_migrate_gives_the_role_its_defaults_and_they_hold_for_every_connection(bare_url: str) -> None:
    assert await settings(bare_url) == FOREIGN
    await migrate(bare_url)
    assert await settings(bare_url) == DEFAULTS
    assert await migrate(bare_url) == []


async def test_missing_defaults_are_logged_at_start_with_the_statements_to_run(
    bare_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    db = await Database.open(bare_url)
    said = capsys.readouterr().out
    assert "database_defaults_missing" in said
    assert all(name in said for name in DEFAULTS)
    name = bare_url.partition("?")[0].rpartition("/")[2]
    assert f"alter role virage in database {name} set statement_timeout = '10000'" in said
    await db.close()


async def test_running_the_logged_statements_sets_all_defaults(
    bare_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    db = await Database.open(bare_url)
    said = capsys.readouterr().out
    run = said[said.index("alter role") :].partition("\n")[0].rpartition("'")[0] + "'"
    session = await connect(bare_url, "virage test")
    for statement in run.split("; "):
        await session.execute(statement)
    await close(session)
    await db.close()
    again = await Database.open(bare_url)
    assert "database_defaults_missing" not in capsys.readouterr().out
    await again.close()


async def test_migrate_without_the_privilege_logs_the_statements_to_run(
    bare_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def of_another(_session: object) -> list[str]:
        return role_statements(OWNER, 18)

    monkeypatch.setattr(defaults, "_statements", of_another)
    await migrate(bare_url)
    said = capsys.readouterr().out
    assert "database_defaults_not_set" in said
    assert f"alter role {OWNER} set statement_timeout = '10000'; alter role {OWNER} set" in said


async def test_a_lower_limit_of_the_operator_is_accepted(database_url: str) -> None:
    session = await connect(database_url, "virage test")
    await session.execute("set statement_timeout = 2000")
    assert await missing_defaults(session) == {}
    await session.execute("set statement_timeout = 20000")
    assert await missing_defaults(session) == {"statement_timeout": "10000"}
    await close(session)


async def test_a_session_keeps_no_state_of_its_own(db: Database) -> None:
    async with db.connection() as conn:
        rows = await conn.fetch("select name from pg_settings where source = 'session'")
    assert [row["name"] for row in rows] == []
