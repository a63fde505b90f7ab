"""The database: a pool of connections that never keep session state, and one error for "try again"."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import asyncpg
import msgspec

from virage.platform.data.connecting import CONNECT_S, Lent, Pool, Session, close, connect, open_pool
from virage.platform.data.defaults import report_missing_defaults
from virage.platform.data.watch import Watch
from virage.platform.values.deadlines import deadlines_of
from virage.platform.values.refusals import Refused

Connection = Session | Lent
Asked = ParamSpec("Asked")
Outcome = TypeVar("Outcome")

URL = "VIRAGE_DATABASE_URL"
DIRECT_URL = "VIRAGE_DATABASE_DIRECT_URL"
CALLERS_MAX = 2_000  # that use or wait for a connection; more fail at once
ACQUIRE_S = 5.0  # longest wait for a connection while all are in use
JSONB_VERSION = b"\x01"  # the first byte of a binary jsonb, before its text

TRANSIENT = (  # errors after which the same statement may succeed
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    ConnectionError,
)

ASYNCPG_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


ANSWER_WAIT_S = 60.0
ANSWER_RETRY_S = 0.25
HOPELESS = (  # errors of the address or the credentials; waiting does not help
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)


class Unavailable(Exception):
    """The database cannot answer now; nothing was confirmed, and the caller may retry (503)."""


class OutOfReach(Exception):
    """The request contains a timestamp, a number or a character that the database cannot store (400)."""


class Contended(Unavailable):
    """The transaction was rolled back in favour of another (a deadlock); retry at once."""


async def answering(url: str, report: Callable[[str], None], *, variable: str) -> None:
    """Wait until the database answers, and report once that it is waited for. `variable` is the setting of the address.

    Raises `Unavailable` with what to do: after a minute, or at once if the address itself is wrong.
    """
    parts = urlsplit(url)
    where = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    deadline, is_reported = asyncio.get_running_loop().time() + ANSWER_WAIT_S, False
    while True:
        try:
            await ask_once(url)
        except HOPELESS as failure:
            reason = _first_line(failure)
            raise Unavailable(f"The database {where} refuses us: {reason}. Correct {variable}.") from failure
        except (*ASYNCPG_ERRORS, OSError, TimeoutError) as failure:
            reason = _first_line(failure) or "no answer"
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable(
                    f"The database {where} does not answer ({reason}). Start it, or correct {variable}."
                ) from failure
            if not is_reported:
                report(f"Waiting for the database {where} ({reason}), {ANSWER_WAIT_S:.0f} s at most")
                is_reported = True
            await asyncio.sleep(ANSWER_RETRY_S)
        else:
            return


async def ask_once(url: str) -> None:
    """Connect and run a statement, because a pooler accepts connections without the database."""
    session = await connect(url, "virage", silence_s=CONNECT_S)
    try:
        await session.execute("select")
    finally:
        await close(session)


def _first_line(failure: Exception) -> str:
    return str(failure).partition("\n")[0].rstrip(".")


class Database:
    """A pool of connections, which reconnect by themselves after an outage.

    A caller leaves no session state on a connection: behind a pooler the next statement may run on another one. `url`
    may be a pooler's, `direct_url` is the server's.
    """

    def __init__(self, pool: Pool, url: str, direct_url: str, connections_max: int) -> None:
        self._pool = pool
        self._watch = Watch()
        self._callers = 0
        self._connections_max = connections_max
        self.url = url
        self.direct_url = direct_url

    @classmethod
    async def open(
        cls, url: str, *, direct_url: str | None = None, connections_max: int = 10, application: str = "virage"
    ) -> "Database":
        """Connect, and log the session defaults that are missing. Raises `Unavailable` if the server is unreachable."""
        pool = await open_pool(
            url,
            application,
            connections_max=connections_max,
            prepare=_prepare,
            silence_s=None,  # the watch costs less
        )
        database = cls(pool, url, direct_url or url, connections_max)
        try:
            async with database.connection() as connection:
                await report_missing_defaults(connection)
        except Unavailable:
            pool.terminate()
            raise
        return database

    async def close(self) -> None:
        """Close the connections; those still in use are cut after a second."""
        try:
            async with asyncio.timeout(1.0):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Return a connection without a transaction: for one statement, which is its own transaction.

        Raises `Unavailable` for outages and for silence of the database, `Contended` after a deadlock, and
        `OutOfReach` for a value that it cannot store. A caller that is cancelled gets CancelledError, even if the
        rollback that follows finds the connection lost: otherwise a loop that retries after errors would never end.
        """
        if self._callers >= CALLERS_MAX:
            raise Unavailable("Too many wait for the database.")
        self._callers += 1
        try:
            connection = await self._acquire()
            loan = self._watch.begin(connection)
            try:
                yield connection
            except (*ASYNCPG_ERRORS, ConnectionError) as failure:
                if is_being_cancelled():
                    raise asyncio.CancelledError from failure
                meaning = _meaning(failure, connection)
                if meaning is None:
                    raise
                raise meaning(str(failure)) from failure
            finally:
                loan.is_returning = True
                await self._pool.release(connection)
                self._watch.end(loan)
        finally:
            self._callers -= 1

    async def _acquire(self) -> Lent:
        """Return a free or new connection, or the next one that is returned in time."""
        try:
            if self._callers <= self._connections_max:
                return await self._pool.acquire()
            loop = asyncio.get_running_loop()
            deadlines = deadlines_of(loop)
            async with asyncio.timeout(None) as wait:
                deadlines.set(wait, loop.time() + ACQUIRE_S)
                try:
                    return await self._pool.acquire()
                finally:
                    deadlines.end(wait)
        except (*ASYNCPG_ERRORS, OSError, TimeoutError) as failure:
            raise Unavailable(str(failure) or "No connection to the database in time.") from failure

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Return a connection inside a transaction: committed at the end, rolled back by an exception.

        For reads and for acts that cannot be refused. An act that may return `Refused` runs in `transact`.
        """
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def transact(
        self,
        act: Callable[Concatenate[Connection, Asked], Awaitable[Outcome]],
        *args: Asked.args,
        **kwargs: Asked.kwargs,
    ) -> Outcome:
        """Run an act in a transaction and return its outcome.

        A success and `Refused(commit=True)` are committed; any other refusal and any exception are rolled back. A list
        of outcomes is a success: the writes of each item are kept.
        """
        async with self.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                outcome = await act(connection, *args, **kwargs)
            except BaseException:
                await transaction.rollback()
                raise
            if isinstance(outcome, Refused) and not outcome.commit:
                await transaction.rollback()
            else:
                await transaction.commit()
        return outcome


def is_being_cancelled() -> bool:
    """Return whether this task was told to end. What it raises from then on is no reason to try again."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _meaning(failure: Exception, connection: Lent) -> type[Exception] | None:
    """Return the exception that the caller gets for a failure; None if the caller caused it."""
    if isinstance(failure.__cause__, OverflowError):  # an argument that cannot be encoded
        return OutOfReach
    if isinstance(failure, asyncpg.CharacterNotInRepertoireError):  # U+0000
        return OutOfReach
    if isinstance(failure, asyncpg.TransactionRollbackError):
        return Contended
    if isinstance(failure, TRANSIENT):
        return Unavailable
    if isinstance(failure, asyncpg.InternalClientError):  # cut while in use
        if not _is_lost(connection):
            connection.terminate()
        return Unavailable
    return Unavailable if isinstance(failure, asyncpg.InterfaceError) and _is_lost(connection) else None


def _is_lost(connection: Lent) -> bool:
    """Return whether the session is over. A connection that the pool has taken back raises when it is asked."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


async def _prepare(connection: Connection) -> None:
    """Read and write jsonb as Python values.

    The elements of a `jsonb[]` parameter are objects: asyncpg takes a list in a list for a second dimension.
    """
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )


def _encode_jsonb(value: Any) -> bytes:
    return JSONB_VERSION + msgspec.json.encode(value)


def _decode_jsonb(value: bytes) -> Any:
    return msgspec.json.decode(memoryview(value)[1:])
