"""Routes of counts and of the picture."""

from uuid import UUID

from virage.control.safety.counts import Counts
from virage.control.safety.reads.pictures import VenuePictures
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.counts import CountUpload, readings, unknown_places
from virage.control.safety.rules.incidents import IncidentRefusal
from virage.control.safety.rules.picture import VenuePicture
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, device_at, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post
from virage.site.programme import api as programme
from virage.site.programme.types import Instant
from virage.site.venue import api as venues
from virage.site.venue.types import owner_of


@post("/counts", status_code=204, guards=[device_at("gate")], rate="gate")
async def post_counts(
    data: CountUpload,
    *,
    db: Database,
    clock: Clock,
    counts: Counts,
    venue_pictures: VenuePictures,
    principal: Principal,
) -> None:
    """Store counts of a camera or counter that is paired at a gate of the venue. A repeated count has no second effect.

    Refusals: `place_unknown` with the unknown places; then no count is stored. 403 for a device of another venue.
    """
    async with db.connection() as conn:
        event = await programme.event(conn, data.event_id)
        if event is None or event.state != "published":
            raise Problem("not_found")
        venue = await venues.venue_at(conn, event.venue_version)
    if principal.id is None or not any(
        grant.scope == "all" or owner_of([venue], str(grant.scope_id)) is not None
        for grant in principal.grants
        if grant.role == "gate"
    ):
        raise Problem("forbidden", {"venue": venue.code})
    stored = granted(readings(data, principal.id, clock.now()))
    places = await venue_pictures.places(event.venue_version)
    unknown = unknown_places(stored, places.zones, places.lanes)
    if unknown:
        raise Problem(IncidentRefusal.PLACE_UNKNOWN, {"places": unknown})
    await counts.add(stored)


@get("/events/{event_id:uuid}/picture", guards=[staff(ROLE)])
async def get_venue_picture(
    event_id: UUID, *, db: Database, venue_pictures: VenuePictures, principal: Principal, at: Instant | None = None
) -> VenuePicture:
    """Return the picture of an event now, or the last stored one at an instant; one is stored each minute.

    404 for an instant before the first one.
    """
    event = await event_of(db, event_id, principal)
    found = await venue_pictures.now(event) if at is None else await venue_pictures.at(event_id, at)
    if found is None:
        raise Problem("not_found")
    return found
