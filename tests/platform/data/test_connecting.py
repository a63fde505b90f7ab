"""Only one module connects, to one server, under a name."""

import ast
import asyncio
from pathlib import Path

import pytest

import virage
import virage_sandbox
from tests.silence import Silence
from virage.app.settings import read
from virage.platform.data import connecting
from virage.platform.data.connecting import Session, close, connect
from virage.platform.data.database import Database, Unavailable
from virage.platform.settings.config import ConfigError

PACKAGES = [Path(package.__path__[0]) for package in (virage, virage_sandbox)]
CONNECTS = {"connect", "create_pool", "Pool"}
IN_TIME_S = 30.0  # generous: only the end of the wait is tested
LISTS = [
    "postgresql://virage@one,two/virage",
    "postgresql://virage:a@one:5432,two:5432/virage?target_session_attrs=read-write",
    "postgresql://virage@/virage?host=one,two",
]


def connects_in(path: Path) -> list[str]:
    """The connect functions of asyncpg that a module uses, imported or as attributes."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "asyncpg":
            found += [alias.name for alias in node.names if alias.name in CONNECTS]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "asyncpg":
            found += [node.attr] if node.attr in CONNECTS else []
    return found


def test_one_module_of_the_package_connects() -> None:
    modules = [path for package in PACKAGES for path in package.rglob("*.py")]
    assert len(modules) > 600
    found = {path.name: sorted(set(names)) for path in modules if (names := connects_in(path))}
    assert found == {"connecting.py": ["Pool", "connect", "create_pool"]}


@pytest.mark.parametrize("url", LISTS)
async def test_a_list_of_servers_is_refused_and_says_what_to_name(url: str) -> None:
    with pytest.raises(ValueError, match="must name one server"):
        await connect(url, "virage test")
    with pytest.raises(ConfigError, match="VIRAGE_DATABASE_URL: must name one server"):
        read({"VIRAGE_DATABASE_URL": url})
    with pytest.raises(ConfigError, match="VIRAGE_DATABASE_DIRECT_URL: must name one server"):
        read({"VIRAGE_DATABASE_DIRECT_URL": url})


def test_a_direct_address_needs_the_address_of_the_database() -> None:
    with pytest.raises(ConfigError, match="VIRAGE_DATABASE_DIRECT_URL: VIRAGE_DATABASE_URL must name the same"):
        read({"VIRAGE_DATABASE_DIRECT_URL": "postgresql://virage@db/virage"})


async def test_each_connection_names_its_application(database_url: str) -> None:
    session = await connect(database_url, "virage test")
    db = await Database.open(database_url, application="virage web")
    async with db.connection() as conn:
        names = await conn.fetch(
            "select application_name from pg_stat_activity where datname = current_database() and usename is not null"
        )
    assert sorted(row[0] for row in names) == ["virage test", "virage web"]
    await db.close()
    await close(session)


async def test_a_server_that_accepts_connections_and_never_answers_is_unavailable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CONNECT_S", 0.2)
    async with Silence(database_url) as silence, asyncio.timeout(IN_TIME_S):
        silence.fall_silent()
        with pytest.raises(Unavailable):
            await Database.open(silence.url)
        with pytest.raises(TimeoutError):
            await connect(silence.url, "virage test")


async def test_a_session_whose_server_is_silent_is_cut(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CLOSE_S", 0.2)
    async with Silence(database_url) as silence:
        asking = await connect(silence.url, "virage test", silence_s=0.2)
        at_rest = await connect(silence.url, "virage test", silence_s=3600.0)
        silence.fall_silent()
        with pytest.raises(TimeoutError):
            await asking.fetchval("select 1")
        async with asyncio.timeout(IN_TIME_S):
            for session in (asking, at_rest):
                await close(session)
                assert session.is_closed()


async def test_a_server_that_falls_silent_while_a_connection_is_prepared_is_unavailable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CONNECT_S", 0.5)
    sessions: list[Session] = []
    async with Silence(database_url) as silence, asyncio.timeout(IN_TIME_S):

        async def never(session: Session) -> None:
            sessions.append(session)
            silence.fall_silent()
            await session.fetchval("select 1")

        pool = await connecting.open_pool(silence.url, "virage test", connections_max=1, prepare=never)
        with pytest.raises(TimeoutError):
            await pool.acquire()
        assert [session.is_closed() for session in sessions] == [True]
        pool.terminate()
