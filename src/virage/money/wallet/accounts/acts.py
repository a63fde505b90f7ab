"""Open wallets, and move balances of linked cards."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from virage.money.wallet.accounts import store
from virage.money.wallet.accounts.rules import bonus as bonus_rules
from virage.money.wallet.accounts.rules import wallets as rules
from virage.money.wallet.accounts.rules.wallets import DeskTender, Reason, Wallet
from virage.money.wallet.accounts.store import (
    close_wallet,
    lock_turn_of_person,
    lock_wallet_of,
    lock_wallets,
    own_wallet,
)
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Balance, bonus, wallet_account
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

__all__ = [
    "close_wallet",
    "ensure_wallet",
    "lock",
    "lock_turn_of_person",
    "lock_wallet_of",
    "lock_wallets",
    "move_balance",
    "open_wallets",
    "own_wallet",
]


async def open_wallets(conn: Connection, owners: Mapping[UUID, UUID | None], now: datetime) -> set[UUID]:
    """Open wallets (owner by id) with their accounts; return the new ones. An owner with a wallet keeps it."""
    opened = await store.open_wallets(conn, owners, now)
    await ledger.open_accounts(conn, [wallet_account(wallet_id) for wallet_id in sorted(opened)])
    return opened


async def ensure_wallet(conn: Connection, owner_id: UUID, now: datetime) -> Wallet:
    """Return the wallet of a person; open it if there is none."""
    found = await store.wallet_of(conn, owner_id)
    if found is not None:
        return found
    await lock_turn_of_person(conn, owner_id)  # linking a card may give the person a wallet meanwhile
    opened = await open_wallets(conn, {new_id(): owner_id}, now)
    await append(conn, [Fact("purse_opened", owner_id, wallet_id) for wallet_id in opened], now)
    found = await store.wallet_of(conn, owner_id)
    assert found is not None  # noqa: S101 - opened here or by a concurrent transaction
    return found


async def move_balance(
    conn: Connection, left_id: UUID, wallet_id: UUID, card_id: UUID, *, wallet_max_cents: Cents, now: datetime
) -> Refused | None:
    """Move the available balance of a wallet to the wallet that its card was linked to; holds stay.

    Refusal: `wallet_would_exceed` (left_cents). Terminal money counts as left first, so that bank-card money never
    becomes cash.
    """
    left, given = wallet_account(left_id).id, bonus(left_id).id
    balances = await ledger.lock_accounts(conn, [left, given, wallet_id])
    cents, bonus_cents = (balances.get(id_, Balance()).available_cents for id_ in (left, given))
    room = max(0, wallet_max_cents - balances.get(wallet_id, Balance()).balance_cents)
    if cents > room:
        return Refused(Reason.WALLET_WOULD_EXCEED, {"left_cents": room})
    paid_in_at_desks = (await store.paid_in_at_desks(conn, left_id)).get(DeskTender.TERMINAL, 0)
    terminal_cents = max(0, min(cents, paid_in_at_desks))
    entries = [
        rules.follow((new_id(), new_id()), card_id, left_id, wallet_id, part, by_terminal=by_terminal)
        for part, by_terminal in ((cents - terminal_cents, False), (terminal_cents, True))
        if part
    ]
    if bonus_cents:
        entries.append(bonus_rules.follow((new_id(), new_id()), card_id, left_id, wallet_id, bonus_cents))
    for posted in await ledger.post(conn, entries, now) if entries else ():
        if isinstance(posted, Refused):
            raise RuntimeError(f"The balance of wallet {left_id} did not follow its card: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
    return None


async def lock(conn: Connection, owner_id: UUID) -> None:
    """Lock a person's wallet, before a transaction that releases holds in it and closes it."""
    await store.lock_wallet_of(conn, owner_id)
