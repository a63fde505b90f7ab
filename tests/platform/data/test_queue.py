import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import asyncpg
import pytest
from msgspec import Struct

from virage.platform.data import queue, singletons
from virage.platform.data.database import Database
from virage.platform.data.queue import DeadLetter, Jobs, dead_letters, drop_dead_letters, enqueue, job_counts, requeue

FAST = timedelta(milliseconds=20)


class Coat(Struct, frozen=True):
    hook: int


class Handler:
    """Records its hooks; fails as often as configured."""

    def __init__(self, failures: int = 0) -> None:
        self.hooks: list[int] = []
        self.failures = failures

    async def __call__(self, coat: Coat) -> None:
        self.hooks.append(coat.hook)
        if self.failures:
            self.failures -= 1
            raise LookupError(f"no hook {coat.hook}")


@asynccontextmanager
async def working(jobs: Jobs, db: Database) -> AsyncIterator[None]:
    task = asyncio.create_task(jobs.run(db))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110 - the worker is observed from outside
            await asyncio.sleep(0.02)


async def ask(db: Database, *hooks: int, kind: str = "coat", delay: timedelta = timedelta()) -> None:
    async with db.transaction() as conn:
        await enqueue(conn, kind, [Coat(hook) for hook in hooks], delay=delay)


async def counts(db: Database) -> dict[str, int]:
    async with db.connection() as conn:
        return await job_counts(conn)


async def letters(db: Database) -> list[DeadLetter]:
    async with db.connection() as conn:
        return await dead_letters(conn)


async def none_left(db: Database) -> bool:
    return sum((await counts(db)).values()) == 0


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAUSE_FIRST_S", 0.01)


async def test_every_job_of_a_batch_runs_once(db: Database) -> None:
    jobs, handler = Jobs(poll=FAST), Handler()
    jobs.on("coat", Coat, handler)
    await ask(db, *range(100))
    async with working(jobs, db):
        await until(lambda: none_left(db))
    assert sorted(handler.hooks) == list(range(100))


async def test_a_long_queue_is_never_read_whole(db: Database) -> None:
    async def sessions_have_ended() -> bool:
        async with db.connection() as conn:
            return not await conn.fetchval(
                "select count(*) from pg_stat_activity where application_name = 'virage work'"
                " and datname = current_database()"
            )

    jobs, handler = Jobs(poll=FAST), Handler()
    jobs.on("coat", Coat, handler, at_once=2)
    async with working(jobs, db):
        await ask(db, 0)
        await until(lambda: done(handler, 1))  # the statements were prepared while the queue was short
        await ask(db, *range(1, 2000))
        await until(lambda: done(handler, 10))
    await until(sessions_have_ended)  # a session counts its reads at its end
    async with db.connection() as conn:
        read = "select seq_tup_read from pg_stat_user_tables where relid = 'kernel.job'::regclass"
        assert await conn.fetchval(read) == 0


