"""Closings for the office, and the next period to close."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from virage.money.fiscal import store
from virage.money.fiscal.rules.calendar import ClosingState, next_due
from virage.money.fiscal.rules.closing import PART_OF, Closing, Period, PeriodKind, Subject, read_closing
from virage.money.fiscal.rules.record import hash_of
from virage.platform.data.database import Connection
from virage.site.venue.api import VENUE_ZONE

CLOSINGS_MAX: Final = 2_000


class ClosingView(Struct, frozen=True):
    """Closing with its hash, which the next closing of the same subject and period refers to."""

    closing: Closing
    hash: str


async def due(conn: Connection, now: datetime) -> Period | None:
    """Return the next period that is over and not closed; nothing is locked."""
    return next_due(await _closing_state(conn), VENUE_ZONE, now)


async def _closing_state(conn: Connection) -> ClosingState:
    heads = await store.real_heads(conn)
    days = await store.last_closings(conn, [Subject("till", str(till)) for till in heads], PeriodKind.DAY)
    closed = {UUID(subject.id): closing.ranges[0].last for subject, closing in days.items()}
    unclosed = {till: closed.get(till, 0) + 1 for till, head in heads.items() if head > closed.get(till, 0)}
    last = await store.last_closed(conn)
    parts = {}
    for kind, part in PART_OF.items():
        since = Period(kind, last[kind]).next_starts_on if kind in last else date.min
        first = await store.first_closed_from(conn, part, since)
        if first is not None:
            parts[kind] = first
    return ClosingState(await store.first_received(conn, unclosed), last, parts)


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
