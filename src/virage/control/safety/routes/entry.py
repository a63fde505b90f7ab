"""The route of the forecast of the entry."""

from uuid import UUID

from virage.control.safety.reads.entry import EntryForecasts, EntryNow
from virage.control.safety.routes.access import ROLE, event_of
from virage.platform.data.database import Database
from virage.platform.web.guard import Principal, staff
from virage.platform.web.routing import get


@get("/events/{event_id:uuid}/entry", guards=[staff(ROLE)])
async def get_entry(event_id: UUID, *, db: Database, entry_forecasts: EntryForecasts, principal: Principal) -> EntryNow:
    """Return the last forecast of the entry, with the ten gates whose queue will be longest."""
    await event_of(db, event_id, principal)
    return await entry_forecasts.shown(event_id)
