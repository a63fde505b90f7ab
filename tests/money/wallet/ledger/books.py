"""The books of the purses in tests: purses with money in them, payments, and an audit afterwards."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from virage.money.wallet.accounts.acts import lock_purses, open_purses
from virage.money.wallet.funding.reads.audit import Audit, audit
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import Kind, Outcome, Posted, Transfer, account, purse
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
TILL = account(Kind.REVENUE, "till 1:200")
DRAWER = account(Kind.CASH, "desk 1")


async def loaded_purse(conn: Connection, cents: int, owner_id: UUID | None = None) -> UUID:
    """A purse into which so much cash was paid at a desk."""
    purse_id = new_id()
    assert await open_purses(conn, {purse_id: owner_id}, NOW) == {purse_id}
    await lock_purses(conn, [purse_id])  # what follows in the test's transaction may lock it: accounts come later
    if cents:
        transfer = Transfer(new_id(), DRAWER, purse(purse_id), cents, "top_up", purse_id)
        assert await ledger.post(conn, [[transfer]], NOW) == [Posted(cents)]
    return purse_id


def payment(purse_id: UUID, cents: int) -> Transfer:
    return Transfer(new_id(), purse(purse_id), TILL, cents, "sale", new_id())


async def posted(db: Database, *entries: Sequence[Transfer]) -> list[Outcome]:
    async with db.transaction() as conn:
        return await ledger.post(conn, entries, NOW)


async def books(db: Database) -> Audit:
    async with db.transaction() as conn:
        return await audit(conn)
