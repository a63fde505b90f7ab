"""The requester of a clip, as far as its rights depend on it."""

from uuid import UUID

from virage.matchday.access import api as access
from virage.media.replay.rules.rights import Audience, Rights, Viewer
from virage.media.replay.store import rights as store
from virage.platform.data.database import Connection
from virage.platform.settings.origin import Origin
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role
from virage.sale.ticketing import api as ticketing
from virage.site.programme import api as programme

CREW_ROLES: tuple[Role, ...] = ("media_desk", "moderator", "describer")


async def rights_of(conn: Connection, event_id: UUID) -> tuple[Rights, int]:
    """Return the rights of an event's clips and their revision, 0 by default."""
    return await store.rights(conn, event_id)


async def viewer_of(conn: Connection, event_id: UUID, rights: Rights, principal: Principal, origin: Origin) -> Viewer:
    """Return the viewer; tickets and presence are read only if the rights need them."""
    crew = bool(principal.grants) and not isinstance(
        await programme.event_within(conn, event_id, principal, *CREW_ROLES), Refused
    )
    tickets: list[UUID] = []
    if rights.who is not Audience.EVERYBODY and principal.kind in ("fan", "staff") and principal.id is not None:
        places = await ticketing.places_of_owners(conn, event_id, [principal.id])
        tickets = [ticket for _, ticket, _ in places]
    inside = rights.who is Audience.INSIDE and await access.is_inside(conn, event_id, tickets)
    return Viewer(bool(tickets), inside, origin.address, origin.country, crew)
