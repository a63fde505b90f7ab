"""Queries of accreditations."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.accreditations import Accreditation, AccreditationRequest, Kind
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection


async def insert(
    conn: Connection, requests: Sequence[AccreditationRequest], *, who: UUID | None, now: datetime
) -> set[UUID]:
    """Store accreditations and return the ids of new ones."""
    rows = queries.insert_accreditations(
        conn,
        ids=[request.id for request in requests],
        event_ids=[request.event_id for request in requests],
        kinds=[request.kind for request in requests],
        names=[request.name for request in requests],
        emails=[request.email for request in requests],
        now=now,
        who=who,
    )
    return {row["id"] async for row in rows}


async def number(conn: Connection, ids: Sequence[UUID], pass_numbers: Sequence[int]) -> None:
    """Store the numbers of their passes."""
    await queries.number_accreditations(conn, ids=list(ids), pass_numbers=list(pass_numbers))


async def by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Accreditation]:
    """Return accreditations by id."""
    found = [Accreditation(*row) async for row in queries.accreditations_by_id(conn, ids=list(ids))]
    return {accreditation_.id: accreditation_ for accreditation_ in found}


async def accreditations(conn: Connection, event_id: UUID) -> list[Accreditation]:
    """Return the accreditations of an event, the latest first."""
    return [Accreditation(*row) async for row in queries.accreditations(conn, event_id=event_id)]


async def of_address(conn: Connection, email: str) -> list[Accreditation]:
    """Return the accreditations of an email address, locked."""
    return [Accreditation(*row) async for row in queries.accreditations_of(conn, email=email)]


async def revoke(conn: Connection, id_: UUID, now: datetime) -> bool:
    """Revoke an accreditation; return whether it was valid."""
    return bool(await queries.revoke_accreditation(conn, id=id_, now=now))


async def named_events(conn: Connection) -> list[UUID]:
    """Return the events whose accreditations still have names."""
    return [row["event_id"] async for row in queries.accredited_events(conn)]


async def forget_events(conn: Connection, event_ids: Sequence[UUID]) -> Counter[UUID]:
    """Erase personal data of the accreditations of events; return the counts by event."""
    rows = queries.forget_accreditations_of(conn, event_ids=list(event_ids))
    return Counter([row["event_id"] async for row in rows])


async def held_by_kind(conn: Connection, event_id: UUID) -> dict[Kind, int]:
    """Return the number of valid accreditations of each kind."""
    return {row["kind"]: row["held"] async for row in queries.held_by_kind(conn, event_id=event_id)}


async def forget(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Revoke accreditations and erase their personal data."""
    await queries.forget_accreditations(conn, ids=list(ids), now=now)
