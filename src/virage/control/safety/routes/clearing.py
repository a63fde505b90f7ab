"""The route of the time to clear."""

from uuid import UUID

from virage.control.safety.reads.clearing import Clearing
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.clearing import ClearingForecast
from virage.platform.data.database import Database
from virage.platform.web.guard import Principal, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import get


@get("/events/{event_id:uuid}/clearing", guards=[staff(ROLE)])
async def get_clearing(
    event_id: UUID, *, db: Database, clearing: Clearing, principal: Principal, closed: str = ""
) -> ClearingForecast:
    """Return when the venue is clear if all leave now; `closed` are codes of exits (groups of gates) with commas.

    Refusals: `place_unknown` with the codes that are no exits.
    """
    event = await event_of(db, event_id, principal)
    return granted(await clearing.now(event, {code for code in closed.split(",") if code}))
