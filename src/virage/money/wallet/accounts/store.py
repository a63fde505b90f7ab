"""Purses, by their ids and by their owners."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from virage.money.wallet.accounts.rules.purses import BY_TERMINAL, DeskTender, Purse
from virage.platform.data.database import Connection
from virage.platform.data.sql import load
from virage.platform.values.money import Cents

queries = load(__file__)


async def open_purses(conn: Connection, owners: Mapping[UUID, UUID | None], now: datetime) -> set[UUID]:
    """Write purses, by id with their owners; those that are new. Whoever has a purse keeps it."""
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


def _purse(row: Any) -> Purse | None:
    return None if row is None else Purse(*row)


async def own_purse(conn: Connection, purse_id: UUID, person_id: UUID) -> None:
    """Give a purse of nobody to a person."""
    await queries.own_purse(conn, purse_id=purse_id, person_id=person_id)


async def lock_turn_of_person(conn: Connection, person_id: UUID) -> None:
    """Wait until nobody else changes which purse a person has."""
    async for _ in queries.lock_turn_of_person(conn, what=f"person {person_id}"):
        return


async def came_in(conn: Connection, purse_id: UUID) -> dict[DeskTender, Cents]:
    """What a purse was loaded with at desks and not paid out there, by tender."""
    rows = queries.came_in(conn, purse_id=purse_id, by_terminal=BY_TERMINAL.id)
    return {DeskTender(row["tender"]): row["cents"] async for row in rows}
