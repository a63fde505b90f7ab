"""A fan's browser: the stored part of its profile, its contents, and the rows that its visit wrote."""

import gzip
import json
import re
import tarfile
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct
from playwright.sync_api import BrowserContext, Page

from tests.golden.system import FOLDER, HOST, SPEND_TRANSACTION_IDS, execute

STORAGE = FOLDER / "fan.tar.xz"
EXPECTED = FOLDER / "fan.json"
ROWS = FOLDER / "fan_rows.json.gz"
MAIL = "fan@example.org"

READ = """async () => {
    const opened = (name) => new Promise((resolve) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => resolve(opening.result);
    });
    const asked = (database, store, what) => new Promise((resolve) => {
        const asking = database.transaction(store).objectStore(store)[what]();
        asking.onsuccess = () => resolve(asking.result);
    });
    const all = async (name, store, what) => {
        const database = await opened(name);
        const found = await asked(database, store, what);
        database.close();
        return found;
    };
    const shown = ({ private_key, ...key }) => ({ ...key, extractable: private_key.extractable });
    const names = await all("virage", "kept", "getAllKeys");
    const values = await all("virage", "kept", "getAll");
    return {
        holder_keys: (await all("virage-passes", "holder_key", "getAll")).map(shown),
        phone_keys: (await all("virage-wallet", "phone_key", "getAll")).map(shown),
        kept: Object.fromEntries(names.map((name, index) => [name, values[index]])),
        local_storage: { ...localStorage },
    };
}"""
SIGN = """async ([ticket, message]) => {
    const opening = indexedDB.open("virage-passes");
    const database = await new Promise((resolve) => { opening.onsuccess = () => resolve(opening.result); });
    const asking = database.transaction("holder_key").objectStore("holder_key").get(ticket);
    const { private_key } = await new Promise((resolve) => { asking.onsuccess = () => resolve(asking.result); });
    database.close();
    const signature = await crypto.subtle.sign(private_key.algorithm.name, private_key, Uint8Array.from(message));
    return [...new Uint8Array(signature)];
}"""

# Every table with the columns that are not generated, its primary key, and the tables that it
# references.
TABLES = """
select
    c.oid::regclass::text as name,
    array(
        select quote_ident(attname) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
    ) as columns,
    array(
        select quote_ident(a.attname) from pg_index as i
        cross join unnest(i.indkey::int2[]) with ordinality as k (attnum, place)
        join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary order by k.place
    ) as key,
    array(
        select confrelid::regclass::text from pg_constraint where conrelid = c.oid and contype = 'f'
    ) as referred
from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')
order by 1
"""

Rows = dict[str, list[dict[str, Any]]]


class Stored(Struct, frozen=True):
    """The contents of a fan's browser; of the keys their public half, and whether the private one
    could be read.
    """

    holder_keys: list[dict[str, Any]]
    phone_keys: list[dict[str, Any]]
    kept: dict[str, Any]
    local_storage: dict[str, str]


class Fan(Struct, frozen=True):
    """The fan's visit: the browser's cookies, the ticket on this phone, the contents of the browser
    at its end.
    """

    person: UUID
    cookies: dict[str, str]
    event: UUID
    ticket: UUID
    stored: Stored


def fan() -> Fan:
    """Return the data of the fan's visit."""
    return msgspec.json.decode(EXPECTED.read_bytes(), type=Fan)


def stored(page: Page) -> Stored:
    """Read the contents of the browser."""
    return msgspec.convert(page.evaluate(READ), Stored)


def signed(page: Page, ticket: UUID, message: bytes) -> bytes:
    """Sign with the holder's key, which never leaves the browser."""
    return bytes(page.evaluate(SIGN, [str(ticket), list(message)]))


async def all_rows(url: str) -> Rows:
    """Return every row of a database as JSON, by table."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(TABLES)
        return {
            table["name"]: [
                json.loads(row[0]) for row in await connection.fetch(f"select to_jsonb(t) from {table['name']} as t")
            ]
            for table in tables
        }
    finally:
        await connection.close()


def keep_rows(before: Rows, after: Rows) -> None:
    """Keep only the new rows of the second state."""
    found = {}
    for name, rows in after.items():
        known = {json.dumps(row, sort_keys=True) for row in before[name]}
        new = [row for row in rows if json.dumps(row, sort_keys=True) not in known]
        if new:
            found[name] = new
    ROWS.write_bytes(gzip.compress(json.dumps(found, sort_keys=True).encode(), 9, mtime=0))


async def give_rows(url: str) -> None:
    """Write the rows of the visit into a restored dump that is not migrated yet.

    Transaction ids are spent as for the dump, until the next one is above all journal positions of
    the visit.
    """
    rows: Rows = json.loads(gzip.decompress(ROWS.read_bytes()))
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            tables = {table["name"]: table for table in await connection.fetch(TABLES)}
            referred = {name: {*tables[name]["referred"]} & rows.keys() - {name} for name in rows}
            for name in TopologicalSorter(referred).static_order():
                await _give(connection, tables[name], json.dumps(rows[name]))
    finally:
        await connection.close()
    last = max(int(fact["xid"]) for fact in rows["kernel.journal"])
    await execute(url, SPEND_TRANSACTION_IDS.format(last + 1))


async def _give(connection: asyncpg.Connection, table: asyncpg.Record, rows: str) -> None:
    """Write rows of one table, as updates only if there are any: some tables refuse every update."""
    name, columns, key = table["name"], ", ".join(table["columns"]), ", ".join(table["key"])
    given = f"jsonb_populate_recordset(null::{name}, $1::jsonb)"
    changed = f"select count(*) from {name} join {given} using ({key})"
    add = f"insert into {name} ({columns}) overriding system value select {columns} from {given}"
    if await connection.fetchval(changed, rows):
        changes = ", ".join(f"{column} = excluded.{column}" for column in table["columns"])
        add += f" on conflict ({key}) do update set {changes}"
    await connection.execute(add, rows)


def give_cookies(context: BrowserContext) -> None:
    """Give a browser the session of the visit: a profile's cookies expire by the real clock, so they are not kept."""
    host = HOST.partition(":")[0]
    context.add_cookies(
        [
            {"name": name, "value": value, "domain": host, "path": "/", "secure": True, "httpOnly": True}
            for name, value in fan().cookies.items()
        ]
    )


def build_of(page: Page) -> set[str]:
    """Return the scripts of a page's build; their names are hashes of their content."""
    return set(page.evaluate("[...document.querySelectorAll('script[src]')].map((tag) => tag.getAttribute('src'))"))


def build_in(html: str) -> set[str]:
    """Return the scripts that a page's text names."""
    return set(re.findall(r'<script[^>]*\bsrc="([^"]+)"', html))


def unpack_fan(profile: Path) -> None:
    """Make a profile from the fan's stored files."""
    with tarfile.open(STORAGE) as kept:
        kept.extractall(profile, filter="data")
