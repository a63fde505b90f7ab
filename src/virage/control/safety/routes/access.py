"""The role of the control room, and the events that it covers."""

from uuid import UUID

from virage.platform.data.database import Database
from virage.platform.web.guard import Principal, Role
from virage.platform.web.problems import granted
from virage.site.programme import api as programme
from virage.site.programme.types import Event

ROLE: Role = "controller"


async def event_of(db: Database, event_id: UUID, principal: Principal) -> Event:
    """Return an event that a controller may see; raise `not_found` for any other."""
    async with db.connection() as conn:
        found = await programme.event_within(conn, event_id, principal, ROLE)
    return granted(found)
