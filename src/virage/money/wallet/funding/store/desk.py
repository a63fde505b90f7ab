"""What desks took for wallets and paid out of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.accounts.api import paid_in_at_desks, wallets_by_id
from virage.money.wallet.accounts.types import DeskTender
from virage.money.wallet.funding.rules.desk import BookedDeskTransaction, DeskTransaction, Standing
from virage.money.wallet.funding.rules.desk_records import SignedDeskRecord
from virage.money.wallet.funding.store.queries import queries
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Balance
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents
from virage.site.venue.api import VENUE_ZONE


def _load(row: Any) -> DeskTransaction:
    id_, till_id, wallet_id, card_id, cashier, cents, tender, slip = tuple(row)[:8]
    return DeskTransaction(id_, till_id, wallet_id, card_id, cashier, cents, DeskTender(tender), slip)


def _loaded(row: Any) -> BookedDeskTransaction:
    return BookedDeskTransaction(_load(row), row["booked_at"], row["body"])


async def lock_turn_of_desk_transaction(conn: Connection, till_id: UUID, load_id: UUID) -> None:
    """Lock the desk transactions of a till by id."""
    async for _ in queries.lock_turn_of_desk_transaction(conn, what=f"load {till_id} {load_id}"):
        return


async def load(conn: Connection, till_id: UUID, load_id: UUID) -> BookedDeskTransaction | None:
    """A load of a till."""
    row = await queries.load(conn, till_id=till_id, id=load_id)
    return None if row is None else _loaded(row)


async def insert_desk_transaction(
    conn: Connection, one: DeskTransaction, signed: SignedDeskRecord, now: datetime
) -> None:
    """Write a load down, with what its till signed of it."""
    await queries.insert_desk_transaction(
        conn,
        till_id=one.till_id,
        id=one.id,
        wallet_id=one.wallet_id,
        card_id=one.card_id,
        cashier=one.cashier,
        cents=one.cents,
        tender=one.tender,
        slip=one.slip,
        body=signed.body,
        signature=signed.signature,
        now=now,
    )


async def topped_up_since(conn: Connection, wallet_id: UUID, since: datetime) -> Cents:
    """What desks took for a wallet since a moment."""
    return int(await queries.topped_up_since(conn, wallet_id=wallet_id, since=since))


async def standing(conn: Connection, wallet_id: UUID, now: datetime) -> Standing:
    """What a desk must know of a wallet before it takes money for it or pays some out."""
    wallet = (await wallets_by_id(conn, [wallet_id]))[wallet_id]
    balance = (await balances_by_id(conn, [wallet_id])).get(wallet_id, Balance())
    month = now.astimezone(VENUE_ZONE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    loaded = await topped_up_since(conn, wallet_id, month)
    return Standing(
        wallet, balance.balance_cents, balance.available_cents, loaded, await paid_in_at_desks(conn, wallet_id)
    )


async def desk_transactions_of_wallet(conn: Connection, wallet_id: UUID) -> list[BookedDeskTransaction]:
    """All that desks did to a wallet, the earliest first."""
    return [_loaded(row) async for row in queries.desk_transactions_of_wallet(conn, wallet_id=wallet_id)]


class StoredDeskRecord(Struct, frozen=True):
    """A load as it stands, with the bytes that its till signed and the signature."""

    load: DeskTransaction
    body: bytes
    signature: bytes


async def signed_desk_records(conn: Connection) -> list[StoredDeskRecord]:
    """All loads that tills signed, by till and id."""
    return [
        StoredDeskRecord(_load(row), row["body"], row["signature"]) async for row in queries.signed_desk_records(conn)
    ]


async def unsigned_desk_transactions(conn: Connection) -> int:
    """Return the number of unsigned desk transactions."""
    return int(await queries.unsigned_desk_transactions(conn))


async def takings(conn: Connection, since: datetime, until: datetime) -> dict[tuple[UUID, DeskTender], Cents]:
    """What desks took in less what they paid out, by till and tender."""
    rows = queries.takings(conn, since=since, until=until)
    return {(row["till_id"], DeskTender(row["tender"])): row["cents"] async for row in rows}


async def balances_of_tills(conn: Connection) -> dict[tuple[str, DeskTender], Cents]:
    """How the drawers and terminals of tills stand, by the key of their account."""
    rows = queries.balances_of_tills(conn)
    return {(row["key"], DeskTender(row["kind"])): row["balance_cents"] async for row in rows}
