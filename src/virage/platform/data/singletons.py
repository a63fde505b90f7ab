"""Singletons: what one process of all does again and again.

Who has the advisory lock of a singleton runs it. The lock belongs to a session on the server's own address, so it ends
with the session, and the session is asked every 2 s: silence or an error ends the handlers. A server that goes away or
loses the route may give the lock to another process before this one has noticed. Two rules keep them apart:

- Who takes a singleton from a process that did not say that it ended waits for as long as that one may need to notice.
- Taking it raises a number. A singleton that moves money gets a `Fenced` database, whose transactions write only while
  their number is the newest, whatever a process has slept through.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from virage.platform.data.connecting import Session, close, connect
from virage.platform.data.database import ASYNCPG_ERRORS, Connection, Database, Unavailable
from virage.platform.data.sql import load
from virage.platform.settings.logs import log

LOCK_RETRY_S: Final = 1.0
ASK_EVERY_S: Final = 2.0
ANSWER_S: Final = 2.0
END_S: Final = 1.0
"""How long handlers may take to end once their session is lost."""

SESSION: Final = """
set lock_timeout = 1000;
set idle_session_timeout = 10000;
set tcp_keepalives_idle = 4; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3
"""
"""A lock is waited for less long than an answer. The server ends the session, and with it the locks, of a process that
has stopped asking (10 s) or whose machine is gone (4 s and three probes)."""

_sql = load(__file__)


class Superseded(Unavailable):
    """Another process has the singleton; nothing was written."""


class Singleton(NamedTuple):
    """What one process alone does, and how many seconds after its last end it does so again."""

    seconds: float
    name: str
    handler: Callable[[Database], Awaitable[None]]


class Fenced(Database):
    """The database as long as a process is the newest that a singleton was given to.

    A transaction raises `Superseded` at its start once there is a newer one, and no newer one begins before it has
    ended. A connection without a transaction reads only, so nothing is written beside the fence.
    """

    def __init__(self, db: Database, name: str, fence: int) -> None:
        self.url, self.direct_url = db.url, db.direct_url
        self._db = db
        self._name = name
        self._fence = fence

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reading."""
        async with self._db.connection() as conn, conn.transaction(readonly=True):
            yield conn

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction that holds the fence to its end."""
        async with self._db.transaction() as conn:
            if await _sql.hold_fence(conn, name=self._name, fence=self._fence) is None:
                raise Superseded(f"Another process runs {self._name}.")
            yield conn


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
        """Wait until a singleton is ours and whoever had it has ended; the number that it was given."""
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
        """Say that everything has ended here, if the session still can."""
        with suppress(OSError, TimeoutError, *ASYNCPG_ERRORS):
            await _sql.leave_singletons(self._session, holder=self._holder)


async def run_singletons(db: Database, holder: UUID, singletons: Sequence[Singleton]) -> None:
    """Run what this process has the locks of until their session ends; all handlers have ended when this returns.

    `holder` names the process, which need not wait for itself when it begins again.
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
    """Wait for the lock, then call the handler for as long as the session lives; its failure ends nothing."""
    fenced = Fenced(db, singleton.name, await locks.take(singleton.name))
    while True:
        try:
            await singleton.handler(fenced)
        except Superseded:  # the session is over, and nobody has told us yet
            raise
        except Exception as failure:  # noqa: BLE001 - the next turn tries again
            log.warning("singleton_failed", name=singleton.name, exc_info=failure)
        await asyncio.sleep(singleton.seconds)


async def _end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel and wait. What does not end in time is reported, and this process begins nothing before it has ended."""
    for task in tasks:
        task.cancel()
    _, late = await asyncio.wait(tasks, timeout=END_S)
    if late:
        log.error("singletons_end_late", names=sorted(task.get_name() for task in late))
        await asyncio.wait(late)
    for task in tasks:
        if not task.cancelled():
            task.exception()
