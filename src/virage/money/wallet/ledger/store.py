"""Accounts and transfers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.money.wallet.ledger.rules import HOLDING, Account, Balance, StoredTransfer, Transfer
from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.platform.values.money import Cents

queries = load(__file__)


class BalanceMismatch(Struct, frozen=True):
    """An account whose balance or holds differ from its transfers (`told_…`)."""

    id: UUID
    balance_cents: Cents
    held_cents: Cents
    told_balance_cents: Cents
    told_held_cents: Cents


class HistoryRow(Struct, frozen=True):
    """A transfer in the history of a wallet."""

    id: UUID
    at: datetime
    cents: Cents
    step: str
    purpose: str
    subject: UUID
    debit_id: UUID
    credit_id: UUID
    hold_id: UUID | None


async def lock_accounts(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Balance]:
    """Accounts by id, locked in the order of their ids."""
    rows = queries.lock_accounts(conn, ids=list(ids))
    return {row[0]: Balance(row[1], row[2]) async for row in rows}


async def balances(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Balance]:
    """Accounts by id, as they stand."""
    return {row[0]: Balance(row[1], row[2]) async for row in queries.balances(conn, ids=list(ids))}


async def count_accounts(conn: Connection, ids: Collection[UUID]) -> int:
    """Return how many of these accounts exist."""
    return int(await queries.count_accounts(conn, ids=list(ids)))


async def open_accounts(conn: Connection, accounts: Sequence[Account]) -> None:
    """Open accounts; existing ones stay."""
    await queries.open_accounts(
        conn,
        ids=[account.id for account in accounts],
        kinds=[account.kind for account in accounts],
        keys=[account.key for account in accounts],
    )


async def transfers(conn: Connection, ids: Collection[UUID]) -> dict[UUID, StoredTransfer]:
    """Stored transfers by id."""
    return {row[0]: StoredTransfer(*row) async for row in queries.transfers(conn, ids=list(ids))}


async def post(conn: Connection, new: Sequence[Transfer], moved: Mapping[UUID, Balance], now: datetime) -> None:
    """Write the transfers of a batch and the new balances of its locked accounts, in one statement.

    Columns for holds are sent empty when no transfer holds, captures or voids, which is the usual case.
    """
    holds = any(transfer.step in HOLDING for transfer in new)
    await queries.post(
        conn,
        account_ids=list(moved),
        balances=[balance.balance_cents for balance in moved.values()],
        helds=[balance.held_cents for balance in moved.values()] if holds else [],
        ids=[transfer.id for transfer in new],
        debit_ids=[transfer.debit.id for transfer in new],
        credit_ids=[transfer.credit.id for transfer in new],
        subjects=[transfer.subject for transfer in new],
        wallet_ids=[transfer.debit.wallet_id or transfer.credit.wallet_id for transfer in new],
        cents=[transfer.cents for transfer in new],
        purposes=[transfer.purpose for transfer in new],
        steps=[transfer.step for transfer in new] if holds else [],
        hold_ids=[transfer.hold_id for transfer in new] if holds else [],
        now=now,
    )


class Sums(Struct, frozen=True):
    """What all accounts of each unit hold together: zero."""

    cents: Cents
    points: int


async def sums_of_units(conn: Connection) -> Sums:
    """Return what all accounts of money hold together, and all of points."""
    return Sums(**await queries.sums_of_units(conn))


async def balance_mismatches(conn: Connection) -> list[BalanceMismatch]:
    """Return accounts whose balance or holds differ from their transfers."""
    return [BalanceMismatch(*row) async for row in queries.balance_mismatches(conn)]


async def balance_of_kinds(conn: Connection) -> dict[str, Balance]:
    """What the accounts of each kind hold together."""
    return {row[0]: Balance(row[1], row[2]) async for row in queries.balance_of_kinds(conn)}


async def history(conn: Connection, wallet_id: UUID, before: datetime, limit: int) -> list[HistoryRow]:
    """Return transfers and open holds of a wallet before a moment, latest first, with all rows of the last moment."""
    rows = [HistoryRow(*row) async for row in queries.history(conn, wallet_id=wallet_id, before=before, limit_=limit)]
    return sorted(rows, key=lambda row: (row.at, row.id), reverse=True)
