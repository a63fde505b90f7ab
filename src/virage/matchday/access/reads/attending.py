"""Who of some fans has tickets of an event, where these lead, and whether one of them is in the ground."""

from collections.abc import Sequence
from uuid import UUID

from virage.identity.passes import api as passes
from virage.matchday.access.rules.attending import Attending
from virage.matchday.access.store import scans as store
from virage.platform.data.database import Connection
from virage.sale.ticketing import api as ticketing
from virage.site.venue.types import load_venue


async def attending(conn: Connection, event_id: UUID, person_ids: Sequence[UUID]) -> dict[UUID, Attending]:
    """Those who have tickets; who stands on the pitch sits in no stand."""
    held = await ticketing.places_of_owners(conn, event_id, person_ids)
    issued = await passes.states(conn, [ticket_id for _, ticket_id, _ in held])
    stood = await store.presence_of(conn, [(event_id, state.number) for state in issued.values()])
    inside = {key for key, one in stood.items() if one.presence is not None and one.presence.state == "inside"}
    places: dict[UUID, list[int]] = {}
    present: set[UUID] = set()
    for person_id, ticket_id, place in held:
        places.setdefault(person_id, []).append(place)
        if ticket_id in issued and (event_id, issued[ticket_id].number) in inside:
            present.add(person_id)
    ground = load_venue()
    return {
        person_id: Attending(
            person_id in present,
            frozenset(ground.label(place).gate_group for place in found),
            frozenset(ground.blocks[ground.block[place]].stand for place in found if place < ground.seats),
        )
        for person_id, found in places.items()
    }
