"""The waiting list of an event for fans and the office, and the content of its email."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people.types import Email, EmailContent
from virage.platform.data.database import Connection
from virage.platform.values.zones import zone_note
from virage.sale.ticketing.rules.terms import SeatNeed
from virage.sale.ticketing.rules.waiting import WaitingEntry
from virage.sale.ticketing.store import pricing as pricing_store
from virage.sale.ticketing.store import waiting as store
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at, venues


class WaitingView(Struct, frozen=True):
    """An entry for its person. `position` counts from 1, among the parties with or without needs of access.

    `invited_until`: seats were free or listed at the last look, and the next party is told after this moment.
    """

    size: int
    wheelchairs: int
    needs: list[SeatNeed]
    category_ids: list[UUID]
    joined_at: datetime
    position: int
    invited_until: datetime | None


class MyWaiting(Struct, frozen=True):
    """The caller's entry on the waiting list of an event; None without one."""

    entry: WaitingView | None


class WaitingCategory(Struct, frozen=True):
    """How many people wait for seats of a category; those who would take any are counted in each."""

    name: dict[str, str]
    people: int


class WaitingCount(Struct, frozen=True):
    """The waiting list of an event in numbers: parties, their people, wheelchair spaces, and parties invited now."""

    parties: int
    people: int
    wheelchairs: int
    invited: int
    categories: list[WaitingCategory]


async def view(conn: Connection, entry: WaitingEntry, now: datetime) -> WaitingView:
    """Return an entry for its person."""
    return WaitingView(
        size=entry.size,
        wheelchairs=entry.wheelchairs,
        needs=entry.needs,
        category_ids=entry.category_ids,
        joined_at=entry.joined_at,
        position=1 + await store.ahead(conn, entry.event_id, entry.person_id),
        invited_until=entry.invited_until if entry.is_invited(now) else None,
    )


async def mine(conn: Connection, event_id: UUID, person_id: UUID, now: datetime) -> MyWaiting:
    """Return a person's entry on the waiting list of an event."""
    found = await store.entry(conn, event_id, person_id)
    return MyWaiting(None if found is None else await view(conn, found, now))


async def waiting_count(conn: Connection, event_id: UUID, now: datetime) -> WaitingCount:
    """Return the waiting list of an event in numbers."""
    entries, pricing = await store.of_event(conn, event_id), await pricing_store.pricing(conn, event_id)
    return WaitingCount(
        parties=len(entries),
        people=sum(one.size for one in entries),
        wheelchairs=sum(one.wheelchairs for one in entries),
        invited=sum(1 for one in entries if one.is_invited(now)),
        categories=[
            WaitingCategory(
                category.name,
                sum(one.size for one in entries if not one.category_ids or category.id in one.category_ids),
            )
            for category in (() if pricing is None else pricing.categories)
        ],
    )


async def email(conn: Connection, email: Email) -> EmailContent | None:
    """Return an invitation as its email tells it; None once the entry has ended."""
    event = await programme.event(conn, email.subject_id)
    entry = None if email.person_id is None else await store.entry(conn, email.subject_id, email.person_id)
    if event is None or event.state != "published" or entry is None or entry.invited_until is None:
        return None
    venue = await venue_at(conn, event.venue_version)
    values = {
        "title": event.title,
        "starts_at": event.starts_at.astimezone(venue.zone),
        "zone": zone_note(venue.zone, (await venues(conn))[0].zone),
        "venue": venue.name,
        "count": entry.size,
        "until": entry.invited_until.astimezone(venue.zone),
    }
    return EmailContent(values, [], f"/events/{event.id}/exchange")
