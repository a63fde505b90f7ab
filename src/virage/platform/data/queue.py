"""Jobs: what runs later, after the transaction that asked for it; PgQueuer on our own tables.

A job runs at least once: a worker that dies in the middle is replaced by another, so handlers repeat without harm.
What fails is tried again with growing pauses, then stays as a dead letter that the office sees and puts back.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from virage.platform.data.connecting import Pool, open_pool
from virage.platform.data.database import ASYNCPG_ERRORS, Connection, Database, Unavailable
from virage.platform.data.singletons import Singleton, run_singletons
from virage.platform.data.sql import load
from virage.platform.settings.logs import first_line, log
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from pgqueuer.core.qm import QueueManager
    from pgqueuer.models import Job

Payload = TypeVar("Payload", bound=Struct)

NO_DELAY = timedelta()
ATTEMPTS_MAX = 12  # with the pauses below, 20 minutes
PAUSE_FIRST_S = 1.0
PAUSE_MAX_S = 300.0
POLL = timedelta(milliseconds=200)
HEARTBEAT_TIMEOUT = timedelta(seconds=15)
BATCH = 32
AT_ONCE_MAX = 64
CONNECTIONS = 4
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


async def enqueue(conn: Connection, kind: str, payloads: Sequence[Struct], *, delay: timedelta = NO_DELAY) -> None:
    """Ask for jobs in the caller's transaction, in one statement; they run once it is committed."""
    if payloads:
        await _sql.enqueue(conn, kind=kind, payloads=[msgspec.json.encode(item) for item in payloads], delay=delay)


async def dead_letters(conn: Connection, limit: int = 100) -> list[DeadLetter]:
    """The jobs that failed for good, the latest first."""
    return [
        DeadLetter(**{**row, "payload": msgspec.json.decode(row["payload"])})
        async for row in _sql.dead_letters(conn, limit_=limit)
    ]


async def requeue(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Put dead letters back to work; returns the ids of those that were there, in order."""
    return sorted([row["id"] async for row in _sql.requeue(conn, ids=ids)])


async def drop_dead_letters(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Give dead letters up; returns the ids of those that were there, in order."""
    return sorted([row["id"] async for row in _sql.drop_dead_letters(conn, ids=ids)])


async def job_counts(conn: Connection) -> dict[str, int]:
    """How many jobs are `queued`, `picked` and `failed` now, for the metrics."""
    counts = {row["status"]: row["count"] async for row in _sql.job_counts(conn)}
    return {status: counts.get(status, 0) for status in ("queued", "picked", "failed")}


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many failures: twice as long each time, up to 5 minutes, spread by a half."""
    seconds = min(PAUSE_FIRST_S * 2 ** min(attempts, 20), PAUSE_MAX_S)
    return timedelta(seconds=seconds * random.uniform(0.5, 1.0))  # noqa: S311 - only to spread the load


class _Kind(NamedTuple):
    """How jobs of a kind are run."""

    payload_type: type[Struct]
    handler: Callable[[Any], Awaitable[None]]
    attempts_max: int
    at_once: int


class Jobs:
    """What a worker can do. Register with `on` and `every`, then `run` until cancelled."""

    def __init__(self, *, poll: timedelta = POLL, heartbeat_timeout: timedelta = HEARTBEAT_TIMEOUT) -> None:
        self._poll = poll
        self._heartbeat_timeout = heartbeat_timeout
        self._kinds: dict[str, _Kind] = {}
        self._singletons: list[Singleton] = []

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that have a handler."""
        return frozenset(self._kinds)

    @property
    def singletons(self) -> Mapping[str, float]:
        """The names of the handlers that one worker at a time calls again and again, and after how many seconds."""
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
        """Run jobs of that kind with `handler`, which repeats without harm, at most `at_once` together (0: any).

        ValueError for a kind that is taken.
        """
        if kind in self._kinds:
            raise ValueError(f"Jobs of kind {kind!r} have a handler already.")
        self._kinds[kind] = _Kind(payload_type, handler, attempts_max, at_once)

    def every(self, seconds: float, name: str, handler: Callable[[], Awaitable[None]]) -> None:
        """Call `handler` again and again, that many seconds after its last end, in one process of all alone."""
        self._add(Singleton(seconds, name, lambda _db: handler()))

    def every_money(self, seconds: float, name: str, handler: Callable[[Database], Awaitable[None]]) -> None:
        """Do the same for what books money or asks the payment provider to move it.

        The database that `handler` is given is the only one it may use: that one writes as long as this process is the
        newest that the singleton was given to, and reads otherwise.
        """
        self._add(Singleton(seconds, name, handler))

    def _add(self, singleton: Singleton) -> None:
        if any(singleton.name == other.name for other in self._singletons):
            raise ValueError(f"The singleton {singleton.name!r} exists already.")
        self._singletons.append(singleton)

    async def run(self, db: Database) -> None:
        """Work until cancelled, whatever happens to the database; a job that runs is ended before this returns."""

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
        """One life of a queue manager, on a pool of its own: PgQueuer speaks text jsonb and keeps a listener.

        A listener is a state of its session, so the pool connects to the server itself.
        """
        pool = await open_pool(url, "virage work", connections_max=CONNECTIONS)
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
    """Wait for a queue manager that was told to stop, with a bound; how it ends no longer matters."""
    await asyncio.wait([life], timeout=GRACE_S)
    while not life.done():
        life.cancel()
        await asyncio.wait([life], timeout=1.0)
    with suppress(asyncio.CancelledError):
        life.exception()


def _queue_manager(pool: Pool) -> "QueueManager":
    """PgQueuer on the tables of our migration. Imported here: the web processes enqueue without it."""
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
    """What PgQueuer calls: decode, run, and on failure ask for another attempt while there is one left."""

    async def run(job: "Job") -> None:
        from pgqueuer.errors import RetryRequested  # noqa: PLC0415 - as in _queue_manager

        try:
            payload = msgspec.json.decode(job.payload or b"null", type=kind.payload_type)
        except msgspec.DecodeError as failure:  # no second try mends a payload
            raise _kept(failure) from None
        try:
            await kind.handler(payload)
        except Exception as failure:  # noqa: BLE001 - whatever it is goes to PgQueuer
            log.warning("job_failed", kind=job.entrypoint, job=job.id, attempt=job.attempts + 1, exc_info=failure)
            if job.attempts + 1 >= kind.attempts_max:
                raise _kept(failure) from None
            raise RetryRequested(pause_after(job.attempts), type(failure).__name__) from None

    return run


def _kept(failure: Exception) -> Exception:
    """What the tables may keep of a failure, for PgQueuer stores all that it is told: the class and the first line."""
    kind: type[Exception] = type(type(failure).__name__, (Exception,), {})
    return kind(first_line(failure))


async def _again_and_again(what: str, live: Callable[[], Awaitable[None]]) -> None:
    """Start `live` again when it ends, with growing pauses: the database may be away."""
    pause = RESTART_S
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await live()
        except (OSError, TimeoutError, RuntimeError, Unavailable, *ASYNCPG_ERRORS) as failure:
            log.warning("worker_restarts", what=what, exc_info=failure)
        lasted = asyncio.get_running_loop().time() - began
        pause = RESTART_S if lasted > RESTART_MAX_S else min(pause * 2, RESTART_MAX_S)
        await asyncio.sleep(pause)
