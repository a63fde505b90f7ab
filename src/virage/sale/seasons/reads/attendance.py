"""Unused seats for their holders, for the office and for emails."""

from collections import Counter
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.identity.people.types import Email, EmailContent
from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.refusals import Refused
from virage.platform.values.tables import table
from virage.sale.packages import api as packages
from virage.sale.packages.types import Package
from virage.sale.seasons.rules.attendance import COUNTED_AFTER, Attendance, AttendanceContent, NoticeKind
from virage.sale.seasons.rules.terms import SeasonRefusal
from virage.sale.seasons.store import attendance as store
from virage.site.programme import api as programme

PAGE: Final = 100
READ_AT_ONCE: Final = 2_000


class UnusedEventView(Struct, frozen=True):
    """An event at which so many seats of a holder stayed empty."""

    event_id: UUID
    title: LocalisedText
    starts_at: datetime
    time_zone: str
    seats: int


class AttendanceView(Struct, frozen=True):
    """The attendance rule of a season ticket for its holder, with the events that count; `notice` is the last one."""

    unused_warn: int
    unused_max: int
    events: list[UnusedEventView]
    notice: NoticeKind | None


class UnusedCount(Struct, frozen=True):
    """How many holders have so many unused events."""

    unused: int
    holders: int


class UnusedHolder(Struct, frozen=True):
    """A holder with unused events; `name` and `email` are None after the erasure of the person."""

    subscription_id: UUID
    name: str | None
    email: str | None
    unused: int
    notice: NoticeKind | None


class OfficeAttendance(Struct, frozen=True):
    """The rule of a package, None without one, and its holders by unused events, from 0 on.

    Events that ended before `ended_before` count. `holders` are the 100 with the most unused events.
    """

    rule: AttendanceContent | None
    revision: int | None
    ended_before: datetime
    counts: list[UnusedCount]
    holders: list[UnusedHolder]


async def attendance_view(
    conn: Connection, subscription_id: UUID, person_id: UUID, now: datetime
) -> AttendanceView | Refused | None:
    """Return the rule of a person's season ticket with the events that count, None without one.

    Refusal: `not_found`.
    """
    subscription = (await packages.subscriptions_by_id(conn, [subscription_id])).get(subscription_id)
    if subscription is None or person_id != await store.holder_of(conn, subscription_id):
        return Refused(SeasonRefusal.NOT_FOUND)
    rule = (await store.attendance(conn, [subscription.package_id])).get(subscription.package_id)
    if rule is None:
        return None
    unused = (await store.unused(conn, [subscription_id], now - COUNTED_AFTER)).get(subscription_id, [])
    told = (await store.notices(conn, [subscription_id])).get(subscription_id)
    by_id = await programme.events(conn, [one.event_id for one in unused])
    counted = sorted(unused, key=lambda one: by_id[one.event_id].starts_at)
    return AttendanceView(
        rule.unused_warn,
        rule.unused_max,
        [
            UnusedEventView(
                one.event_id,
                by_id[one.event_id].title,
                by_id[one.event_id].starts_at,
                by_id[one.event_id].time_zone,
                one.seats,
            )
            for one in counted
        ],
        told[-1].kind if told else None,
    )


async def office_attendance(conn: Connection, package: Package, now: datetime) -> OfficeAttendance:
    """Return the rule of a package with its holders by unused events."""
    rule: Attendance | None = (await store.attendance(conn, [package.id])).get(package.id)
    holders = await _holders(conn, package.id, now)
    counts = Counter(one.unused for one in holders)
    return OfficeAttendance(
        None if rule is None else AttendanceContent(rule.unused_warn, rule.unused_max),
        None if rule is None else rule.revision,
        now - COUNTED_AFTER,
        [UnusedCount(unused, counts[unused]) for unused in range(max(counts, default=-1) + 1)],
        await _named(conn, [one for one in holders if one.unused][:PAGE]),
    )


async def attendance_table(conn: Connection, package: Package, now: datetime) -> bytes:
    """Return the holders of a package with their unused events as CSV, the most first."""
    holders = await _named(conn, await _holders(conn, package.id, now))
    rows = [(str(one.subscription_id), one.name, one.email, one.unused, one.notice) for one in holders]
    return table(("subscription_id", "name", "email", "unused", "notice"), rows)


class _Unused(Struct, frozen=True):
    subscription_id: UUID
    person_id: UUID | None
    unused: int
    notice: NoticeKind | None


async def _holders(conn: Connection, package_id: UUID, now: datetime) -> list[_Unused]:
    """Return the paid subscriptions of a package, the one with the most unused events first."""
    found: list[_Unused] = []
    after = UUID(int=0)
    while persons := await store.subscriptions_after(conn, package_id, after, READ_AT_ONCE):
        unused = await store.unused(conn, persons, now - COUNTED_AFTER)
        notices = await store.notices(conn, persons)
        found += [
            _Unused(id_, person_id, len(unused.get(id_, ())), notices[id_][-1].kind if id_ in notices else None)
            for id_, person_id in persons.items()
        ]
        after = max(persons)
    return sorted(found, key=lambda one: (-one.unused, one.subscription_id))


async def _named(conn: Connection, holders: list[_Unused]) -> list[UnusedHolder]:
    persons = await people.persons_by_id(conn, sorted({one.person_id for one in holders if one.person_id is not None}))
    listed = []
    for one in holders:
        person = None if one.person_id is None else persons.get(one.person_id)
        name, email = (None, None) if person is None else (person.name, person.email)
        listed.append(UnusedHolder(one.subscription_id, name, email, one.unused, one.notice))
    return listed


async def attendance_email(conn: Connection, email: Email) -> EmailContent | None:
    """Return what an email tells about unused seats; None without a rule any more."""
    if email.about_id is None:
        return None
    subscription = (await packages.subscriptions_by_id(conn, [email.about_id])).get(email.about_id)
    rule = None
    if subscription is not None:
        rule = (await store.attendance(conn, [subscription.package_id])).get(subscription.package_id)
    told = (await store.notices(conn, [email.about_id])).get(email.about_id)
    if subscription is None or rule is None or not told:
        return None
    values = {"package": subscription.name, "unused": told[-1].unused, "max": rule.unused_max}
    return EmailContent(values, path=f"/subscriptions/{subscription.id}")
