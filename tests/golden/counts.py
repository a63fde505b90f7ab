"""Counts of the golden database: the queries that a renamed schema changes, all in this file."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

COUNTS = {
    "events": "select count(*) from programme.event",
    "people": "select count(*) from people.person",
    "devices": "select count(*) from people.device",
    "orders": "select count(*) from ticketing.orders",
    "paid orders": "select count(*) from ticketing.orders where state = 'paid'",
    "cents of paid orders": "select sum(total_cents) from ticketing.orders where state = 'paid'",
    "tickets": "select count(*) from ticketing.ticket",
    "payments": "select count(*) from payments.payment",
    "passes": "select count(*) from passes.pass",
    "signing keys": "select count(*) from keys.signing_key",
    "scans": "select count(*) from access.scan",
    "crossings": "select count(*) from access.crossing",
    "people inside": "select count(*) from access.presence where state = 'inside'",
    "ledger accounts": "select count(*) from wallet_ledger.account",
    "ledger transfers": "select count(*) from wallet_ledger.transfer",
    "cents in wallets": "select sum(balance_cents) from wallet_ledger.account where kind = 'purse'",
    "sum of the ledger": "select sum(balance_cents) from wallet_ledger.account",
    "contactless cards": "select count(*) from wallet_cards.card",
    "fiscal records": "select count(*) from fiscal.record",
    "fiscal anchors": "select count(*) from fiscal.anchor",
    "fiscal closings": "select count(*) from fiscal.closing",
    "products": "select count(*) from food_menu.item",
    "journal facts": "select count(*) from kernel.journal",
}
MIGRATIONS = "select name from kernel.migration order by name"
TILLS = "select device_id, number from fiscal.till_head where not training and number > 0"
SCANS = "select number, kind, pass_number, offline from access.scan where device_id = $1 order by number"
INSIDE = "select pass_number from access.presence where event_id = $1 and state = 'inside' order by pass_number"
JOURNAL = "select seq, what, who::text as who, data::text as data from kernel.journal order by seq"
ISSUER_KEYS = "select kid, public from keys.signing_key where event_id = $1"


class StoredScan(Struct, frozen=True):
    """A scan that the server has stored; `number` is the device's own count."""

    number: int
    kind: str
    pass_number: int | None
    offline: bool


class Fact(Struct, frozen=True):
    """A fact of the journal; `seq` is its number in the table."""

    seq: int
    what: str
    who: str | None
    data: Any


class Counted(Struct, frozen=True):
    """The counts of a golden database."""

    migrations: list[str]
    counts: dict[str, int]
    tills: dict[UUID, int]


async def counted(url: str) -> Counted:
    """Count a golden database."""
    connection = await asyncpg.connect(url)
    try:
        return Counted(
            [row["name"] for row in await connection.fetch(MIGRATIONS)],
            {name: int(await connection.fetchval(query)) for name, query in COUNTS.items()},
            {row["device_id"]: row["number"] for row in await connection.fetch(TILLS)},
        )
    finally:
        await connection.close()


async def stored_scans(url: str, device: UUID) -> list[StoredScan]:
    """Return the scans of a device, by number."""
    connection = await asyncpg.connect(url)
    try:
        return [StoredScan(**row) for row in await connection.fetch(SCANS, device)]
    finally:
        await connection.close()


async def inside(url: str, event: UUID) -> list[int]:
    """Return the numbers of the passes with the presence inside."""
    connection = await asyncpg.connect(url)
    try:
        return [row["pass_number"] for row in await connection.fetch(INSIDE, event)]
    finally:
        await connection.close()


async def issuer_keys(url: str, event: UUID) -> dict[bytes, bytes]:
    """Return the public keys that verify the passes of an event, by their ids."""
    connection = await asyncpg.connect(url)
    try:
        return {row["kid"]: row["public"] for row in await connection.fetch(ISSUER_KEYS, event)}
    finally:
        await connection.close()


async def journal_of(connection: Any) -> list[Fact]:
    """Return all facts of the journal, by number."""
    rows = await connection.fetch(JOURNAL)
    return [Fact(row["seq"], row["what"], row["who"], msgspec.json.decode(row["data"])) for row in rows]


async def position(url: str) -> tuple[datetime, int]:
    """Return the moment and the next transaction id of a database server."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow("select now(), pg_current_xact_id()::text::bigint")
        assert row is not None
        return row[0], row[1]
    finally:
        await connection.close()
