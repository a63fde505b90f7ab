"""The database: a pool of connections that never keep session state, and one error for "try again"."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import msgspec

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.Connection

STATEMENT_TIMEOUT_MS = 10_000
TRANSACTION_TIMEOUT_MS = 15_000
URL = "VIRAGE_DATABASE_URL"
CALLERS_MAX = 2_000  # who use or wait for a connection; more are sent away at once, which costs less than a timer each
CONNECT_TIMEOUT_S = 5.0
TRANSACTION_TIMEOUT_SINCE = 17  # the major version of PostgreSQL that first has `transaction_timeout`
JSONB_VERSION = b"\x01"  # what PostgreSQL puts before the text of a binary jsonb

TRANSIENT = (  # what passes by itself: the same may be sent again
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
HOPELESS = (  # it is the address that is wrong, and waiting does not change it
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ClientConfigurationError,
)


class Unavailable(Exception):
    """The database cannot answer now; nothing was confirmed, and the caller may send the same again (503)."""


class OutOfReach(Exception):
    """The request named a moment, a number or a character that the database cannot store (400)."""


class Contended(Unavailable):
    """The database gave another transaction the way (a deadlock); the same again may do at once."""


async def answering(url: str, tell: Callable[[str], None]) -> None:
    """Wait until the database answers, and tell at once what is waited for.

    Raises `Unavailable` with what to do: after a minute, or at once where the address itself is wrong.
    """
    parts = urlsplit(url)
    where = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    deadline, told = asyncio.get_running_loop().time() + ANSWER_WAIT_S, False
    while True:
        try:
            connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S)
        except HOPELESS as failure:
            raise Unavailable(f"The database {where} refuses us: {_first_line(failure)}. Correct {URL}.") from failure
        except (*ASYNCPG_ERRORS, OSError, TimeoutError) as failure:
            reason = _first_line(failure) or "no answer"
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable(
                    f"The database {where} does not answer ({reason}). Start it, or correct {URL}."
                ) from failure
            if not told:
                tell(f"Waiting for the database {where} ({reason}), {ANSWER_WAIT_S:.0f} s at most")
                told = True
            await asyncio.sleep(ANSWER_RETRY_S)
        else:
            await connection.close()
            return


def _first_line(failure: Exception) -> str:
    return str(failure).partition("\n")[0].rstrip(".")


class Database:
    """A pool of connections. They reconnect by themselves after the database was away.

    No session state may be left on a connection: it is given back without a reset, which would cost a round trip.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", url: str) -> None:
        self._pool = pool
        self._callers = 0
        self.url = url

    @classmethod
    async def open(cls, url: str, *, connections_max: int = 10, application_name: str = "virage") -> "Database":
        """Connect; raises `Unavailable` when the server cannot be reached."""
        pool = asyncpg.create_pool(
            url,
            min_size=0,  # no floor to restore in the background: a connection is made when it is needed
            max_size=connections_max,
            max_inactive_connection_lifetime=0,
            init=prepare_connection,
            reset=_leave_as_it_is,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=None,
            server_settings={"application_name": application_name, "timezone": "UTC"},
        )
        await pool
        database = cls(pool, url)
        try:
            async with database.connection():
                return database
        except Unavailable:
            pool.terminate()
            raise

    async def close(self) -> None:
        """Give the connections back; those that are still in use are cut after a second."""
        try:
            async with asyncio.timeout(1.0):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection without a transaction: for one statement, which is its own transaction.

        Raises `Unavailable` for what is the database's fault, `Contended` when it chose another transaction over this,
        `OutOfReach` for what it cannot write.
        """
        if self._callers >= CALLERS_MAX:
            raise Unavailable("Too many wait for the database.")
        self._callers += 1
        try:
            connection = await self._acquire()
            try:
                yield connection
            except (*ASYNCPG_ERRORS, ConnectionError) as failure:
                meaning = _meaning(failure, connection)
                if meaning is None:
                    raise
                raise meaning(str(failure)) from failure
            finally:
                await self._pool.release(connection)
        finally:
            self._callers -= 1

    async def _acquire(self) -> "PoolConnectionProxy[asyncpg.Record]":
        try:
            return await self._pool.acquire()
        except (*ASYNCPG_ERRORS, OSError, TimeoutError) as failure:
            raise Unavailable(str(failure)) from failure

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection inside a transaction: committed at the end, rolled back when anything is raised."""
        async with self.connection() as connection, connection.transaction():
            yield connection


def _meaning(failure: Exception, connection: "PoolConnectionProxy[asyncpg.Record]") -> type[Exception] | None:
    """What a failure on a connection means to the caller; None when it is the caller's own fault."""
    if isinstance(failure.__cause__, OverflowError):  # an argument that has no form in a message to the database
        return OutOfReach
    if isinstance(failure, asyncpg.CharacterNotInRepertoireError):  # U+0000, which no text of PostgreSQL holds
        return OutOfReach
    if isinstance(failure, asyncpg.TransactionRollbackError):
        return Contended
    if isinstance(failure, TRANSIENT):
        return Unavailable
    if isinstance(failure, asyncpg.InternalClientError):  # it is being cut under its user
        if not _is_lost(connection):
            connection.terminate()
        return Unavailable
    return Unavailable if isinstance(failure, asyncpg.InterfaceError) and _is_lost(connection) else None


def _is_lost(connection: "PoolConnectionProxy[asyncpg.Record]") -> bool:
    """Whether the session is over; the pool takes such a connection away from its user, who may not even ask it."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


async def prepare_connection(connection: Connection) -> None:
    """Set what each of our connections has: timeouts, and jsonb as Python values.

    The elements of a `jsonb[]` parameter are objects: asyncpg takes a list in a list for a second dimension.
    """
    timeout_name = (
        "transaction_timeout"
        if connection.get_server_version().major >= TRANSACTION_TIMEOUT_SINCE
        else "idle_in_transaction_session_timeout"
    )
    await connection.execute(
        f"set statement_timeout = {STATEMENT_TIMEOUT_MS}; set {timeout_name} = {TRANSACTION_TIMEOUT_MS};"
        "set jit = off; set client_min_messages = warning"
    )
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_encode_jsonb, decoder=_decode_jsonb, format="binary"
    )


async def _leave_as_it_is(_connection: Connection) -> None:
    """Nothing to reset: no session state is ever left."""


def _encode_jsonb(value: Any) -> bytes:
    return JSONB_VERSION + msgspec.json.encode(value)


def _decode_jsonb(value: bytes) -> Any:
    return msgspec.json.decode(memoryview(value)[1:])
