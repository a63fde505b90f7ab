"""The data package through a `kill -9` of the database: confirmed writes are kept, and everything
reconnects.
"""

import asyncio
import os
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import Struct

from tests.scratch import on_disk
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database, Unavailable
from virage.platform.data.journal import Entry, Fact, Tail, append
from virage.platform.data.migrate import migrate
from virage.platform.data.queue import Jobs, enqueue
from virage.platform.host.postgres import EmbeddedPostgres
from virage.platform.values.ids import new_id

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
KILLS = 3
ACTS_BETWEEN_KILLS = 200
CALLERS = 8


class Coat(Struct, frozen=True):
    hook: int


@pytest.fixture
async def postgres() -> AsyncIterator[EmbeddedPostgres]:
    """A durable, supervised cluster on a real disk."""
    with tempfile.TemporaryDirectory(prefix="virage-test-", dir=on_disk()) as name:
        embedded = EmbeddedPostgres(Path(name) / "pg")
        await embedded.start()
        await migrate(embedded.url)
        supervision = asyncio.create_task(embedded.supervise())
        yield embedded
        await end(supervision)
        await embedded.stop()


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - processes are observed from outside
            await asyncio.sleep(0.02)


async def kill(postgres: EmbeddedPostgres, db: Database) -> None:
    """Kill the server and wait until the next one responds."""
    killed = postgres.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await until(lambda: postgres.pid not in (None, killed))
    async with asyncio.timeout(60):
        while not await answers(db):  # noqa: ASYNC110 - a process is observed from outside
            await asyncio.sleep(0.02)


async def answers(db: Database) -> bool:
    with suppress(Unavailable):
        async with db.connection() as conn:
            return bool(await conn.fetchval("select true"))
    return False


async def test_confirmed_writes_survive_a_kill_and_all_parts_continue(postgres: EmbeddedPostgres) -> None:
    db = await Database.open(postgres.url)
    confirmed: list[int] = []
    received: list[int] = []
    done: Counter[int] = Counter()

    async def act(hooks: Sequence[int]) -> Sequence[int]:
        async with db.transaction() as conn:
            await append(conn, [Fact("coat_hung", None, new_id(), {"hook": hook}) for hook in hooks], NOW)
            await enqueue(conn, "coat", [Coat(hook) for hook in hooks])
        return hooks

    def hear(entries: Sequence[Entry]) -> None:
        received.extend(entry.data["hook"] for entry in entries)

    async def handle(coat: Coat) -> None:
        done[coat.hook] += 1

    async def call(hooks: Sequence[int]) -> None:
        for hook in hooks:
            with suppress(Unavailable):
                confirmed.append(await batcher.submit(hook))
            await asyncio.sleep(0.001)

    batcher, tail = Batcher(act), Tail(db)
    jobs = Jobs(poll=timedelta(milliseconds=50), heartbeat_timeout=timedelta(seconds=1))
    jobs.on("coat", Coat, handle)
    tail.listen(hear, "0-0")
    work = asyncio.create_task(jobs.run(db))
    for turn in range(KILLS + 1):
        first = turn * ACTS_BETWEEN_KILLS
        hooks = range(first, first + ACTS_BETWEEN_KILLS)
        calls = [asyncio.create_task(call(hooks[caller::CALLERS])) for caller in range(CALLERS)]
        if turn < KILLS:
            await until(lambda first=first: any(hook >= first for hook in confirmed))  # type: ignore[misc]  # a default that mypy cannot infer
            await kill(postgres, db)
        await asyncio.gather(*calls)

    await until(lambda: set(confirmed) <= set(received) and set(confirmed) <= set(done))
    await end(work)
    await tail.close()
    async with db.connection() as conn:
        stored = await conn.fetchval("select array_agg((data ->> 'hook')::int order by xid, seq) from kernel.journal")
        left = await conn.fetchval("select count(*) from kernel.job")
    await db.close()
    assert received == stored  # everything once, in the order of the journal, over all restarts
    assert set(confirmed) <= set(stored)
    assert set(done) == set(stored)  # a job for each fact, none for rolled back ones
    assert left == 0
