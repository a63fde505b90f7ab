"""Routes of incidents."""

from uuid import UUID

from virage.control.safety.acts import incidents as acts
from virage.control.safety.reads import incidents as reads
from virage.control.safety.reads.incidents import IncidentDetail, IncidentView
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.incidents import ControlReport, Incident, IncidentChange
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post
from virage.site.programme.types import Event
from virage.site.venue import api as venues
from virage.site.venue.types import Venue


@get("/events/{event_id:uuid}/incidents", guards=[staff(ROLE)])
async def list_incidents(event_id: UUID, *, db: Database, principal: Principal) -> list[IncidentView]:
    """Return the incidents of an event, at most 500: open ones first, by priority, the newest first."""
    await event_of(db, event_id, principal)
    async with db.connection() as conn:
        return await reads.incidents(conn, event_id)


@post("/events/{event_id:uuid}/incidents", status_code=200, guards=[staff(ROLE)])
async def report_incident(
    event_id: UUID, data: ControlReport, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> IncidentDetail:
    """Store a new incident and its record in the log. A repeated request is one incident.

    Refusals: `place_unknown`, `incident_id_taken`, `alert_has_incident` with the `incident`.
    """
    who = require_fan(principal)
    venue = await _venue(db, await event_of(db, event_id, principal))
    incident = granted(
        await db.transact(
            acts.report, venue, event_id, data, vault=vault, who=who, now=clock.now(), alert_id=data.alert_id
        )
    )
    async with db.connection() as conn:
        return await reads.incident_detail(conn, incident)


@get("/incidents/{incident_id:uuid}", guards=[staff(ROLE)])
async def get_incident(incident_id: UUID, *, db: Database, principal: Principal) -> IncidentDetail:
    """Return an incident with its timeline, the oldest entry first."""
    incident = await _incident(db, incident_id)
    await event_of(db, incident.event_id, principal)
    async with db.connection() as conn:
        return await reads.incident_detail(conn, incident)


@post("/incidents/{incident_id:uuid}/entries", status_code=200, guards=[staff(ROLE)])
async def change_incident(
    incident_id: UUID, data: IncidentChange, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> IncidentDetail:
    """Add a note, set priority or place, resolve or reopen an incident. A repeated request is one entry.

    Refusals: `place_unknown`, `incident_resolved`, `incident_open`, `incident_id_taken`.
    """
    who = require_fan(principal)
    found = await _incident(db, incident_id)
    venue = await _venue(db, await event_of(db, found.event_id, principal))
    incident = granted(await db.transact(acts.change, venue, incident_id, data, vault=vault, who=who, now=clock.now()))
    async with db.connection() as conn:
        return await reads.incident_detail(conn, incident)


async def _incident(db: Database, incident_id: UUID) -> Incident:
    async with db.connection() as conn:
        found = await reads.incident(conn, incident_id)
    if found is None:
        raise Problem("not_found")
    return found


async def _venue(db: Database, event: Event) -> Venue:
    async with db.connection() as conn:
        return await venues.venue_at(conn, event.venue_version)
