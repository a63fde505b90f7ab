"""The currency of the amounts in this database: stored at the first start, the same from then on.

Amounts are minor units without a currency, so another currency would change the meaning of all of them
(`docs/decisions/0058-the-currency-and-the-time-zone-belong-to-the-deployment.md`).
"""

import asyncpg

from virage.platform.data.connecting import close, connect
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)


async def settle(conn: Connection, code: str) -> str | None:
    """Store the currency if none is stored. Return why a process with this one must not use the database, or None."""
    stored = await _sql.currency(conn)
    if stored is None:
        await _sql.store_currency(conn, code=code)
        stored = await _sql.currency(conn)  # another process may have been faster
    if stored == code:
        return None
    return (
        f"VIRAGE_CURRENCY: the amounts in this database are in {stored}, and the currency of a deployment never "
        f"changes. Set VIRAGE_CURRENCY={stored}, or use a new database for {code}."
    )


async def settle_at(url: str, code: str) -> str | None:
    """Connect and return `settle`; None for a database without a schema."""
    connection = await connect(url, "virage currency")
    try:
        return await settle(connection, code)
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await close(connection)
