"""Set the attendance rule of a package, and tell holders whose seats stayed empty."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from virage.identity.people.types import EmailKind
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused
from virage.sale.packages import api as packages
from virage.sale.seasons.acts.emails import notify
from virage.sale.seasons.rules.attendance import (
    Attendance,
    AttendanceContent,
    NoticeKind,
    check_attendance,
    notice_due,
)
from virage.sale.seasons.rules.terms import SeasonRefusal
from virage.sale.seasons.store import attendance as store

LOOKED_AT_ONCE: Final = 500
EMAIL_FOR: Final = timedelta(days=7)
EMAILS: Final[dict[NoticeKind, EmailKind]] = {
    "warned": EmailKind.ATTENDANCE_WARNED,
    "reached": EmailKind.ATTENDANCE_REACHED,
}


async def set_attendance(
    conn: Connection,
    package_id: UUID,
    content: AttendanceContent,
    *,
    revision: int | None,
    who: UUID | None,
    now: datetime,
) -> Attendance | Refused:
    """Set the rule of a package at the `revision` that the office saw, None for its first one.

    The same rule again changes nothing.

    Refusals: `not_found`, `invalid_input`, `changed_meanwhile`.
    """
    package = (await packages.packages_by_id(conn, [package_id])).get(package_id)
    if package is None:
        return Refused(SeasonRefusal.NOT_FOUND)
    refusal = check_attendance(content)
    if refusal is not None:
        return refusal
    if not await store.insert_attendance(conn, package_id, package.organiser_id, content):
        known = await store.lock_attendance(conn, package_id)
        if known is None:
            return Refused(SeasonRefusal.CHANGED)
        if (known.unused_warn, known.unused_max) == (content.unused_warn, content.unused_max):
            return known
        if known.revision != revision:
            return Refused(SeasonRefusal.CHANGED, {"revision": known.revision})
        await store.change_attendance(conn, package_id, content)
    data = {"unused_warn": content.unused_warn, "unused_max": content.unused_max}
    await append(conn, [Fact("season_attendance_set", who, package_id, data)], now)
    return (await store.attendance(conn, [package_id]))[package_id]


async def tell(conn: Connection, package_id: UUID, after: UUID, ended_before: datetime, now: datetime) -> UUID | None:
    """Tell the next holders of a package about their unused seats; return the last one looked at, None at the end."""
    rule = await store.lock_attendance(conn, package_id)
    if rule is None:
        return None
    persons = await store.subscriptions_after(conn, package_id, after, LOOKED_AT_ONCE)
    if not persons:
        await store.set_told_before(conn, package_id, ended_before)
        return None
    unused = await store.unused(conn, persons, ended_before)
    notices = await store.notices(conn, unused)
    due: dict[NoticeKind, dict[UUID, int]] = {"warned": {}, "reached": {}}
    for id_, events in unused.items():
        kind = notice_due(rule, len(events), notices.get(id_, ()))
        if kind is not None:
            due[kind][id_] = len(events)
    for kind, of_kind in due.items():
        told = await store.insert_notices(conn, kind, of_kind, now)
        facts = [Fact(f"attendance_{kind}", persons[id_], id_, {"package": package_id}) for id_ in told]
        await append(conn, facts, now)
        await notify(conn, EMAILS[kind], [(id_, persons[id_]) for id_ in told], now, expires_at=now + EMAIL_FOR)
    return max(persons)
