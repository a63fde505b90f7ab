"""Members' windows of events: for the sale of tickets, for fans and for the office."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from virage.platform.data.database import Connection
from virage.platform.values.days import local_day
from virage.sale.membership.rules.terms import EventWindow
from virage.sale.membership.store import windows as store
from virage.sale.ticketing.types import EarlySale, EarlyWindow
from virage.site.programme import api as programme


class EarlySales:
    """The early sales of events to members; `zone` is that of the terms."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    async def __call__(
        self, conn: Connection, event_ids: Collection[UUID], fan_ids: Collection[UUID], now: datetime
    ) -> Mapping[UUID, EarlySale]:
        """Return the early sale of each event that has windows, with the windows of these people, in one query."""
        rows = await store.early_sales(conn, sorted(event_ids), sorted(fan_ids), local_day(now, self._zone))
        windows: dict[UUID, dict[int, EarlyWindow]] = {}
        mine: dict[UUID, dict[UUID, list[EarlyWindow]]] = {}
        for row in rows:
            window = EarlyWindow(row.opens_at, row.tickets_max, row.tiers, row.packages)
            windows.setdefault(row.event_id, {})[row.position] = window
            if row.person_id is not None and row.own_max is not None:
                tiers, packages = ([] if name is None else [name] for name in (row.tier, row.package))
                own = EarlyWindow(row.opens_at, row.own_max, tiers, packages)
                mine.setdefault(row.event_id, {}).setdefault(row.person_id, []).append(own)
        return {id_: EarlySale(list(found.values()), mine.get(id_, {})) for id_, found in windows.items()}


class PublicWindows(Struct, frozen=True):
    """The members' windows of an event until its public sale opens, and those of the caller.

    `tickets_max` is how many tickets the caller may have now by their membership; None if no window of theirs is open.
    """

    sale_opens_at: datetime
    windows: list[EarlyWindow]
    mine: list[EarlyWindow]
    tickets_max: int | None


async def public_windows(
    conn: Connection, early_sales: EarlySales, event_id: UUID, person_id: UUID | None, now: datetime
) -> PublicWindows | None:
    """Return the windows of an event that is or was public; None if there is no such event."""
    event = await programme.event(conn, event_id)
    if event is None or event.state == "draft":
        return None
    found = (await early_sales(conn, [event_id], [] if person_id is None else [person_id], now)).get(event_id)
    if found is None:
        return PublicWindows(event.sale_opens_at, [], [], None)
    return PublicWindows(
        event.sale_opens_at,
        list(found.windows),
        list(found.windows_of(person_id)),
        found.tickets_max(person_id, now) if now < event.sale_opens_at else None,
    )


class OfficeWindows(Struct, frozen=True):
    """The members' windows of an event for the office. A change names the `revision` that it replaces."""

    windows: list[EventWindow]
    revision: int
    sale_opens_at: datetime


async def office_windows(conn: Connection, event_id: UUID, sale_opens_at: datetime) -> OfficeWindows:
    """Return the members' windows of an event, the earliest first."""
    return OfficeWindows(await store.windows_of(conn, event_id), await store.revision(conn, event_id), sale_opens_at)
