"""Jobs: work that runs after the transaction that enqueued it has committed; PgQueuer on our own tables.

A job runs at least once: another worker repeats it if one dies, so handlers are idempotent. A failed job is retried
with growing pauses; after the last attempt it becomes a dead letter, which the office sees and can requeue.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from virage.platform.data.connecting import Pool, open_pool
from virage.platform.data.database import ASYNCPG_ERRORS, Connection, Database, Unavailable, is_being_cancelled
from virage.platform.data.singletons import Singleton, run_singletons
from virage.platform.data.sql import load
from virage.platform.settings.logs import first_line, log
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from pgqueuer.core.qm import QueueManager
    from pgqueuer.models import Job

Payload = TypeVar("Payload", bound=Struct)

NO_DELAY = timedelta()
URGENT: Final = 100
"""Priority of messages of the control room: workers take them before all other jobs."""
ATTEMPTS_MAX = 12  # with the pauses below, 20 minutes
PAUSE_FIRST_S = 1.0
PAUSE_MAX_S = 300.0
POLL = timedelta(milliseconds=200)
HEARTBEAT_TIMEOUT = timedelta(seconds=15)
BATCH = 32
AT_ONCE_MAX = 64
CONNECTIONS = 4
BY_INDEX: Final = {"enable_seqscan": "off"}
"""PgQueuer prepares its statements while the queue is short; their plans would later read a long one whole, many times
a second."""
GRACE_S = 10.0
RESTART_S = 0.5
RESTART_MAX_S = 5.0
KEEP_LOG = timedelta(days=7)
TIDY_S = 3600.0

_sql = load(__file__)


class DeadLetter(Struct, frozen=True):
    """A job that failed for good. `payload` is its Struct as JSON values."""

    id: int
    kind: str
    payload: Any
    attempts: int
    enqueued_at: datetime
    failed_at: datetime
    error: str | None
    message: str | None


async def enqueue(
    conn: Connection, kind: str, payloads: Sequence[Struct], *, delay: timedelta = NO_DELAY, priority: int = 0
) -> None:
    """Enqueue jobs in the caller's transaction, in one statement; they run once it is committed.

    Workers take jobs of a higher priority first.
    """
    if payloads:
        encoded = [msgspec.json.encode(item) for item in payloads]
        await _sql.enqueue(conn, kind=kind, payloads=encoded, delay=delay, priority=priority)


async def dead_letters(conn: Connection, limit: int = 100) -> list[DeadLetter]:
    """Return the jobs that have failed for good, latest first."""
    return [
        DeadLetter(**{**row, "payload": msgspec.json.decode(row["payload"])})
        async for row in _sql.dead_letters(conn, limit_=limit)
    ]


async def requeue(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Requeue dead letters with all their attempts. Return the ids of those that existed, in order."""
    return sorted([row["id"] async for row in _sql.requeue(conn, ids=ids)])


