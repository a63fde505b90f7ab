"""Balances of accounts, for the domains above."""

from collections.abc import Collection
from uuid import UUID

from virage.money.wallet.rules.ledger import Account
from virage.money.wallet.store import ledger as store
from virage.platform.database import Connection
from virage.platform.money import Cents


async def balances(conn: Connection, accounts: Collection[Account]) -> dict[UUID, Cents]:
    """What accounts hold; those that have not begun yet are missing."""
    found = await store.balances(conn, [account.id for account in accounts])
    return {account_id: balance.balance_cents for account_id, balance in found.items()}
