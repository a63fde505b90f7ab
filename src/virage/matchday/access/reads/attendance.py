"""Attendance of an event by fans."""

from collections.abc import Sequence
from uuid import UUID

from virage.identity.passes import api as passes
from virage.matchday.access.rules.attendance import EventAttendance
from virage.matchday.access.store import scans as store
from virage.platform.data.database import Connection
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at


async def attendance(conn: Connection, event_id: UUID, person_ids: Sequence[UUID]) -> dict[UUID, EventAttendance]:
    """Return those with tickets, by person. Standing areas are in no stand."""
    held = await ticketing.places_of_owners(conn, event_id, person_ids)
    issued = await passes.states(conn, [ticket_id for _, ticket_id, _ in held])
    presences = await store.presence_of(conn, [(event_id, state.number) for state in issued.values()])
    inside = {
        key for key, stored in presences.items() if stored.presence is not None and stored.presence.state == "inside"
    }
    places: dict[UUID, list[int]] = {}
    present: set[UUID] = set()
    for person_id, ticket_id, place in held:
        places.setdefault(person_id, []).append(place)
        if ticket_id in issued and (event_id, issued[ticket_id].number) in inside:
            present.add(person_id)
    event = await programme.event(conn, event_id)
    if event is None:
        return {}
    venue = await venue_at(conn, event.venue_version)
    return {
        person_id: EventAttendance(
            person_id in present,
            frozenset(venue.label(place).gate_group for place in found),
            frozenset(venue.blocks[venue.block[place]].stand for place in found if place < venue.seats),
        )
        for person_id, found in places.items()
    }
