"""The only module that connects to PostgreSQL. All other code gets a session or a pool from it.

There are two addresses. `VIRAGE_DATABASE_URL` may be a pooler in transaction mode (PgBouncer): its users keep no state
on the session. `VIRAGE_DATABASE_DIRECT_URL` is the server itself, for what needs a session: migrations,
singletons, LISTEN. Both are the same address unless both are set.

Every wait for the server has a limit, because a server can go silent: its kernel still acknowledges packets, but
PostgreSQL does not answer (a frozen primary, a lost route). `statement_timeout` does not help then, because the server
applies it.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from virage.platform.settings.parsing import one_database

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Session = asyncpg.Connection[asyncpg.Record]
    Lent = PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Session, Lent, Pool = asyncpg.Connection, asyncpg.Connection, asyncpg.Pool

CONNECT_S: Final = 5.0
"""Time limit for making and preparing a connection."""
SILENCE_S: Final = 12.0
"""Time limit for the answer to a statement. The server ends statements after 10 s (`defaults.STATEMENT_TIMEOUT_MS`);
a lower limit would take slow statements for silence, and run them twice at the same time."""
CLOSE_S: Final = 2.0

Prepare = Callable[[Session], Awaitable[None]]


async def connect(
    url: str,
    application: str,
    *,
    silence_s: float = SILENCE_S,
    user: str | None = None,
    database: str | None = None,
) -> Session:
    """Return a new session named `application`; `user` and `database` override those of the address.

    A statement that is not answered within `silence_s` raises TimeoutError; then `close` cuts the session.
    """
    return await asyncpg.connect(
        one_database(url),
        timeout=CONNECT_S,
        command_timeout=silence_s,
        server_settings={"application_name": application},
        user=user,
        database=database,
    )


async def close(session: Session) -> None:
    """Close a session; cut it if the server does not answer in time."""
    with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await session.close(timeout=CLOSE_S)


async def open_pool(
    url: str,
    application: str,
    *,
    connections_max: int,
    prepare: Prepare | None = None,
    silence_s: float | None = SILENCE_S,
    settings: Mapping[str, str] | None = None,
) -> Pool:
    """Return a pool of at most `connections_max` connections, each made when it is first needed.

    Connections are returned without a reset, which would cost a round trip: users leave no state on them. An open
    transaction is rolled back.

    `silence_s` is as in `connect`; None for a pool whose owner watches its connections by other means. `settings` are
    of each session, so only for the server's own address.
    """

    async def made(*arguments: Any, **options: Any) -> Session:
        async with asyncio.timeout(CONNECT_S):
            session: Session = await asyncpg.connect(*arguments, **options)
            try:
                if prepare is not None:
                    await prepare(session)
            except BaseException:
                session.terminate()  # close() would wait for the missing answer
                raise
            return session

    return await asyncpg.create_pool(
        one_database(url),
        min_size=0,  # connections are made when they are needed, not in the background
        max_size=connections_max,
        max_inactive_connection_lifetime=0,
        max_queries=sys.maxsize,  # otherwise the pool closes a connection on return, which waits for the server
        connect=made,
        reset=_nothing_to_reset,
        command_timeout=silence_s,
        server_settings={"application_name": application, **(settings or {})},
    )


async def _nothing_to_reset(_session: Session) -> None:
    """Replace asyncpg's reset of the whole session."""
