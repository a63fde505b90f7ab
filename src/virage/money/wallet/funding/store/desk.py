"""Desk transactions: top-ups and payouts at card desks."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.money.wallet.accounts.api import paid_in_at_desks, wallets_by_id
from virage.money.wallet.accounts.types import DeskTender
from virage.money.wallet.funding.rules.desk import BookedDeskTransaction, DeskTransaction, Standing
from virage.money.wallet.funding.rules.desk_records import SignedDeskRecord
from virage.money.wallet.funding.store.queries import queries
from virage.money.wallet.ledger.api import balances_by_id
from virage.money.wallet.ledger.types import Balance
from virage.platform.data.database import Connection
from virage.platform.values.days import month_begins
from virage.platform.values.money import Cents


def _transaction(row: Any) -> DeskTransaction:
    return DeskTransaction(
        id=row["id"],
        till_id=row["till_id"],
        wallet_id=row["purse_id"],
        card_id=row["card_id"],
        cashier=row["cashier"],
        cents=row["cents"],
        tender=DeskTender(row["tender"]),
        slip=row["slip"],
    )


def _booking(row: Any) -> BookedDeskTransaction:
    return BookedDeskTransaction(_transaction(row), row["booked_at"], row["body"])


async def lock_turn_of_desk_transaction(conn: Connection, till_id: UUID, transaction_id: UUID) -> None:
    """Lock the desk transactions of a till by id."""
    async for _ in queries.lock_turn_of_desk_transaction(conn, what=f"load {till_id} {transaction_id}"):
        return


async def desk_transaction(conn: Connection, till_id: UUID, transaction_id: UUID) -> BookedDeskTransaction | None:
    """Return a desk transaction of a till, or None."""
    row = await queries.desk_transaction(conn, till_id=till_id, id=transaction_id)
    return None if row is None else _booking(row)


async def insert_desk_transaction(
    conn: Connection, transaction: DeskTransaction, signed: SignedDeskRecord, now: datetime
) -> None:
    """Store a desk transaction with the record that its till signed."""
    await queries.insert_desk_transaction(
        conn,
        till_id=transaction.till_id,
        id=transaction.id,
        wallet_id=transaction.wallet_id,
        card_id=transaction.card_id,
        cashier=transaction.cashier,
        cents=transaction.cents,
        tender=transaction.tender,
        slip=transaction.slip,
        body=signed.body,
        signature=signed.signature,
        now=now,
    )


async def topped_up_since(conn: Connection, wallet_id: UUID, since: datetime) -> Cents:
    """Return the top-ups of a wallet at desks since a moment."""
    return int(await queries.topped_up_since(conn, wallet_id=wallet_id, since=since))


async def standing(conn: Connection, wallet_id: UUID, *, zone: ZoneInfo, now: datetime) -> Standing:
    """Return the state of a wallet that a desk checks before a top-up or payout."""
    wallet = (await wallets_by_id(conn, [wallet_id]))[wallet_id]
    balance = (await balances_by_id(conn, [wallet_id])).get(wallet_id, Balance())
    topped_up = await topped_up_since(conn, wallet_id, month_begins(now, zone))
    return Standing(
        wallet, balance.balance_cents, balance.available_cents, topped_up, await paid_in_at_desks(conn, wallet_id)
    )


async def desk_transactions_of_wallet(conn: Connection, wallet_id: UUID) -> list[BookedDeskTransaction]:
    """Return the desk transactions of a wallet, the earliest first."""
    return [_booking(row) async for row in queries.desk_transactions_of_wallet(conn, wallet_id=wallet_id)]


class StoredDeskRecord(Struct, frozen=True):
    """A stored desk transaction with the bytes that its till signed and the signature."""

    transaction: DeskTransaction
    body: bytes
    signature: bytes


async def signed_desk_records(conn: Connection) -> list[StoredDeskRecord]:
    """Return all signed desk transactions, by till and id."""
    return [
        StoredDeskRecord(_transaction(row), row["body"], row["signature"])
        async for row in queries.signed_desk_records(conn)
    ]


async def unsigned_desk_transactions(conn: Connection) -> int:
    """Return the number of unsigned desk transactions."""
    return int(await queries.unsigned_desk_transactions(conn))


async def takings(conn: Connection, since: datetime, until: datetime) -> dict[tuple[UUID, DeskTender], Cents]:
    """Return top-ups less payouts, by till and tender."""
    rows = queries.takings(conn, since=since, until=until)
    return {(row["till_id"], DeskTender(row["tender"])): row["cents"] async for row in rows}


async def balances_of_tills(conn: Connection) -> dict[tuple[str, DeskTender], Cents]:
    """Return the balances of drawers and terminals, by the key of their account."""
    rows = queries.balances_of_tills(conn)
    return {(row["key"], DeskTender(row["kind"])): row["balance_cents"] async for row in rows}
