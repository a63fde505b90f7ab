"""A database that goes silent: no caller waits forever or blocks others, and all works when it
responds again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.silence import Silence
from virage.platform.data import database as database_module
from virage.platform.data import watch as watch_module
from virage.platform.data.connecting import SILENCE_S
from virage.platform.data.database import Connection, Database, Unavailable
from virage.platform.data.defaults import STATEMENT_TIMEOUT_MS
from virage.platform.data.watch import Watch

CALLERS = 30
IN_TIME_S = 30.0  # generous: only the end of the wait is tested


@pytest.fixture
async def silence(database_url: str) -> AsyncIterator[Silence]:
    async with Silence(database_url) as proxy:
        yield proxy


@pytest.fixture
async def db(silence: Silence, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """Two connections through the proxy, with very short limits."""
    monkeypatch.setattr(watch_module, "LOOK_S", 0.05)
    monkeypatch.setattr(watch_module, "SILENCE_S", 0.5)
    monkeypatch.setattr(database_module, "ACQUIRE_S", 0.5)
    database = await Database.open(silence.url, connections_max=2)
    async with database.connection() as conn:
        await conn.execute("create table public.coat (hook int)")
    yield database
    await database.close()


async def hooks(db: Database) -> int:
    async with db.connection() as conn:
        return int(await conn.fetchval("select count(*) from public.coat"))


async def speaking(silence: Silence, act: Callable[[], Awaitable[object]]) -> object:
    """The result of a caller that retries once the database responds."""
    silence.speak()
    async with asyncio.timeout(IN_TIME_S):
        while True:
            try:
                return await act()
            except Unavailable:
                continue


async def test_a_statement_without_an_answer_is_unavailable_and_the_pool_recovers(
    db: Database, silence: Silence
) -> None:
    async with asyncio.timeout(IN_TIME_S):
        silence.fall_silent()
        with pytest.raises(Unavailable):
            await hooks(db)
        assert await speaking(silence, lambda: hooks(db)) == 0


@pytest.mark.parametrize("moment", ["begin", "statement", "commit", "rollback"])
async def test_silence_at_any_point_of_a_transaction_is_unavailable(
    db: Database, silence: Silence, moment: str
) -> None:
    async def write() -> None:
        if moment == "begin":
            silence.fall_silent()
        async with db.transaction() as conn:
            if moment == "statement":
                silence.fall_silent()
            await conn.execute("insert into public.coat values ($1)", 1)
            if moment in ("commit", "rollback"):
                silence.fall_silent()
            if moment == "rollback":
                raise ZeroDivisionError

    async with asyncio.timeout(IN_TIME_S):
        with pytest.raises(Unavailable):
            await write()
        assert await speaking(silence, lambda: hooks(db)) in ((0, 1) if moment == "commit" else (0,))


async def test_all_callers_are_answered_in_time_however_many_wait(db: Database, silence: Silence) -> None:
    async with asyncio.timeout(IN_TIME_S):
        silence.fall_silent()
        answers = await asyncio.gather(*(hooks(db) for _ in range(CALLERS)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {Unavailable}
        silence.speak()
        assert await speaking(silence, lambda: hooks(db)) == 0


async def test_a_caller_that_waits_for_a_connection_is_answered_in_time(
    db: Database, silence: Silence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "SILENCE_S", 3600.0)  # sessions with a connection are not cut here
    async with asyncio.timeout(IN_TIME_S):
        async with db.connection(), db.connection():
            pass
        silence.fall_silent()
        using = [asyncio.create_task(hooks(db)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await hooks(db)
        silence.speak()
        assert await asyncio.gather(*using) == [0, 0]


async def test_a_cancelled_caller_returns_its_silent_connection(db: Database, silence: Silence) -> None:
    async with asyncio.timeout(IN_TIME_S):
        silence.fall_silent()
        callers = [asyncio.create_task(hooks(db)) for _ in range(2)]
        await asyncio.sleep(0)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        while db._watch._loans:  # noqa: SLF001, ASYNC110 - there is no caller left to notify
            await asyncio.sleep(0.01)
        assert await speaking(silence, lambda: hooks(db)) == 0


async def test_writes_confirmed_before_silence_are_kept(db: Database, silence: Silence) -> None:
    confirmed = 0

    async def write(number: int) -> None:
        nonlocal confirmed
        async with db.transaction() as conn:
            await conn.execute("insert into public.coat values ($1)", number)
        confirmed += 1
        if confirmed == CALLERS // 2:
            silence.fall_silent()

    async with asyncio.timeout(IN_TIME_S):
        await asyncio.gather(*(write(number) for number in range(CALLERS)), return_exceptions=True)
        stored = await speaking(silence, lambda: hooks(db))
    assert 0 < confirmed < CALLERS
    assert isinstance(stored, int)
    assert stored >= confirmed


async def test_slow_statements_and_idle_connections_are_not_cut(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    look = Watch._look  # noqa: SLF001 - to count its calls

    def counting(watch: Watch) -> None:
        nonlocal looks
        looks += 1
        look(watch)

    monkeypatch.setattr(Watch, "_look", counting)

    async def rest(conn: Connection, until: int) -> None:
        while looks < until:  # noqa: ASYNC110 - the watch has no event
            await asyncio.sleep(0.01)
        assert await conn.fetchval("select 1") == 1

    async with asyncio.timeout(IN_TIME_S), db.connection() as conn:
        await rest(conn, looks + 25)  # more looks than a silent session gets
        for _ in range(8):  # longer together than the limit of one, each answered in time
            await conn.fetchval("select pg_sleep(0.1)")


def test_the_limit_is_a_little_above_that_of_the_server() -> None:
    assert STATEMENT_TIMEOUT_MS / 1000 < SILENCE_S <= STATEMENT_TIMEOUT_MS / 1000 + 5
