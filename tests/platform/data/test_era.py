"""The era of positions: what raises it, what it stores, and that nothing bypasses it."""

import asyncio

import asyncpg
import pytest

from virage.platform.data import era
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import head, position_key

EPOCH = 1 << 32
CLUSTERS_OWN = r"pg_(current_)?(xact|snapshot)|txid_"
FOREIGN = "update kernel.era set system_identifier = 1"


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def reached(url: str) -> int:
    """The position of the next fact."""
    db = await Database.open(url)
    try:
        async with db.connection() as conn:
            return position_key(await head(conn)).xid
    finally:
        await db.close()


async def test_a_database_of_this_cluster_begins_no_era(database_url: str) -> None:
    assert await era.begin(database_url) is None
    assert await reached(database_url) < EPOCH


async def test_an_era_begins_a_whole_epoch_above_everything_and_once(database_url: str) -> None:
    await execute(database_url, FOREIGN)
    assert await era.holds_foreign_rows(database_url)
    begun = await era.begin(database_url)
    assert begun is not None
    assert begun.xids % EPOCH == 0
    assert begun.xids >= begun.stored + EPOCH
    assert await reached(database_url) > begun.xids
    assert await era.begin(database_url) is None


async def test_a_cluster_restored_to_an_earlier_time_begins_an_era_on_request(database_url: str) -> None:
    first = await era.begin(database_url, anyway=True)
    second = await era.begin(database_url, anyway=True)
    assert first is not None
    assert second is not None
    assert second.xids > first.xids > 0


async def test_an_era_begins_above_every_transaction_id_of_any_table(database_url: str) -> None:
    planted = 5 * EPOCH + 17
    statement = f"""
        {FOREIGN}; create table venue."A table" (number int primary key, "Its id" xid8);
        insert into venue."A table" values (1, '{planted}'), (2, null)
    """
    await execute(database_url, statement)
    begun = await era.begin(database_url)
    assert begun is not None
    assert begun.stored == planted
    assert begun.xids > planted


async def test_sequences_behind_their_rows_are_raised(database_url: str) -> None:
    statement = f"""
        {FOREIGN}; insert into kernel.job (id, priority, entrypoint, status) values (41, 0, 'x', 'failed');
        create table venue.numbered (number serial primary key); insert into venue.numbered values (1)
    """
    await execute(database_url, statement)
    begun = await era.begin(database_url)
    assert begun is not None
    assert begun.sequences == ["kernel.job_id_seq", "venue.numbered_number_seq"]
    connection = await asyncpg.connect(database_url)
    insert = "insert into kernel.job (priority, entrypoint, status) values (0, 'x', 'failed') returning id"
    assert await connection.fetchval(insert) == 42
    assert await connection.fetchval("insert into venue.numbered default values returning number") == 2
    await connection.close()


async def test_no_era_begins_while_processes_are_connected(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(era, "LOCK_TIMEOUT_MS", 20)
    await execute(database_url, FOREIGN)
    async with asyncio.timeout(10):
        connected = await asyncpg.connect(database_url, server_settings={"application_name": "virage"})
        with pytest.raises(era.InUse, match="virage"):
            await era.begin(database_url)
        await connected.close()
        writer = await asyncpg.connect(database_url, server_settings={"application_name": "a neighbour"})
        async with writer.transaction():
            await writer.fetchval("select kernel.xid()")
            with pytest.raises(era.InUse):
                await era.begin(database_url)
        await writer.close()
    assert await era.begin(database_url) is not None


async def test_every_column_with_transaction_ids_is_found_by_the_command(conn: Connection) -> None:
    """Ids are columns of the type xid8, which the command searches, and their values come from
    `kernel.xid()`, or are a position up to which the journal was followed.
    """
    in_schemas = "c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'"
    columns = await conn.fetch(f"""
        select c.oid::regclass || '.' || a.attname as name, a.atttypid::regtype::text as kind,
            pg_get_expr(d.adbin, d.adrelid) as given
        from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid and c.relkind in ('r', 'p')
        left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attnum > 0 and not a.attisdropped and {in_schemas}
    """)
    assert len(columns) > 500
    written, followed = {"kernel.journal.xid", "live.entry.xid"}, {"points.journal_position.xid"}
    assert {row["name"] for row in columns if row["kind"] == "xid8"} == written | followed
    assert {row["name"] for row in columns if row["kind"] in {"xid", "pg_snapshot", "txid_snapshot"}} == set()
    assert {row["name"] for row in columns if "kernel.xid()" in (row["given"] or "")} == written
    own = await conn.fetch(f"""
        select p.oid::regprocedure::text as name from pg_proc as p
        where case when p.pronamespace::regnamespace::text !~ '^(pg_|information_schema)' and p.prokind in ('f', 'p')
            then pg_get_functiondef(p.oid) ~ '{CLUSTERS_OWN}' end
        union all
        select c.oid::regclass::text from pg_class as c
        where c.relkind in ('v', 'm') and {in_schemas} and pg_get_viewdef(c.oid) ~ '{CLUSTERS_OWN}'
        union all
        select d.adrelid::regclass::text from pg_attrdef as d where pg_get_expr(d.adbin, d.adrelid) ~ '{CLUSTERS_OWN}'
    """)
    assert {row["name"] for row in own} == {"kernel.xid()", "kernel.horizon()", "kernel.next_xid()"}
