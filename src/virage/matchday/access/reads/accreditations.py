"""Who is accredited, and what stands on their badge."""

from typing import Any
from uuid import UUID

from virage.identity.people import api as people
from virage.matchday.access.reads import bans
from virage.matchday.access.rules.accreditations import GROUPS, Accreditation, KindState
from virage.matchday.access.rules.badge import Badge
from virage.matchday.access.rules.ground import gates
from virage.matchday.access.store import accreditations as store
from virage.matchday.access.store import ground as ground_store
from virage.platform.data.database import Connection
from virage.platform.settings.config import Club
from virage.site.programme.types import Event
from virage.site.venue.api import VENUE_ZONE


async def accreditation(conn: Connection, id_: UUID) -> Accreditation | None:
    """One accreditation."""
    return (await store.by_id(conn, [id_])).get(id_)


async def accreditations(conn: Connection, event_id: UUID) -> list[Accreditation]:
    """All of an event, the latest first."""
    return await store.accreditations(conn, event_id)


async def kinds(conn: Connection, event_id: UUID) -> list[KindState]:
    """How each kind stands at an event."""
    state = (await ground_store.ground_of(conn, [event_id]))[event_id]
    held = await store.held_by_kind(conn, event_id)
    found = []
    for kind, group in GROUPS.items():
        window = state.windows.get(group)
        opens_at, closes_at = (None, None) if window is None else (window.opens_at, window.closes_at)
        found.append(KindState(kind, group, held.get(kind, 0), opens_at, closes_at, state.gates_of(group)))
    return found


async def badge_of(conn: Connection, held: Accreditation, event: Event, code: str, club: Club) -> Badge:
    """What stands on a badge: the gates that take its kind now, and their window; without one, doors to end."""
    state = (await ground_store.ground_of(conn, [event.id]))[event.id]
    group = GROUPS[held.kind]
    taken = state.gates_of(group)
    window = state.windows.get(group)
    opens, closes = (event.doors_at, event.ends_at) if window is None else (window.opens_at, window.closes_at)
    return Badge(
        code=code,
        name=held.name or "",
        kind=held.kind,
        number=held.pass_number or 0,
        club=club.name,
        primary=club.primary,
        title=event.title,
        starts_at=event.starts_at.astimezone(VENUE_ZONE),
        gates=tuple(taken),
        zones=tuple(sorted({gates()[gate].stand for gate in taken})),
        opens_at=opens.astimezone(VENUE_ZONE),
        closes_at=closes.astimezone(VENUE_ZONE),
        lang="en" if club.locale == "en" else "fr",
    )


async def export(conn: Connection, person_id: UUID) -> dict[str, Any]:
    """What the gates keep about a person: the club's entries about their address, and their accreditations."""
    person = await people.person(conn, person_id)
    mine = [] if person is None else await store.of_address(conn, person.email)
    said = [
        {
            "event_id": one.event_id,
            "kind": one.kind,
            "name": one.name,
            "added_at": one.added_at,
            "revoked_at": one.revoked_at,
        }
        for one in mine
    ]
    return await bans.export(conn, person_id) | {"accreditations": said}
