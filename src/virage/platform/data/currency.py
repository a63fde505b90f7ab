"""The currency of the amounts in this database: stored at the first start, the same from then on.

Amounts are minor units without a currency, so another currency would change the meaning of all of them
(`docs/decisions/0058-the-currency-and-the-time-zone-belong-to-the-deployment.md`).
"""

import asyncpg

from virage.platform.data.connecting import close, connect
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


async def contradiction(conn: Connection, code: str) -> str | None:
    """Return why a process with this currency must not use the database; None if nothing contradicts."""
    stored = await _sql.currency(conn)
    if stored in (None, code):
        return None
    return (
        f"VIRAGE_CURRENCY: the amounts in this database are in {stored}, and the currency of a deployment never "
        f"changes. Set VIRAGE_CURRENCY={stored}, or use a new database for {code}."
    )


async def settle(url: str, code: str) -> str | None:
    """Connect, store the currency if none is stored, and return `contradiction`; None for a database without schema."""
    connection = await connect(url, "virage currency")
    try:
        if await _sql.currency(connection) is None:  # no write into a standby
            await _sql.store_currency(connection, code=code)
        return await contradiction(connection, code)
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await close(connection)
