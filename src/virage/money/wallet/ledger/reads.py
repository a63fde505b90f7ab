"""Balances of accounts and their transfers, for the domains above."""

from collections.abc import Collection
from uuid import UUID

from virage.money.wallet.ledger import store
from virage.money.wallet.ledger.rules import Account
from virage.money.wallet.ledger.store import (
    BalanceMismatch,
    HistoryRow,
    balance_mismatches,
    balance_of_kinds,
    history,
    sums_of_units,
    transfers,
)
from virage.money.wallet.ledger.store import balances as balances_by_id
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

__all__ = [
    "BalanceMismatch",
    "HistoryRow",
    "balance_mismatches",
    "balance_of_kinds",
    "balances",
    "balances_by_id",
    "history",
    "sums_of_units",
    "transfers",
]


async def balances(conn: Connection, accounts: Collection[Account]) -> dict[UUID, Cents]:
    """Return balances by account id; accounts that are not open are missing."""
    found = await store.balances(conn, [account.id for account in accounts])
    return {account_id: balance.balance_cents for account_id, balance in found.items()}
