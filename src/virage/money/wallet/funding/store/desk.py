"""What desks took for purses and paid out of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.accounts.api import came_in, purses_by_id
from virage.money.wallet.accounts.types import DeskTender
from virage.money.wallet.funding.rules.desk import Load, Loaded, Standing
from virage.money.wallet.funding.rules.loads import SignedLoad
from virage.money.wallet.funding.store.queries import queries
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Balance
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.site.venue.api import VENUE_ZONE


def _load(row: Any) -> Load:
    id_, till_id, purse_id, card_id, cashier, cents, tender, slip = tuple(row)[:8]
    return Load(id_, till_id, purse_id, card_id, cashier, cents, DeskTender(tender), slip)


def _loaded(row: Any) -> Loaded:
    return Loaded(_load(row), row["booked_at"], row["body"])


async def lock_turn_of_load(conn: Connection, till_id: UUID, load_id: UUID) -> None:
    """Wait until nobody else books what a till calls one load."""
    async for _ in queries.lock_turn_of_load(conn, what=f"load {till_id} {load_id}"):
        return


async def load(conn: Connection, till_id: UUID, load_id: UUID) -> Loaded | None:
    """A load of a till."""
    row = await queries.load(conn, till_id=till_id, id=load_id)
    return None if row is None else _loaded(row)


async def insert_load(conn: Connection, one: Load, signed: SignedLoad, now: datetime) -> None:
    """Write a load down, with what its till signed of it."""
    await queries.insert_load(
        conn,
        till_id=one.till_id,
        id=one.id,
        purse_id=one.purse_id,
        card_id=one.card_id,
        cashier=one.cashier,
        cents=one.cents,
        tender=one.tender,
        slip=one.slip,
        body=signed.body,
        signature=signed.signature,
        now=now,
    )


async def loaded_since(conn: Connection, purse_id: UUID, since: datetime) -> Cents:
    """What desks took for a purse since a moment."""
    return int(await queries.loaded_since(conn, purse_id=purse_id, since=since))


async def standing(conn: Connection, purse_id: UUID, now: datetime) -> Standing:
    """What a desk must know of a purse before it takes money for it or pays some out."""
    purse = (await purses_by_id(conn, [purse_id]))[purse_id]
    balance = (await balances_by_id(conn, [purse_id])).get(purse_id, Balance())
    month = now.astimezone(VENUE_ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    loaded = await loaded_since(conn, purse_id, month)
    return Standing(purse, balance.balance_cents, balance.available_cents, loaded, await came_in(conn, purse_id))


async def loads_of_purse(conn: Connection, purse_id: UUID) -> list[Loaded]:
    """All that desks did to a purse, the earliest first."""
    return [_loaded(row) async for row in queries.loads_of_purse(conn, purse_id=purse_id)]


class KeptLoad(Struct, frozen=True):
    """A load as it stands, with the bytes that its till signed and the signature."""

    load: Load
    body: bytes
    signature: bytes


async def signed_loads(conn: Connection) -> list[KeptLoad]:
    """All loads that tills signed, by till and id."""
    return [KeptLoad(_load(row), row["body"], row["signature"]) async for row in queries.signed_loads(conn)]


async def unsigned_loads(conn: Connection) -> int:
    """How many loads are of before tills signed them."""
    return int(await queries.unsigned_loads(conn))


async def takings(conn: Connection, since: datetime, until: datetime) -> dict[tuple[UUID, DeskTender], Cents]:
    """What desks took in less what they paid out, by till and tender."""
    rows = queries.takings(conn, since=since, until=until)
    return {(row["till_id"], DeskTender(row["tender"])): row["cents"] async for row in rows}


async def balances_of_tills(conn: Connection) -> dict[tuple[str, DeskTender], Cents]:
    """How the drawers and terminals of tills stand, by the key of their account."""
    rows = queries.balances_of_tills(conn)
    return {(row["key"], DeskTender(row["kind"])): row["balance_cents"] async for row in rows}
