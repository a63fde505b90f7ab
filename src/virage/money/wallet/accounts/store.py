"""Wallets, by their ids and by their owners."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.money.wallet.accounts.rules.wallets import BY_TERMINAL, DeskTender, Wallet
from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.platform.values.money import Cents

queries = load(__file__)


async def open_wallets(conn: Connection, owners: Mapping[UUID, UUID | None], now: datetime) -> set[UUID]:
    """Insert wallets (owner by id); return the new ids. An owner with a wallet keeps it."""
    rows = queries.open_wallets(conn, ids=list(owners), owner_ids=list(owners.values()), now=now)
    return {row[0] async for row in rows}


async def wallet_of(conn: Connection, owner_id: UUID) -> Wallet | None:
    """Return a person's wallet."""
    return _wallet(await queries.wallet_of(conn, owner_id=owner_id))


async def wallets_of_owners(conn: Connection, owner_ids: Sequence[UUID]) -> dict[UUID, Wallet]:
    """The wallets of persons, by their owners."""
    return {row["owner_id"]: Wallet(*row) async for row in queries.wallets_of_owners(conn, owner_ids=list(owner_ids))}


async def lock_wallet_of(conn: Connection, owner_id: UUID) -> Wallet | None:
    """Lock a person's wallet."""
    return _wallet(await queries.lock_wallet_of(conn, owner_id=owner_id))


async def lock_wallets(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Wallet]:
    """Wallets by id, locked in the order of their ids."""
    return {row["id"]: Wallet(*row) async for row in queries.lock_wallets(conn, ids=ids)}


async def wallets_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Wallet]:
    """Return wallets by id, without a lock."""
    return {row["id"]: Wallet(*row) async for row in queries.wallets_by_id(conn, ids=ids)}


async def has_moved(conn: Connection, wallet_id: UUID) -> bool:
    """Return whether a wallet or its bonus credit ever had a transfer or a hold."""
    return bool(await queries.wallet_has_moved(conn, wallet_id=wallet_id))


async def close_wallet(conn: Connection, wallet_id: UUID, now: datetime) -> None:
    """Close a wallet: it has no owner and takes no money."""
    await queries.close_wallet(conn, id=wallet_id, now=now)


async def closed_wallets_with_money(conn: Connection, after: UUID, most: int) -> list[UUID]:
    """Return up to `most` ids of closed wallets with money or bonus credit, after an id."""
    return [row["id"] async for row in queries.closed_wallets_with_money(conn, after=after, most=most)]


def _wallet(row: Any) -> Wallet | None:
    return None if row is None else Wallet(*row)


async def own_wallet(conn: Connection, wallet_id: UUID, person_id: UUID) -> None:
    """Set the owner of an anonymous wallet."""
    await queries.own_wallet(conn, wallet_id=wallet_id, person_id=person_id)


async def lock_turn_of_person(conn: Connection, person_id: UUID) -> None:
    """Lock the assignment of a wallet to a person (advisory)."""
    async for _ in queries.lock_turn_of_person(conn, what=f"person {person_id}"):
        return


async def paid_in_at_desks(conn: Connection, wallet_id: UUID) -> dict[DeskTender, Cents]:
    """Return the cents paid in at desks and not paid out there, by tender."""
    rows = queries.paid_in_at_desks(conn, wallet_id=wallet_id, by_terminal=BY_TERMINAL.id)
    return {DeskTender(row["tender"]): row["cents"] async for row in rows}
