"""The attendance rules of packages, and the seats that stayed empty."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from virage.platform.data.database import Connection
from virage.sale.seasons.rules.attendance import Attendance, AttendanceContent, Notice, NoticeKind, UnusedEvent
from virage.sale.seasons.store.queries import queries


async def attendance(conn: Connection, package_ids: Collection[UUID]) -> dict[UUID, Attendance]:
    """Return the rules of packages; those without one are missing."""
    rows = queries.attendance(conn, package_ids=list(package_ids))
    return {row["package_id"]: Attendance(**dict(row)) async for row in rows}


async def attendance_rules(conn: Connection) -> list[Attendance]:
    """Return all rules."""
    return [Attendance(**dict(row)) async for row in queries.attendance_rules(conn)]


async def lock_attendance(conn: Connection, package_id: UUID) -> Attendance | None:
    """Return the rule of a package, locked until the transaction ends."""
    row = await queries.lock_attendance(conn, package_id=package_id)
    return None if row is None else Attendance(**dict(row))


async def insert_attendance(conn: Connection, package_id: UUID, organiser_id: UUID, content: AttendanceContent) -> bool:
    """Insert the first rule of a package; return whether it had none."""
    rows = queries.insert_attendance(
        conn,
        package_id=package_id,
        organiser_id=organiser_id,
        unused_warn=content.unused_warn,
        unused_max=content.unused_max,
    )
    return [row async for row in rows] != []


async def change_attendance(conn: Connection, package_id: UUID, content: AttendanceContent) -> None:
    """Change the locked rule of a package; its events are counted again."""
    await queries.change_attendance(
        conn, package_id=package_id, unused_warn=content.unused_warn, unused_max=content.unused_max
    )


async def set_told_before(conn: Connection, package_id: UUID, told_before: datetime) -> None:
    """Store that holders know about the events that ended before a time; the rule is locked."""
    await queries.set_told_before(conn, package_id=package_id, told_before=told_before)


async def last_ended(conn: Connection, event_ids: Sequence[UUID], ended_before: datetime) -> datetime | None:
    """Return when the last of these events ended, of those that ended before a time and took place."""
    ended: datetime | None = await queries.last_ended(conn, event_ids=event_ids, ended_before=ended_before)
    return ended


async def subscriptions_after(conn: Connection, package_id: UUID, after: UUID, wanted: int) -> dict[UUID, UUID | None]:
    """Return subscriptions of a package with their persons, in the order of their ids, from the one after `after`."""
    rows = queries.subscriptions_after(conn, package_id=package_id, after=after, wanted=wanted)
    return {row["id"]: row["person_id"] async for row in rows}


async def holder_of(conn: Connection, subscription_id: UUID) -> UUID | None:
    """Return the person of a subscription, None after their erasure."""
    person_id: UUID | None = await queries.holder_of(conn, subscription_id=subscription_id)
    return person_id


async def unused(
    conn: Connection, subscription_ids: Collection[UUID], ended_before: datetime
) -> dict[UUID, list[UnusedEvent]]:
    """Return the events, ended before a time, at which seats of these subscriptions stayed empty."""
    found: dict[UUID, list[UnusedEvent]] = {}
    async for row in queries.unused(conn, subscription_ids=list(subscription_ids), ended_before=ended_before):
        found.setdefault(row["subscription_id"], []).append(UnusedEvent(row["event_id"], row["seats"]))
    return found


async def notices(conn: Connection, subscription_ids: Collection[UUID]) -> dict[UUID, list[Notice]]:
    """Return what holders were told, by subscription, in order."""
    found: dict[UUID, list[Notice]] = {}
    async for row in queries.notices(conn, subscription_ids=list(subscription_ids)):
        found.setdefault(row["subscription_id"], []).append(Notice(row["kind"], row["unused"], row["told_at"]))
    return found


async def insert_notices(conn: Connection, kind: NoticeKind, unused_by: dict[UUID, int], now: datetime) -> list[UUID]:
    """Store what holders are told now; return the subscriptions whose holders were not told before."""
    rows = queries.insert_notices(
        conn, subscription_ids=list(unused_by), kind=kind, unused=list(unused_by.values()), now=now
    )
    return [row["subscription_id"] async for row in rows]