async def test_a_job_of_a_rolled_back_transaction_never_runs(db: Database) -> None:
    async def ask_and_fail() -> None:
        async with db.transaction() as conn:
            await enqueue(conn, "coat", [Coat(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ask_and_fail()
    assert await none_left(db)


async def test_a_delayed_job_waits_for_its_time(db: Database) -> None:
    jobs, handler = Jobs(poll=FAST), Handler()
    jobs.on("coat", Coat, handler)
    await ask(db, 1, delay=timedelta(hours=1))
    await ask(db, 2)
    async with working(jobs, db):
        await until(lambda: done(handler, 1))
    assert handler.hooks == [2]
    assert (await counts(db))["queued"] == 1


async def done(handler: Handler, times: int) -> bool:
    return len(handler.hooks) >= times


async def test_a_failed_job_is_retried(db: Database) -> None:
    jobs, handler = Jobs(poll=FAST), Handler(failures=3)
    jobs.on("coat", Coat, handler)
    await ask(db, 7)
    async with working(jobs, db):
        await until(lambda: none_left(db))
    assert handler.hooks == [7] * 4


async def test_a_job_that_fails_for_good_becomes_a_dead_letter_and_can_be_requeued(db: Database) -> None:
    jobs, handler = Jobs(poll=FAST), Handler(failures=3)
    jobs.on("coat", Coat, handler, attempts_max=3)
    await ask(db, 7)

    async def is_dead() -> bool:
        return bool(await letters(db))

    async with working(jobs, db):
        await until(is_dead)
        [letter] = await letters(db)
        assert (letter.kind, letter.payload, letter.attempts) == ("coat", {"hook": 7}, 3)
        assert (letter.error, letter.message) == ("LookupError", "no hook 7")
        async with db.connection() as conn:
            assert await requeue(conn, [letter.id]) == [letter.id]
        await until(lambda: none_left(db))
    assert handler.hooks == [7] * 4


@pytest.mark.parametrize("attempts_max", [1, 2])
async def test_only_the_first_line_of_a_failure_is_stored(
    db: Database, attempts_max: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def store(_coat: Coat) -> None:
        async with db.transaction() as conn:
            await conn.execute("create table if not exists coat (owner text unique)")
            await conn.execute("insert into coat values ('fan@' || 'example.org'), ('fan@' || 'example.org')")

    jobs = Jobs(poll=FAST)
    jobs.on("coat", Coat, store, attempts_max=attempts_max)
    await ask(db, 7)

    async def is_dead() -> bool:
        return bool(await letters(db))

    async with working(jobs, db):
        await until(is_dead)
    [letter] = await letters(db)
    assert letter.error == "UniqueViolationError"
    assert letter.message == 'duplicate key value violates unique constraint "coat_owner_key"'
    async with db.connection() as conn:
        kept = await conn.fetchval("select string_agg(traceback::text, ' ') from kernel.job_log")
    assert "UniqueViolationError" in kept
    assert "fan@example.org" not in kept + caplog.text


async def test_an_invalid_payload_is_a_dead_letter_at_once(db: Database) -> None:
    class Umbrella(Struct, frozen=True):
        colour: str

    jobs = Jobs(poll=FAST)
    jobs.on("coat", Coat, Handler())
    async with db.transaction() as conn:
        await enqueue(conn, "coat", [Umbrella("red")])

    async def is_dead() -> bool:
        return bool(await letters(db))

    async with working(jobs, db):
        await until(is_dead)
    [letter] = await letters(db)
    assert (letter.attempts, letter.error) == (1, "ValidationError")
    async with db.connection() as conn:
        assert await drop_dead_letters(conn, [letter.id]) == [letter.id]
    assert await none_left(db)


async def test_only_dead_letters_can_be_requeued_or_deleted(db: Database) -> None:
    await ask(db, 1)
    async with db.connection() as conn:
        [job_id] = [row["id"] for row in await conn.fetch("select id from kernel.job")]
        assert await requeue(conn, [job_id]) == []
        assert await drop_dead_letters(conn, [job_id]) == []
    assert (await counts(db))["queued"] == 1


async def test_a_job_of_an_unknown_kind_waits(db: Database) -> None:
    jobs, handler = Jobs(poll=FAST), Handler()
    jobs.on("coat", Coat, handler)
    await ask(db, 1, kind="umbrella")
    await ask(db, 2)
    async with working(jobs, db):
        await until(lambda: done(handler, 1))
    assert handler.hooks == [2]
    assert (await counts(db))["queued"] == 1


async def test_a_stopping_worker_finishes_its_running_jobs(db: Database) -> None:
    began, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_coat: Coat) -> None:
        began.set()
        await may_end.wait()
        ended.set()

    jobs = Jobs(poll=FAST)
    jobs.on("coat", Coat, slow)
    await ask(db, 1)
    worker = asyncio.create_task(jobs.run(db))
    await asyncio.wait_for(began.wait(), 30)
    worker.cancel()
    asyncio.get_running_loop().call_later(0.05, may_end.set)
    with suppress(asyncio.CancelledError):
        await worker
    assert ended.is_set()
    assert await none_left(db)


async def test_a_worker_continues_after_all_connections_were_cut(db: Database) -> None:
    jobs, handler = Jobs(poll=FAST, heartbeat_timeout=timedelta(seconds=1)), Handler()
    jobs.on("coat", Coat, handler)
    async with working(jobs, db):
        await ask(db, 1)
        await until(lambda: done(handler, 1))
        connection = await asyncpg.connect(db.url)
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'virage %'"
            "and datname = current_database()"
        )
        await connection.close()
        await ask(db, 2)
        await until(lambda: done_with(handler, 2))


async def done_with(handler: Handler, hook: int) -> bool:
    return hook in handler.hooks


WORKER = """
import asyncio, sys
from datetime import timedelta
from msgspec import Struct
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs

class Coat(Struct):
    hook: int

async def main() -> None:
    db = await Database.open(sys.argv[1], connections_max=2)
    async def hang(coat: Coat) -> None:
        print("began", coat.hook, flush=True)
        await asyncio.sleep(3600)
    async def turn() -> None:
        print("turn", flush=True)
    jobs = Jobs(poll=timedelta(milliseconds=20), heartbeat_timeout=timedelta(seconds=1))
    jobs.on("coat", Coat, hang)
    jobs.every(0.02, "turner", turn)
    await jobs.run(db)

asyncio.run(main())
"""


async def start_worker(db: Database) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, db.url, stdout=asyncio.subprocess.PIPE)


async def heard(worker: asyncio.subprocess.Process, line: bytes) -> None:
    assert worker.stdout is not None
    async with asyncio.timeout(30):
        while await worker.stdout.readline() != line:
            assert not worker.stdout.at_eof()


async def kill(worker: asyncio.subprocess.Process) -> None:
    worker.send_signal(signal.SIGKILL)
    await worker.communicate()


async def test_a_job_is_repeated_after_its_worker_was_killed(db: Database) -> None:
    worker = await start_worker(db)
    await ask(db, 7)
    await heard(worker, b"began 7\n")
    await kill(worker)
    assert await counts(db) == {"queued": 0, "picked": 1, "failed": 0}

    jobs, handler = Jobs(poll=FAST, heartbeat_timeout=timedelta(seconds=1)), Handler()
    jobs.on("coat", Coat, handler)
    async with working(jobs, db):
        await until(lambda: none_left(db))
    assert handler.hooks == [7]


async def test_a_singleton_runs_in_one_process_and_moves_when_it_is_killed(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(singletons, "ASK_EVERY_S", 0.1)
    monkeypatch.setattr(singletons, "END_S", 0.1)
    first = await start_worker(db)
    await heard(first, b"turn\n")

    turns: list[int] = []

    async def turn() -> None:
        turns.append(1)

    tries: list[str] = []
    try_ = singletons._Locks._try  # noqa: SLF001 - to see that the lock was requested

    async def noting(locks: singletons._Locks, name: str) -> bool:
        tries.append(name)
        return await try_(locks, name)

    monkeypatch.setattr(singletons._Locks, "_try", noting)  # noqa: SLF001 - the same

    async def has_lock_tried() -> bool:
        return tries.count("turner") > 1

    jobs = Jobs(poll=FAST)
    jobs.every(0.02, "turner", turn)
    async with working(jobs, db):
        await until(has_lock_tried)
        await heard(first, b"turn\n")
        assert turns == []
        await kill(first)

        async def has_turned() -> bool:
            return bool(turns)

        await until(has_turned)


async def test_a_failed_singleton_runs_again(db: Database) -> None:
    turns: list[int] = []

    async def turn() -> None:
        turns.append(1)
        raise ZeroDivisionError

    async def has_turned_twice() -> bool:
        return len(turns) >= 2

    jobs = Jobs(poll=FAST)
    jobs.every(0.01, "turner", turn)
    async with working(jobs, db):
        await until(has_turned_twice)


async def test_old_log_rows_of_finished_jobs_are_deleted(db: Database) -> None:
    jobs, handler = Jobs(poll=FAST), Handler()
    jobs.on("coat", Coat, handler)
    await ask(db, 1)
    async with working(jobs, db):
        await until(lambda: none_left(db))
    async with db.connection() as conn:
        assert await conn.fetchval("select count(*) from kernel.job_log") > 0
        await conn.execute("update kernel.job_log set created = created - interval '8 days'")

    async def is_forgotten() -> bool:
        async with db.connection() as conn:
            return bool(await conn.fetchval("select count(*) = 0 from kernel.job_log"))

    async with working(Jobs(poll=FAST), db):
        await until(is_forgotten)


async def test_an_old_dead_letter_keeps_its_error(db: Database) -> None:
    jobs, handler = Jobs(poll=FAST), Handler(failures=1)
    jobs.on("coat", Coat, handler, attempts_max=1)
    await ask(db, 1)
    await ask(db, 2)

    async def is_over() -> bool:
        return await counts(db) == {"queued": 0, "picked": 0, "failed": 1}

    async with working(jobs, db):
        await until(is_over)
    async with db.connection() as conn:
        await conn.execute("update kernel.job_log set created = created - interval '8 days'")

    async def is_tidied() -> bool:
        async with db.connection() as conn:
            return bool(await conn.fetchval("select count(distinct job_id) = 1 from kernel.job_log"))

    async with working(Jobs(poll=FAST), db):
        await until(is_tidied)
    [letter] = await letters(db)
    assert letter.error == "LookupError"