async def drop_dead_letters(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Delete dead letters. Return the ids of those that existed, in order."""
    return sorted([row["id"] async for row in _sql.drop_dead_letters(conn, ids=ids)])


async def job_counts(conn: Connection) -> dict[str, int]:
    """Return the number of jobs `queued`, `picked` and `failed`, for the metrics."""
    counts = {row["status"]: row["count"] async for row in _sql.job_counts(conn)}
    return {status: counts.get(status, 0) for status in ("queued", "picked", "failed")}


def pause_after(attempts: int) -> timedelta:
    """Return the pause after that many failures: doubling up to 5 minutes, with jitter."""
    seconds = min(PAUSE_FIRST_S * 2 ** min(attempts, 20), PAUSE_MAX_S)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret


class _Kind(NamedTuple):
    """How a kind of job runs."""

    payload_type: type[Struct]
    handler: Callable[[Any], Awaitable[None]]
    attempts_max: int
    at_once: int


class Jobs:
    """The handlers of a worker. Register with `on` and `every`, then `run` until cancelled."""

    def __init__(self, *, poll: timedelta = POLL, heartbeat_timeout: timedelta = HEARTBEAT_TIMEOUT) -> None:
        self._poll = poll
        self._heartbeat_timeout = heartbeat_timeout
        self._kinds: dict[str, _Kind] = {}
        self._singletons: list[Singleton] = []

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds with a handler."""
        return frozenset(self._kinds)

    @property
    def singletons(self) -> Mapping[str, float]:
        """The names of the periodic handlers and their seconds between runs; each runs in one worker at a time."""
        return {singleton.name: singleton.seconds for singleton in self._singletons}

    def on(
        self,
        kind: str,
        payload_type: type[Payload],
        handler: Callable[[Payload], Awaitable[None]],
        *,
        attempts_max: int = ATTEMPTS_MAX,
        at_once: int = 0,
    ) -> None:
        """Run jobs of that kind with `handler`, which must be idempotent, at most `at_once` together (0: no limit).

        Raises ValueError if the kind has a handler.
        """
        if kind in self._kinds:
            raise ValueError(f"Jobs of kind {kind!r} have a handler already.")
        self._kinds[kind] = _Kind(payload_type, handler, attempts_max, at_once)

    def every(self, seconds: float, name: str, handler: Callable[[], Awaitable[None]]) -> None:
        """Call `handler` periodically, that many seconds after its last end, in one process at a time."""
        self._add(Singleton(seconds, name, lambda _db: handler()))

    def every_money(self, seconds: float, name: str, handler: Callable[[Database], Awaitable[None]]) -> None:
        """Do the same for handlers that book money or ask the payment provider to move it.

        `handler` may use only the database that it is given: it writes only while this process is the newest holder of
        the singleton.
        """
        self._add(Singleton(seconds, name, handler))

    def _add(self, singleton: Singleton) -> None:
        if any(singleton.name == other.name for other in self._singletons):
            raise ValueError(f"The singleton {singleton.name!r} exists already.")
        self._singletons.append(singleton)

    async def run(self, db: Database) -> None:
        """Work until cancelled, through outages of the database. Running jobs have ended on return."""

        async def tidy() -> None:
            async with db.connection() as conn:
                await _sql.forget_job_log(conn, keep=KEEP_LOG)
            async with db.connection() as conn:
                await _sql.forget_job_statistics(conn, keep=KEEP_LOG)

        singletons = [*self._singletons, Singleton(TIDY_S, "kernel.tidy", lambda _db: tidy())]
        holder = new_id()
        async with asyncio.TaskGroup() as group:
            group.create_task(_again_and_again("jobs", lambda: self._work(db.direct_url)))
            group.create_task(_again_and_again("singletons", lambda: run_singletons(db, holder, singletons)))

    async def _work(self, url: str) -> None:
        """Run one queue manager on its own pool, because PgQueuer uses text jsonb and LISTEN.

        LISTEN is session state, so the pool connects to the server itself.
        """
        pool = await open_pool(url, "virage work", connections_max=CONNECTIONS, settings=BY_INDEX)
        try:
            manager = _queue_manager(pool)
            for name, kind in self._kinds.items():
                manager.entrypoint(name, accepts_context=False, on_failure="hold", concurrency_limit=kind.at_once)(
                    _runner(kind)
                )
            life = asyncio.create_task(
                manager.run(
                    dequeue_timeout=self._poll,
                    batch_size=BATCH,
                    max_concurrent_tasks=AT_ONCE_MAX,
                    heartbeat_timeout=self._heartbeat_timeout,
                )
            )
            try:
                await asyncio.wait([life])
            except asyncio.CancelledError:
                manager.shutdown.set()
                await _end(life)
                raise
            life.result()
        finally:
            pool.terminate()


async def _end(life: "asyncio.Task[None]") -> None:
    """Wait for a queue manager that is stopping, up to a limit; how it ends no longer matters."""
    await asyncio.wait([life], timeout=GRACE_S)
    while not life.done():
        life.cancel()
        await asyncio.wait([life], timeout=1.0)
    with suppress(asyncio.CancelledError):
        life.exception()


def _queue_manager(pool: Pool) -> "QueueManager":
    """Return PgQueuer on our tables. It is imported here because web processes enqueue without it."""
    from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver  # noqa: PLC0415 - the docstring says why
    from pgqueuer.adapters.persistence.qb import (  # noqa: PLC0415 - the same
        QueryBuilderEnvironment,
        QueryQueueBuilder,
        QuerySchedulerBuilder,
    )
    from pgqueuer.adapters.persistence.queries import Queries  # noqa: PLC0415 - the same
    from pgqueuer.core.qm import QueueManager  # noqa: PLC0415 - the same
    from pgqueuer.domain.settings import DBSettings  # noqa: PLC0415 - the same
    from pgqueuer.domain.types import Channel  # noqa: PLC0415 - the same

    settings = DBSettings(
        db_schema="kernel",
        queue_table="job",
        queue_table_log="job_log",
        statistics_table="job_statistics",
        queue_status_type="job_status",
        channel=Channel("virage_job"),
    )
    queries = Queries(
        AsyncpgPoolDriver(pool),
        QueryBuilderEnvironment(settings),
        QueryQueueBuilder(settings),
        QuerySchedulerBuilder(settings),
    )
    return QueueManager(queries, channel=settings.channel)


def _runner(kind: _Kind) -> Callable[["Job"], Awaitable[None]]:
    """Return the function that PgQueuer calls: decode, run, and request another attempt while one is left."""

    async def run(job: "Job") -> None:
        from pgqueuer.errors import RetryRequested  # noqa: PLC0415 - as in _queue_manager

        try:
            payload = msgspec.json.decode(job.payload or b"null", type=kind.payload_type)
        except msgspec.DecodeError as failure:  # another attempt would fail too
            raise _kept(failure) from None
        try:
            await kind.handler(payload)
        except Exception as failure:  # noqa: BLE001 - reported to PgQueuer
            log.warning("job_failed", kind=job.entrypoint, job=job.id, attempt=job.attempts + 1, exc_info=failure)
            if job.attempts + 1 >= kind.attempts_max:
                raise _kept(failure) from None
            raise RetryRequested(pause_after(job.attempts), type(failure).__name__) from None

    return run


def _kept(failure: Exception) -> Exception:
    """Return an exception with only the class and first line of a failure: PgQueuer stores the whole message."""
    kind: type[Exception] = type(type(failure).__name__, (Exception,), {})
    return kind(first_line(failure))


async def _again_and_again(what: str, live: Callable[[], Awaitable[None]]) -> None:
    """Restart `live` when it ends, with growing pauses, because the database may be unavailable."""
    pause = RESTART_S
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await live()
        except (OSError, TimeoutError, RuntimeError, Unavailable, *ASYNCPG_ERRORS) as failure:
            if is_being_cancelled():
                raise
            log.warning("worker_restarts", what=what, exc_info=failure)
        lasted = asyncio.get_running_loop().time() - began
        pause = RESTART_S if lasted > RESTART_MAX_S else min(pause * 2, RESTART_MAX_S)
        await asyncio.sleep(pause)
