"""Money moves from account to account, for many entries at once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from virage.money.wallet.ledger import store
from virage.money.wallet.ledger.rules import OPENED_BY_USE, Account, Entry, Outcome, decide
from virage.money.wallet.ledger.store import lock_accounts, open_accounts
from virage.platform.data.database import Connection
from virage.platform.values.money import Cents

__all__ = ["available", "lock_accounts", "open_accounts", "post"]


async def post(conn: Connection, entries: Sequence[Entry], now: datetime) -> list[Outcome]:
    """Post the entries of a batch, one outcome each, in order; what each is about writes its own fact.

    An entry happens whole or not at all, and once: with the same ids again it is answered again. Refusals:
    insufficient_funds (data.available_cents), amount_invalid, account_not_found, hold_not_found, hold_ended,
    exceeds_hold (data.held_cents), transfer_id_taken.
    """
    transfers = [transfer for entry in entries for transfer in entry]
    accounts = {transfer.debit.id: transfer.debit for transfer in transfers}
    accounts |= {transfer.credit.id: transfer.credit for transfer in transfers}
    # Opened before any account is locked: who waits here for another process that opens the same one holds nothing.
    await _open(conn, [one for one in accounts.values() if one.kind in OPENED_BY_USE])
    balances = await store.lock_accounts(conn, accounts)
    named = [transfer.id for transfer in transfers]
    named += [transfer.hold_id for transfer in transfers if transfer.hold_id is not None]
    posting = decide(entries, balances, await store.transfers(conn, named))
    if posting.new:
        await store.post(conn, posting.new, posting.moved, now)
    return posting.outcomes


async def _open(conn: Connection, accounts: Sequence[Account]) -> None:
    """Begin those that are not there yet. Nearly always all of them are, and a count is cheaper than a try."""
    if await store.count_accounts(conn, [one.id for one in accounts]) < len(accounts):
        await store.open_accounts(conn, sorted(accounts, key=_by_id))


def _by_id(account: Account) -> UUID:
    return account.id


async def available(conn: Connection, account_ids: Collection[UUID]) -> dict[UUID, Cents]:
    """What may be spent of purses and of bonus credit, which stay locked; for whoever must know before it is spent."""
    return {id_: found.available_cents for id_, found in (await store.lock_accounts(conn, account_ids)).items()}
