"""Purses, what is loaded into them, and what goes back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.money.wallet.rules.purses import Purse, TopUp
from virage.money.wallet.store.queries import queries
from virage.platform.database import Connection
from virage.platform.money import Cents


async def open_purses(conn: Connection, owners: Mapping[UUID, UUID | None], now: datetime) -> set[UUID]:
    """Open purses, by id with their owners; those that are new. Whoever has a purse keeps it."""
    rows = queries.open_purses(conn, ids=list(owners), owner_ids=list(owners.values()), now=now)
    return {row[0] async for row in rows}


async def purse_of(conn: Connection, owner_id: UUID) -> Purse | None:
    """Somebody's purse."""
    return _purse(await queries.purse_of(conn, owner_id=owner_id))


async def purses_of_owners(conn: Connection, owner_ids: Sequence[UUID]) -> dict[UUID, Purse]:
    """The purses of persons, by their owners."""
    return {row["owner_id"]: Purse(*row) async for row in queries.purses_of_owners(conn, owner_ids=list(owner_ids))}


async def lock_purse_of(conn: Connection, owner_id: UUID) -> Purse | None:
    """Somebody's purse, locked."""
    return _purse(await queries.lock_purse_of(conn, owner_id=owner_id))


async def lock_purses(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Purse]:
    """Purses by id, locked in the order of their ids."""
    return {row["id"]: Purse(*row) async for row in queries.lock_purses(conn, ids=ids)}


async def purses_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Purse]:
    """Purses by id, as they stand."""
    return {row["id"]: Purse(*row) async for row in queries.purses_by_id(conn, ids=ids)}


async def has_moved(conn: Connection, purse_id: UUID) -> bool:
    """Whether anything ever moved in a purse or its bonus, or is held there."""
    return bool(await queries.purse_has_moved(conn, purse_id=purse_id))


async def close_purse(conn: Connection, purse_id: UUID, now: datetime) -> None:
    """A purse that nobody has any more."""
    await queries.close_purse(conn, id=purse_id, now=now)


async def closed_purses_with_money(conn: Connection, after: UUID, most: int) -> list[UUID]:
    """Purses of people who were erased into which something came later, by id; `most` after one."""
    return [row["id"] async for row in queries.closed_purses_with_money(conn, after=after, most=most)]


async def insert_top_up(conn: Connection, top_up: TopUp, now: datetime) -> bool:
    """Whether it is new."""
    return bool(
        await queries.insert_top_up(
            conn,
            id=top_up.id,
            purse_id=top_up.purse_id,
            payment_id=top_up.payment_id,
            cents=top_up.cents,
            now=now,
        )
    )


async def top_ups(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, TopUp]:
    """Top-ups by id."""
    return {row["id"]: TopUp(*row) async for row in queries.top_ups(conn, ids=ids)}


async def top_ups_of_purse(conn: Connection, purse_id: UUID) -> list[TopUp]:
    """The top-ups of a purse, the latest first."""
    return [TopUp(*row) async for row in queries.top_ups_of_purse(conn, purse_id=purse_id)]


async def recent_top_ups(conn: Connection, purse_ids: Sequence[UUID], since: datetime) -> list[TopUp]:
    """The top-ups of purses that began after a moment."""
    return [TopUp(*row) async for row in queries.recent_top_ups(conn, purse_ids=list(purse_ids), since=since)]


async def insert_payout(conn: Connection, payout_id: UUID, purse_id: UUID, cents: Cents, now: datetime) -> bool:
    """Whether it is new."""
    return bool(await queries.insert_payout(conn, id=payout_id, purse_id=purse_id, cents=cents, now=now))


async def payout(conn: Connection, payout_id: UUID) -> tuple[UUID, Cents] | None:
    """The purse and the cents of a payout."""
    row = await queries.payout(conn, id=payout_id)
    return None if row is None else (row["purse_id"], row["cents"])


def _purse(row: Any) -> Purse | None:
    return None if row is None else Purse(*row)
