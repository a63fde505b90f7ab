"""Accreditations, as they are stored."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.accreditations import Accreditation, AccreditationWish, Kind
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection


async def insert(
    conn: Connection, wishes: Sequence[AccreditationWish], *, who: UUID | None, now: datetime
) -> set[UUID]:
    """Write accreditations; the ids of those that are new."""
    rows = queries.insert_accreditations(
        conn,
        ids=[wish.id for wish in wishes],
        event_ids=[wish.event_id for wish in wishes],
        kinds=[wish.kind for wish in wishes],
        names=[wish.name for wish in wishes],
        emails=[wish.email for wish in wishes],
        now=now,
        who=who,
    )
    return {row["id"] async for row in rows}


async def number(conn: Connection, ids: Sequence[UUID], pass_numbers: Sequence[int]) -> None:
    """Remember the numbers of their passes."""
    await queries.number_accreditations(conn, ids=list(ids), pass_numbers=list(pass_numbers))


async def by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Accreditation]:
    """Accreditations by their ids."""
    found = [Accreditation(*row) async for row in queries.accreditations_by_id(conn, ids=list(ids))]
    return {one.id: one for one in found}


async def accreditations(conn: Connection, event_id: UUID) -> list[Accreditation]:
    """The accreditations of an event, the latest first."""
    return [Accreditation(*row) async for row in queries.accreditations(conn, event_id=event_id)]


async def of_address(conn: Connection, email: str) -> list[Accreditation]:
    """The accreditations of an address, locked."""
    return [Accreditation(*row) async for row in queries.accreditations_of(conn, email=email)]


async def revoke(conn: Connection, id_: UUID, now: datetime) -> bool:
    """End an accreditation; whether it had not ended yet."""
    return bool(await queries.revoke_accreditation(conn, id=id_, now=now))


async def named_events(conn: Connection) -> list[UUID]:
    """The events whose accreditations still have names."""
    return [row["event_id"] async for row in queries.accredited_events(conn)]


async def forget_events(conn: Connection, event_ids: Sequence[UUID]) -> Counter[UUID]:
    """Erase the words of all accreditations of events; how many of each event there were."""
    rows = queries.forget_accreditations_of(conn, event_ids=list(event_ids))
    return Counter([row["event_id"] async for row in rows])


async def held_by_kind(conn: Connection, event_id: UUID) -> dict[Kind, int]:
    """How many accreditations of each kind an event has that did not end."""
    return {row["kind"]: row["held"] async for row in queries.held_by_kind(conn, event_id=event_id)}


async def forget(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """End accreditations and erase their words."""
    await queries.forget_accreditations(conn, ids=list(ids), now=now)
