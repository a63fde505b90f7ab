"""The calendar of derogations."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.food.menu.rules.alcohol import Derogation, DerogationWish
from virage.matchday.food.menu.store.queries import queries
from virage.platform.data.database import Connection

LIST_MAX = 500
"""How long the calendar is told at most."""


async def lock_derogations(conn: Connection, organiser_id: UUID) -> None:
    """Be the one who enters a derogation of this organiser, until the end of the transaction."""
    async for _ in queries.lock_derogations(conn, organiser_id=organiser_id):
        pass


async def insert_derogation(conn: Connection, wish: DerogationWish, who: UUID | None, now: datetime) -> None:
    """Enter a derogation."""
    await queries.insert_derogation(
        conn,
        id=wish.id,
        organiser_id=wish.organiser_id,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        reference=wish.reference,
        now=now,
        who=who,
    )


async def derogation(conn: Connection, derogation_id: UUID) -> Derogation | None:
    """One derogation."""
    row = await queries.derogation(conn, id=derogation_id)
    return None if row is None else Derogation(*row)


async def derogations_of(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[Derogation]:
    """The calendar of some organisers, the latest `LIST_MAX` begins first; None asks for all."""
    rows = queries.derogations_of(
        conn, all_of_them=organiser_ids is None, organiser_ids=list(organiser_ids or ()), most=LIST_MAX
    )
    return [Derogation(*row) async for row in rows]


async def derogations_around(conn: Connection, since: datetime, until: datetime) -> list[Derogation]:
    """Derogations of all organisers that touch a time."""
    return [Derogation(*row) async for row in queries.derogations_around(conn, since=since, until=until)]


async def withdraw_derogation(conn: Connection, derogation_id: UUID, now: datetime) -> bool:
    """End a derogation; whether it still held."""
    return bool(await queries.withdraw_derogation(conn, id=derogation_id, now=now))
