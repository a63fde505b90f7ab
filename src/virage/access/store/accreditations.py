"""Accreditations, as they are stored."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.access.rules.accreditations import Accreditation, AccreditationWish
from virage.access.store.queries import queries
from virage.kernel.database import Connection


async def insert(conn: Connection, wish: AccreditationWish, *, who: UUID | None, now: datetime) -> bool:
    """Write an accreditation; False if its id is taken."""
    return bool(
        await queries.insert_accreditation(
            conn,
            id=wish.id,
            event_id=wish.event_id,
            kind=wish.kind,
            name=wish.name,
            email=wish.email,
            now=now,
            who=who,
        )
    )


async def number(conn: Connection, id_: UUID, pass_number: int) -> None:
    """Remember the number of its pass."""
    await queries.number_accreditation(conn, id=id_, pass_number=pass_number)


async def accreditation(conn: Connection, id_: UUID) -> Accreditation | None:
    """An accreditation by its id."""
    row = await queries.accreditation(conn, id=id_)
    return None if row is None else Accreditation(*row)


async def accreditations(conn: Connection, event_id: UUID) -> list[Accreditation]:
    """The accreditations of an event, the latest first."""
    return [Accreditation(*row) async for row in queries.accreditations(conn, event_id=event_id)]


async def of_address(conn: Connection, email: str) -> list[Accreditation]:
    """The accreditations of an address, locked."""
    return [Accreditation(*row) async for row in queries.accreditations_of(conn, email=email)]


async def revoke(conn: Connection, id_: UUID, now: datetime) -> bool:
    """End an accreditation; whether it had not ended yet."""
    return bool(await queries.revoke_accreditation(conn, id=id_, now=now))


async def forget(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """End accreditations and erase their words."""
    await queries.forget_accreditations(conn, ids=list(ids), now=now)
