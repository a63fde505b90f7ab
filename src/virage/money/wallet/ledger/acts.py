"""Post batches of ledger entries."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from virage.money.wallet.ledger import store
from virage.money.wallet.ledger.rules import OPENED_ON_FIRST_USE, Account, Entry, Outcome, decide
from virage.money.wallet.ledger.store import lock_accounts, open_accounts
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

__all__ = ["available", "lock_accounts", "open_accounts", "post"]


async def post(conn: Connection, entries: Sequence[Entry], now: datetime) -> list[Outcome]:
    """Post the entries of a batch; return one outcome each, in order. The caller appends journal facts.

    An entry is posted whole or not at all. A repeated entry returns its first outcome. Refusals:
    insufficient_funds (data.available_cents), amount_invalid, units_differ, account_not_found, hold_not_found,
    hold_ended, exceeds_hold (data.held_cents), transfer_id_taken.
    """
    transfers = [transfer for entry in entries for transfer in entry]
    accounts = {transfer.debit.id: transfer.debit for transfer in transfers}
    accounts |= {transfer.credit.id: transfer.credit for transfer in transfers}
    # Open accounts before locking any: a process that waits here for another one holds no lock.
    await _open(conn, [one for one in accounts.values() if one.kind in OPENED_ON_FIRST_USE])
    balances = await store.lock_accounts(conn, accounts)
    named = [transfer.id for transfer in transfers]
    named += [transfer.hold_id for transfer in transfers if transfer.hold_id is not None]
    posting = decide(entries, balances, await store.transfers(conn, named))
    if posting.new:
        await store.post(conn, posting.new, posting.moved, now)
    return posting.outcomes


async def _open(conn: Connection, accounts: Sequence[Account]) -> None:
    """Open missing accounts. Usually none is missing, and counting is cheaper than inserting."""
    if await store.count_accounts(conn, [one.id for one in accounts]) < len(accounts):
        await store.open_accounts(conn, sorted(accounts, key=_by_id))


def _by_id(account: Account) -> UUID:
    return account.id


async def available(conn: Connection, account_ids: Collection[UUID]) -> dict[UUID, Cents]:
    """Return the available cents of wallet and bonus accounts; they stay locked until the transaction ends."""
    return {id_: found.available_cents for id_, found in (await store.lock_accounts(conn, account_ids)).items()}
