"""Storage of alcohol permits."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.food.menu.rules.alcohol import AlcoholPermit, AlcoholPermitRequest
from virage.matchday.food.menu.store.queries import queries
from virage.platform.data.database import Connection

LIST_MAX = 500
"""Maximum number of permits in a list."""


async def lock_permits(conn: Connection, organiser_id: UUID) -> None:
    """Serialise the permits of an organiser until the end of the transaction."""
    async for _ in queries.lock_permits(conn, organiser_id=organiser_id):
        pass


async def insert_permit(conn: Connection, request: AlcoholPermitRequest, who: UUID | None, now: datetime) -> None:
    """Store a permit."""
    await queries.insert_permit(
        conn,
        id=request.id,
        organiser_id=request.organiser_id,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        reference=request.reference,
        now=now,
        who=who,
    )


async def alcohol_permit(conn: Connection, permit_id: UUID) -> AlcoholPermit | None:
    """Return a permit, or None."""
    row = await queries.alcohol_permit(conn, id=permit_id)
    return None if row is None else AlcoholPermit(**row)


async def permits_of(conn: Connection, organiser_ids: Sequence[UUID] | None) -> list[AlcoholPermit]:
    """Return permits of organisers (None: all), latest start first, `LIST_MAX` at most."""
    rows = queries.permits_of(
        conn, all_of_them=organiser_ids is None, organiser_ids=list(organiser_ids or ()), most=LIST_MAX
    )
    return [AlcoholPermit(**row) async for row in rows]


async def permits_around(conn: Connection, since: datetime, until: datetime) -> list[AlcoholPermit]:
    """Return the permits of all organisers that overlap a period."""
    return [AlcoholPermit(**row) async for row in queries.permits_around(conn, since=since, until=until)]


async def withdraw_alcohol_permit(conn: Connection, permit_id: UUID, now: datetime) -> bool:
    """Withdraw a permit; return whether it was not withdrawn before."""
    return bool(await queries.withdraw_alcohol_permit(conn, id=permit_id, now=now))
