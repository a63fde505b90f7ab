"""Accreditations and the content of badges."""

from typing import Any
from uuid import UUID

from virage.identity.people import api as people
from virage.matchday.access.reads import bans
from virage.matchday.access.rules.accreditations import GROUPS, Accreditation, AccreditationKindState
from virage.matchday.access.rules.badge import Badge
from virage.matchday.access.store import accreditations as store
from virage.matchday.access.store import venue_state as venue_state_store
from virage.platform.data.database import Connection
from virage.platform.settings.config import Config
from virage.site.programme.types import Event
from virage.site.venue.types import Venue, local_code


async def accreditation(conn: Connection, id_: UUID) -> Accreditation | None:
    """Return one accreditation."""
    return (await store.by_id(conn, [id_])).get(id_)


async def accreditations(conn: Connection, event_id: UUID) -> list[Accreditation]:
    """Return all accreditations of an event, the latest first."""
    return await store.accreditations(conn, event_id)


async def kinds(conn: Connection, event_id: UUID) -> list[AccreditationKindState]:
    """Return the state of each kind at an event."""
    state = (await venue_state_store.venue_states(conn, [event_id]))[event_id]
    held = await store.held_by_kind(conn, event_id)
    found = []
    for kind, group in GROUPS.items():
        window = state.windows.get(group)
        opens_at, closes_at = (None, None) if window is None else (window.opens_at, window.closes_at)
        found.append(AccreditationKindState(kind, group, held.get(kind, 0), opens_at, closes_at, state.gates_of(group)))
    return found


async def badge_of(
    conn: Connection, held: Accreditation, event: Event, venue: Venue, *, code: str, config: Config
) -> Badge:
    """Return the content of a badge: the gates of its kind and their window; without one, doors to end.

    Times are in the zone of the venue.
    """
    state = (await venue_state_store.venue_states(conn, [event.id]))[event.id]
    group = GROUPS[held.kind]
    taken = state.gates_of(group)
    window = state.windows.get(group)
    opens, closes = (event.doors_at, event.ends_at) if window is None else (window.opens_at, window.closes_at)
    return Badge(
        code=code,
        name=held.name or "",
        kind=held.kind,
        number=held.pass_number or 0,
        club=config.club.name,
        primary=config.club.primary,
        title=event.title,
        starts_at=event.starts_at.astimezone(venue.zone),
        gates=tuple(local_code(gate) for gate in taken),
        zones=tuple(sorted({venue.gate_by_code[gate].stand for gate in taken})),
        opens_at=opens.astimezone(venue.zone),
        closes_at=closes.astimezone(venue.zone),
        lang=config.club.locale,
        second=next((tag for tag in config.languages if tag != config.club.locale), None),
    )


async def export(conn: Connection, person_id: UUID) -> dict[str, Any]:
    """Return the bans and accreditations with a person's email address, for their data export."""
    person = await people.person(conn, person_id)
    mine = [] if person is None else await store.of_address(conn, person.email)
    accreditations_of_person = [
        {
            "event_id": accreditation_.event_id,
            "kind": accreditation_.kind,
            "name": accreditation_.name,
            "added_at": accreditation_.added_at,
            "revoked_at": accreditation_.revoked_at,
        }
        for accreditation_ in mine
    ]
    return await bans.export(conn, person_id) | {"accreditations": accreditations_of_person}
