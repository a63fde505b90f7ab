"""The era of this database: an offset to the cluster's transaction ids, so that journal positions never decrease.

Positions of the journal are transaction ids, which each PostgreSQL cluster counts from its own start. Rows from
`pg_restore` or logical replication keep the ids of the cluster that wrote them. Without a new era, old facts would be
sent again once the count passes them, and devices that are ahead would receive nothing until then
(`docs/decisions/0047-positions-have-an-era.md`, `migrations/0101_kernel.sql`).
"""

from collections.abc import Sequence
from typing import Final

import asyncpg
from msgspec import Struct

from virage.platform.data.connecting import close, connect
from virage.platform.data.database import Connection
from virage.platform.data.migrate import LIMITS
from virage.platform.data.sql import load

FOREIGN: Final = (
    "The database was restored from another cluster, and positions cannot go on. End all processes of Virage, run "
    "`virage restored` once, and start again."
)
OURS: Final = "virage"  # prefix of the application name of each connection
OWN: Final = "virage restored"
LOCK_TIMEOUT_MS: Final = 4_000
SILENCE_S: Final = 3_600.0
"""Finding the highest value of a column without an index reads the whole table."""

# Tables, columns and sequences belong to any domain, so their quoted names come from the catalogue.
_ID_COLUMNS: Final = """
select c.oid::regclass::text as held_by, quote_ident(a.attname) as name
from pg_attribute as a
join pg_class as c on c.oid = a.attrelid
where a.atttypid = 'xid8'::regtype and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')
    and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
order by 1, 2
"""
_NUMBERED_COLUMNS: Final = """
select c.oid::regclass::text as held_by, quote_ident(a.attname) as name, d.objid::regclass::text as sequence
from pg_depend as d
join pg_class as s on s.oid = d.objid and s.relkind = 'S'
join pg_class as c on c.oid = d.refobjid
join pg_attribute as a on a.attrelid = c.oid and a.attnum = d.refobjsubid
where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('i', 'a')
    and c.relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
order by 1, 2
"""
_CONNECTED: Final = """
select distinct application_name from pg_stat_activity
where datname = current_database() and application_name like $1 || '%' and application_name <> $2
order by 1
"""

_sql = load(__file__)


class InUse(Exception):
    """Processes are connected, and would write ids of the previous era."""


class Begun(Struct, frozen=True):
    """A new era: the highest stored id, the new offset, and the sequences that were raised."""

    stored: int
    xids: int
    sequences: Sequence[str]


async def is_foreign(conn: Connection) -> bool:
    """Return whether the rows come from another cluster, so that they must not be served yet."""
    row = await _sql.era(conn)
    return row is None or row["is_foreign"]


async def holds_foreign_rows(url: str) -> bool:
    """Connect and return `is_foreign`; False for a database without the table."""
    connection = await connect(url, OWN)
    try:
        return await is_foreign(connection)
    except asyncpg.UndefinedTableError:
        return False
    finally:
        await close(connection)


async def begin(url: str, *, anyway: bool = False) -> Begun | None:
    """Begin a new era if the rows come from another cluster, or `anyway`. Return None if they are this cluster's.

    Raises `InUse` while processes of Virage are connected. Sequences that are behind their rows, as after logical
    replication, are raised.
    """
    connection = await connect(url, OWN, silence_s=SILENCE_S)
    try:
        async with connection.transaction():
            await connection.execute(LIMITS.format(statement=0, lock=LOCK_TIMEOUT_MS))
            # Every writer of an id holds a weaker lock to its end, and later writers wait for the new era.
            await connection.execute("lock table kernel.era in access exclusive mode")
            if not anyway and not await is_foreign(connection):
                return None
            if connected := await connection.fetch(_CONNECTED, OURS, OWN):
                raise InUse(", ".join(row["application_name"] for row in connected))
            stored = await _highest_stored(connection)
            row = await _sql.raise_era(connection, stored=stored)
            return Begun(stored, row["xids"], await _raise_sequences(connection))
    except asyncpg.LockNotAvailableError:
        raise InUse("transactions that do not end") from None
    finally:
        await close(connection)


async def _highest_stored(conn: Connection) -> int:
    """Return the highest transaction id in any column, or the current one of this cluster."""
    reached = "select coalesce(kernel.next_xid(), pg_snapshot_xmax(pg_current_snapshot()))::text::bigint"
    found: int = await conn.fetchval(reached)
    for column in await conn.fetch(_ID_COLUMNS):
        query = f"select max({column['name']})::text::bigint from {column['held_by']}"
        found = max(found, await conn.fetchval(query) or 0)
    return found


async def _raise_sequences(conn: Connection) -> list[str]:
    """Raise each sequence above the rows that it numbers. Return those that were below."""
    raised = []
    for column in await conn.fetch(_NUMBERED_COLUMNS):
        behind = (
            "select setval($1::text::regclass, reached) "
            f"from (select max({column['name']})::bigint as reached from {column['held_by']}) as held, "
            f"{column['sequence']} as counter "
            "where reached > case when counter.is_called then counter.last_value else counter.last_value - 1 end"
        )
        if await conn.fetchval(behind, column["sequence"]) is not None:
            raised.append(column["sequence"])
    return raised
