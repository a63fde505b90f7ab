"""Closings for the office, and the next period to close."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from virage.money.fiscal import store
from virage.money.fiscal.rules.calendar import ClosingState, Due, OpenTill, by_zone, next_due, zone_of
from virage.money.fiscal.rules.closing import PART_OF, Closing, Period, PeriodKind, Subject, read_closing
from virage.money.fiscal.rules.record import hash_of
from virage.platform.data.database import Connection
from virage.site.venue import api as venue

CLOSINGS_MAX: Final = 2_000


class ClosingView(Struct, frozen=True):
    """Closing with its hash, which the next closing of the same subject and period refers to."""

    closing: Closing
    hash: str


async def due(conn: Connection, now: datetime) -> Due | None:
    """Return the next period that is over and not closed; nothing is locked."""
    return next_due(await _closing_state(conn), now)


async def closed_through(conn: Connection, outlets: Collection[str]) -> date | None:
    """Return the last day that is closed in the zones of some outlets (none: in each that has closed a day).

    None if one of these zones never closed a day.
    """
    venues = await venue.venues(conn)
    days = by_zone(await store.last_days(conn), venues)
    closed = [days.get(zone) for zone in {zone_of(venues, outlet) for outlet in outlets} or days]
    known = [day for day in closed if day is not None]
    return min(known) if known and len(known) == len(closed) else None


async def _closing_state(conn: Connection) -> ClosingState:
    heads = await store.real_heads(conn)
    closings = await store.last_closings(conn, [Subject("till", str(till)) for till in heads], PeriodKind.DAY)
    closed = {UUID(subject.id): closing for subject, closing in closings.items()}
    unclosed = {till: closed[till].ranges[0].last + 1 if till in closed else 1 for till in heads}
    unclosed = {till: number for till, number in unclosed.items() if number <= heads[till]}
    venues = await venue.venues(conn)
    open_tills = [
        OpenTill(zone_of(venues, outlet), received_at, closed[till].starts_on if till in closed else None)
        for till, (outlet, received_at) in (await store.records_at(conn, unclosed)).items()
    ]
    last = await store.last_closed(conn)
    parts = {}
    for kind, part in PART_OF.items():
        since = Period(kind, last[kind]).next_starts_on if kind in last else date.min
        first = await store.first_closed_from(conn, part, since)
        if first is not None:
            parts[kind] = first
    days = by_zone(await store.last_days(conn), venues)
    return ClosingState(open_tills, {ground.zone for ground in venues}, days, last, parts)


async def closings(
    conn: Connection,
    subject: Literal["till", "outlet"],
    kind: PeriodKind,
    days: tuple[date, date],
    ids: Sequence[str] | None,
) -> list[ClosingView]:
    """Return closings that start within some days, inclusive, latest first; `ids` None: all subjects."""
    bodies = await store.closings_listed(conn, subject, kind, days, ids=ids, most=CLOSINGS_MAX)
    return [ClosingView(closing, hash_of(body)) for body in bodies if (closing := read_closing(body)) is not None]


async def outlets_of_till(conn: Connection, till: UUID) -> set[str]:
    """Return the outlets in a till's chain."""
    return await store.outlets_of_till(conn, till)


async def tills(conn: Connection) -> list[UUID]:
    """Return the tills with records."""
    return list(await store.real_heads(conn))
