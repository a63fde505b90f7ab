"""Queries of bans, flagged passes and hits."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from virage.matchday.access.rules.bans import Ban, BanHit, BanReview, File, NewReview, PastReview
from virage.matchday.access.rules.evaluation import PassKey
from virage.matchday.access.store.queries import queries
from virage.platform.data.database import Connection

Flag = tuple[int, UUID]
"""Number of a pass, and the ban that it matches."""


async def insert_bans(conn: Connection, bans: Sequence[Ban]) -> set[UUID]:
    """Store bans and return the ids of new ones."""
    rows = queries.insert_bans(
        conn,
        ids=[ban.id for ban in bans],
        files=[ban.file for ban in bans],
        emails=[ban.email for ban in bans],
        names=[ban.name for ban in bans],
        nows=[ban.added_at for ban in bans],
        whos=[ban.added_by for ban in bans],
        expires_ats=[ban.expires_at for ban in bans],
    )
    return {row["id"] async for row in rows}


async def bans_by_id(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Ban]:
    """Return bans in force by id."""
    found = [Ban(*row) async for row in queries.bans_by_id(conn, ids=list(ids))]
    return {ban.id: ban for ban in found}


async def bans(conn: Connection, files: Sequence[File], now: datetime) -> list[Ban]:
    """Return the bans of files in force, the latest first."""
    return [Ban(*row) async for row in queries.bans(conn, files=list(files), now=now)]


async def over(conn: Connection, now: datetime) -> list[UUID]:
    """Return bans whose last day is over, locked."""
    return [row["id"] async for row in queries.over(conn, now=now)]


async def end_bans(conn: Connection, ids: Sequence[UUID], now: datetime) -> bool:
    """End bans and erase their personal data; return whether there were any."""
    return bool(await queries.end_bans(conn, ids=list(ids), now=now))


async def forget_reviewed_of(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Erase the names in reviews of these bans, and of those whose last day is over, before bans are locked."""
    await queries.forget_reviewed_of(conn, ids=list(ids), now=now)


async def drop_flags_of(conn: Connection, ids: Sequence[UUID]) -> list[PassKey]:
    """Remove the flags of ended bans; return the passes that had one."""
    return [(row["event_id"], row["pass_number"]) async for row in queries.drop_flags_of(conn, ids=list(ids))]


async def flags_of_event(conn: Connection, event_id: UUID) -> set[Flag]:
    """Return the flags of an event."""
    return {(row["pass_number"], row["ban_id"]) async for row in queries.flags_of_event(conn, event_id=event_id)}


async def insert_flags(conn: Connection, event_id: UUID, flags: Sequence[Flag], now: datetime) -> None:
    """Flag passes."""
    await queries.insert_flags(
        conn, event_id=event_id, pass_numbers=[flag[0] for flag in flags], ban_ids=[flag[1] for flag in flags], now=now
    )


async def drop_flags(conn: Connection, event_id: UUID, flags: Sequence[Flag]) -> None:
    """Remove flags."""
    await queries.drop_flags(
        conn, event_id=event_id, pass_numbers=[flag[0] for flag in flags], ban_ids=[flag[1] for flag in flags]
    )


async def hits(conn: Connection, event_id: UUID, limit: int) -> list[BanHit]:
    """Return scans of flagged passes, the latest first."""
    return [BanHit(*row) async for row in queries.hits(conn, event_id=event_id, limit_=limit)]


async def insert_reviews(conn: Connection, review: NewReview, ban_ids: Sequence[UUID], now: datetime) -> set[UUID]:
    """Store matches to decide about; return the bans of new ones."""
    rows = queries.insert_reviews(
        conn,
        ban_ids=list(ban_ids),
        subject=review.subject,
        ticket_ids=list(review.ticket_ids),
        person_id=review.person_id,
        event_id=review.event_id,
        name=review.name,
        now=now,
    )
    return {row["ban_id"] async for row in rows}


async def reviewed(
    conn: Connection, subject: UUID, ticket_ids: Sequence[UUID], person_id: UUID
) -> dict[UUID, list[PastReview]]:
    """Return the reviews of a person for a subject or any of its tickets, by ban."""
    found: dict[UUID, list[PastReview]] = {}
    async for row in queries.reviewed(conn, subject=subject, ticket_ids=list(ticket_ids), person_id=person_id):
        review = PastReview(row["ban_id"], row["subject"], tuple(row["ticket_ids"]), row["allowed"])
        found.setdefault(review.ban_id, []).append(review)
    return found


async def reviews(conn: Connection, limit: int) -> list[BanReview]:
    """Return matches to decide about and those decided, the latest first."""
    return [BanReview(*row) async for row in queries.reviews(conn, limit_=limit)]


async def decide(
    conn: Connection, subject: UUID, person_id: UUID, *, allow: bool, who: UUID | None, now: datetime
) -> bool:
    """Decide about all matches of a person and a subject; return whether there are any."""
    return bool(await queries.decide(conn, subject=subject, person_id=person_id, allowed=allow, who=who, now=now))


async def forget_reviewed(conn: Connection, person_id: UUID) -> None:
    """Erase the name that a person gave."""
    await queries.forget_reviewed(conn, person_id=person_id)
