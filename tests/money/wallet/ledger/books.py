"""The books of the wallets in tests: funded wallets, payments, and an audit afterwards."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from virage.money.wallet.accounts.acts import lock_wallets, open_wallets
from virage.money.wallet.funding.reads.audit import Audit, audit
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import AccountKind, Outcome, Posted, Transfer, account, wallet_account
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
TILL = account(AccountKind.REVENUE, "till 1:200")
DRAWER = account(AccountKind.CASH, "desk 1")


async def loaded_wallet(conn: Connection, cents: int, owner_id: UUID | None = None) -> UUID:
    """A wallet with so much cash, paid in at a desk."""
    wallet_id = new_id()
    assert await open_wallets(conn, {wallet_id: owner_id}, NOW) == {wallet_id}
    await lock_wallets(conn, [wallet_id])  # the test's transaction may lock it later: accounts come after it
    if cents:
        transfer = Transfer(new_id(), DRAWER, wallet_account(wallet_id), cents, "top_up", wallet_id)
        assert await ledger.post(conn, [[transfer]], NOW) == [Posted(cents)]
    return wallet_id


def payment(wallet_id: UUID, cents: int) -> Transfer:
    return Transfer(new_id(), wallet_account(wallet_id), TILL, cents, "sale", new_id())


async def posted(db: Database, *entries: Sequence[Transfer]) -> list[Outcome]:
    async with db.transaction() as conn:
        return await ledger.post(conn, entries, NOW)


async def books(db: Database) -> Audit:
    async with db.transaction() as conn:
        return await audit(conn)
