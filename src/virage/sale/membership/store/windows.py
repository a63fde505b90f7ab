"""Members' windows of events."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.sale.membership.rules.terms import EventWindow
from virage.sale.membership.store.queries import queries


class EarlySaleRow(Struct, frozen=True):
    """A window of an event with the names of its tiers and packages, and a person whom it is for, or None.

    The person is a member of `tier`, or a holder of `package`. `own_max` is how many tickets of the event this person
    may hold in the window.
    """

    event_id: UUID
    position: int
    opens_at: datetime
    tickets_max: int
    tiers: list[LocalisedText]
    packages: list[LocalisedText]
    person_id: UUID | None
    tier: LocalisedText | None
    package: LocalisedText | None
    own_max: int | None


async def lock_windows(conn: Connection, event_id: UUID) -> int:
    """Lock the windows of an event; return their revision, 0 if there never were any."""
    await queries.insert_windows(conn, event_id=event_id)
    return int(await queries.lock_windows(conn, event_id=event_id))


async def replace_windows(conn: Connection, event_id: UUID, windows: Sequence[EventWindow]) -> int:
    """Replace the locked windows of an event; return the new revision."""
    await queries.drop_windows(conn, event_id=event_id)
    await queries.put_windows(
        conn,
        event_id=event_id,
        positions=list(range(len(windows))),
        opens_at=[window.opens_at for window in windows],
        tickets_max=[window.tickets_max for window in windows],
        tier_ids=["{" + ",".join(map(str, window.tier_ids)) + "}" for window in windows],
        package_ids=["{" + ",".join(map(str, window.package_ids)) + "}" for window in windows],
    )
    return int(await queries.raise_revision(conn, event_id=event_id))


async def windows_of(conn: Connection, event_id: UUID) -> list[EventWindow]:
    """Return the windows of an event, the earliest first."""
    rows = queries.windows_of(conn, event_id=event_id)
    return [EventWindow(row["opens_at"], row["tickets_max"], row["tier_ids"], row["package_ids"]) async for row in rows]


async def revision(conn: Connection, event_id: UUID) -> int:
    """Return the revision of the windows of an event; 0 if there never were any."""
    return int(await queries.windows_revision(conn, event_id=event_id) or 0)


async def early_sales(
    conn: Connection, event_ids: Sequence[UUID], person_ids: Sequence[UUID], today: date
) -> list[EarlySaleRow]:
    """Return the windows of events, the earliest first, with what of these persons they are for."""
    rows = queries.early_sales(conn, event_ids=event_ids, person_ids=person_ids, today=today)
    return [EarlySaleRow(**row) async for row in rows]
