"""The content of reminders, loaded when they are sent. Times are in the zone of the event's venue."""

from uuid import UUID

from virage.identity.people.types import Email, EmailContent, EmailKind
from virage.platform.data.database import Connection
from virage.platform.values.zones import zone_note
from virage.sale.ticketing.reads.views import former_labels
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.terms import TARIFFS
from virage.sale.ticketing.store import reminders as reminders_store
from virage.sale.ticketing.store import tickets as store
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at, venues


async def wants_reminders(conn: Connection, person_id: UUID) -> bool:
    """Return whether a person wants reminders of events by email."""
    return await reminders_store.wants_reminders(conn, person_id)


async def email(conn: Connection, email: Email) -> EmailContent | None:
    """Return a person's tickets of an event, or those without a name; None once there are none."""
    event = await programme.event(conn, email.subject_id)
    if event is None or event.state != "published" or email.person_id is None:
        return None
    mine = [
        ticket
        for ticket in await store.tickets_of_owner(conn, email.person_id)
        if ticket.event_id == event.id and ticket.refund_id is None
    ]
    if email.kind is EmailKind.NAMES_MISSING:
        mine = [ticket for ticket in mine if ticket.holder_name is None]
    if not mine or (email.kind is EmailKind.NAMES_MISSING and event.names_due_at is None):
        return None
    venue = await venue_at(conn, event.venue_version)
    former = await former_labels(conn, mine)
    values = {
        "title": event.title,
        "starts_at": event.starts_at.astimezone(venue.zone),
        "doors_at": event.doors_at.astimezone(venue.zone),
        "zone": zone_note(venue.zone, (await venues(conn))[0].zone),
        "venue": venue.name,
        "count": len(mine),
        "until": (event.names_due_at or event.starts_at).astimezone(venue.zone),
    }
    rows = [
        {"label": former.get(ticket.id) or label(venue, ticket.place), "tariff": TARIFFS[ticket.tariff].value}
        for ticket in mine
    ]
    return EmailContent(values, rows, f"/tickets/{mine[0].id}")
