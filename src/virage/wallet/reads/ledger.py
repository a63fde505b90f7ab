"""Balances of accounts, for the domains above."""

from collections.abc import Collection
from uuid import UUID

from virage.kernel.database import Connection
from virage.kernel.money import Cents
from virage.wallet.rules.ledger import Account
from virage.wallet.store import ledger as store


async def balances(conn: Connection, accounts: Collection[Account]) -> dict[UUID, Cents]:
    """What accounts hold; those that have not begun yet are missing."""
    found = await store.balances(conn, [account.id for account in accounts])
    return {account_id: balance.balance_cents for account_id, balance in found.items()}
