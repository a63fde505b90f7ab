"""Purses are opened, and what is in one follows its card to another one."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from virage.money.wallet.accounts import store
from virage.money.wallet.accounts.rules import bonus as gifts
from virage.money.wallet.accounts.rules import purses as rules
from virage.money.wallet.accounts.rules.purses import DeskTender, Purse, Reason
from virage.money.wallet.accounts.store import (
    close_purse,
    lock_purse_of,
    lock_purses,
    lock_turn_of_person,
    own_purse,
)
from virage.money.wallet.ledger import api as ledger
from virage.money.wallet.ledger.types import Balance, bonus
from virage.money.wallet.ledger.types import purse as purse_account
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.ids import new_id
from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused

__all__ = [
    "close_purse",
    "ensure_purse",
    "lock",
    "lock_purse_of",
    "lock_purses",
    "lock_turn_of_person",
    "move_balance",
    "open_purses",
    "own_purse",
]


async def open_purses(conn: Connection, owners: Mapping[UUID, UUID | None], now: datetime) -> set[UUID]:
    """Open purses with their empty accounts, by id with their owners; those that are new. Who has a purse keeps it."""
    opened = await store.open_purses(conn, owners, now)
    await ledger.open_accounts(conn, [purse_account(purse_id) for purse_id in sorted(opened)])
    return opened


async def ensure_purse(conn: Connection, owner_id: UUID, now: datetime) -> Purse:
    """Somebody's purse, opened if they have none."""
    found = await store.purse_of(conn, owner_id)
    if found is not None:
        return found
    await lock_turn_of_person(conn, owner_id)  # a card that is linked may bring a purse meanwhile
    opened = await open_purses(conn, {new_id(): owner_id}, now)
    await append(conn, [Fact("purse_opened", owner_id, purse_id) for purse_id in opened], now)
    found = await store.purse_of(conn, owner_id)
    assert found is not None  # noqa: S101 - it was opened here, or by whoever was first
    return found


async def move_balance(
    conn: Connection, left_id: UUID, purse_id: UUID, card_id: UUID, *, purse_max_cents: Cents, now: datetime
) -> Refused | None:
    """Let what is in a purse follow the card that left it; what is held there stays until its order ends.

    Refused is more than the purse may hold: `purse_would_exceed` (left_cents), and nothing has moved.
    What is left of it counts as what came by terminals first, so that no bank card's money becomes cash by the move.
    """
    left, given = purse_account(left_id).id, bonus(left_id).id
    balances = await ledger.lock_accounts(conn, [left, given, purse_id])
    cents, bonus_cents = (balances.get(id_, Balance()).available_cents for id_ in (left, given))
    room = max(0, purse_max_cents - balances.get(purse_id, Balance()).balance_cents)
    if cents > room:
        return Refused(Reason.PURSE_WOULD_EXCEED, {"left_cents": room})
    came_in = (await store.came_in(conn, left_id)).get(DeskTender.TERMINAL, 0)
    terminal_cents = max(0, min(cents, came_in))
    entries = [
        rules.follow((new_id(), new_id()), card_id, left_id, purse_id, part, by_terminal=by_terminal)
        for part, by_terminal in ((cents - terminal_cents, False), (terminal_cents, True))
        if part
    ]
    if bonus_cents:
        entries.append(gifts.follow((new_id(), new_id()), card_id, left_id, purse_id, bonus_cents))
    for posted in await ledger.post(conn, entries, now) if entries else ():
        if isinstance(posted, Refused):
            raise RuntimeError(f"What was in the purse {left_id} did not follow its card: {posted.reason}")  # noqa: TRY004 - it is no type that is wrong
    return None


async def lock(conn: Connection, owner_id: UUID) -> None:
    """Lock somebody's purse, for whoever frees money in it in the transaction that closes it."""
    await store.lock_purse_of(conn, owner_id)
