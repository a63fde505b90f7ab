"""Singletons: periodic work that one process at a time does.

The process with the advisory lock of a singleton runs it. The lock belongs to a session on the server's own address and
ends with it. The session is checked every 2 s: silence or an error ends the handlers. After an outage the server may
give the lock to another process before this one has noticed. Two rules keep them apart:

- A process that takes a singleton whose previous holder did not report its end waits as long as that one may need to
  notice.
- Taking a singleton increases its fencing number. A singleton that moves money gets a `Fenced` database, whose
  transactions write only while their number is the newest, even after the process was suspended.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Concatenate, Final, NamedTuple
from uuid import UUID

import asyncpg

from virage.platform.data.connecting import Session, close, connect
from virage.platform.data.database import (
    ASYNCPG_ERRORS,
    Asked,
    Connection,
    Database,
    Outcome,
    Unavailable,
    is_being_cancelled,
)
from virage.platform.data.sql import load
from virage.platform.settings.logs import log

LOCK_RETRY_S: Final = 1.0
ASK_EVERY_S: Final = 2.0
ANSWER_S: Final = 2.0
END_S: Final = 1.0
"""Time limit for handlers to end once their session is lost."""

SESSION: Final = """
set lock_timeout = 1000;
set idle_session_timeout = 10000;
set tcp_keepalives_idle = 4; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3
"""
"""The wait for a lock is shorter than the wait for an answer. The server ends the session, and with it the locks, of a
process that is suspended (10 s) or whose machine is gone (4 s and three probes)."""

_sql = load(__file__)


class Superseded(Unavailable):
    """Another process has the singleton; nothing was written."""


class Singleton(NamedTuple):
    """A handler, its name, and the seconds between its end and its next run."""

    seconds: float
    name: str
    handler: Callable[[Database], Awaitable[None]]


class Fenced(Database):
    """The database for the current holder of a singleton.

    A transaction raises `Superseded` at its start once there is a newer holder, and a newer holder begins only after
    it has ended. A connection without a transaction is read-only, so that no write bypasses the fence.
    """

    def __init__(self, db: Database, name: str, fence: int) -> None:
        self.url, self.direct_url = db.url, db.direct_url
        self._db = db
        self._name = name
        self._fence = fence

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Return a read-only connection."""
        async with self._db.connection() as conn, conn.transaction(readonly=True):
            yield conn

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Return a connection in a transaction that holds the fence to its end."""
        async with self._db.transaction() as conn:
            if await _sql.hold_fence(conn, name=self._name, fence=self._fence) is None:
                raise Superseded(f"Another process runs {self._name}.")
            yield conn

    async def transact(
        self,
        act: Callable[Concatenate[Connection, Asked], Awaitable[Outcome]],
        *args: Asked.args,
        **kwargs: Asked.kwargs,
    ) -> Outcome:
        """Run an act in a transaction that holds the fence to its end, and return its outcome, as `Database` does."""

        async def fenced(conn: Connection) -> Outcome:
            if await _sql.hold_fence(conn, name=self._name, fence=self._fence) is None:
                raise Superseded(f"Another process runs {self._name}.")
            return await act(conn, *args, **kwargs)

        return await self._db.transact(fenced)


class _Locks:
    """The session that holds the locks of a process."""

    def __init__(self, session: Session, holder: UUID) -> None:
        self._session = session
        self._holder = holder
        self._turn = asyncio.Lock()
        self._lost = asyncio.Event()
        session.add_termination_listener(lambda _session: self._lost.set())

    async def watch(self) -> None:
        """Return once the session is over; raise TimeoutError once it is silent."""
        while not self._lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(ASK_EVERY_S):
                    await self._lost.wait()
                    return
            async with self._turn:
                await self._session.execute("select")

    async def take(self, name: str) -> int:
        """Wait until the singleton is ours and its previous holder has ended. Return its fencing number."""
        while not await self._try(name):  # noqa: ASYNC110 - another process has it
            await asyncio.sleep(LOCK_RETRY_S)
        while True:
            async with self._turn:
                with suppress(asyncpg.LockNotAvailableError):  # a transaction that holds the last number still runs
                    taken = await _sql.take_singleton(self._session, name=name, holder=self._holder)
                    break
            await asyncio.sleep(LOCK_RETRY_S)
        if taken["left_by"] not in (None, self._holder):
            await asyncio.sleep(ASK_EVERY_S + ANSWER_S + END_S)
        return int(taken["fence"])

    async def _try(self, name: str) -> bool:
        async with self._turn:
            return bool(await _sql.try_singleton(self._session, name=name))

    async def leave(self) -> None:
        """Report that all handlers have ended, if the session still works."""
        with suppress(OSError, TimeoutError, *ASYNCPG_ERRORS):
            await _sql.leave_singletons(self._session, holder=self._holder)


async def run_singletons(db: Database, holder: UUID, singletons: Sequence[Singleton]) -> None:
    """Run the singletons whose locks this process gets, until its session ends; all handlers have ended on return.

    `holder` identifies the process, which does not wait for itself when it begins again.
    """
    session = await connect(db.direct_url, "virage singletons", silence_s=ANSWER_S)
    try:
        await session.execute(SESSION)
        locks = _Locks(session, holder)
        tasks = [asyncio.create_task(locks.watch(), name="session")]
        tasks += [asyncio.create_task(_run(db, locks, each), name=each.name) for each in singletons]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(tasks)
            await locks.leave()
        for task in ended:
            task.result()
    finally:
        await close(session)


async def _run(db: Database, locks: _Locks, singleton: Singleton) -> None:
    """Wait for the lock, then call the handler while the session lives; an exception is logged, and it runs again."""
    fenced = Fenced(db, singleton.name, await locks.take(singleton.name))
    while True:
        try:
            await singleton.handler(fenced)
        except Superseded:  # the session is over, which has not been noticed yet
            raise
        except Exception as failure:  # the next turn tries again
            if is_being_cancelled():
                raise
            log.warning("singleton_failed", name=singleton.name, exc_info=failure)
        await asyncio.sleep(singleton.seconds)


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel and wait. Handlers that do not end in time are logged, and this process waits for them."""
    for task in tasks:
        task.cancel()
    _, late = await asyncio.wait(tasks, timeout=END_S)
    if late:
        log.error("singletons_end_late", names=sorted(task.get_name() for task in late))
        await asyncio.wait(late)
    for task in tasks:
        if not task.cancelled():
            task.exception()
