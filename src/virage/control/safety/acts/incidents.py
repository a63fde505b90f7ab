"""Report and change incidents, each with its record in the log, in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.control.safety.acts.log import lock_log
from virage.control.safety.rules.incidents import (
    Incident,
    IncidentChange,
    IncidentRefusal,
    IncidentReport,
    PlaceIncident,
    PrioritiseIncident,
    ReopenIncident,
    ResolveIncident,
    is_place_of,
    may_change,
    written_change,
    written_report,
)
from virage.control.safety.store import alerts, teams
from virage.control.safety.store import incidents as store
from virage.identity.keys.types import KeyVault
from virage.money.fiscal.types import stamp
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused
from virage.site.venue.types import Venue


async def report(
    conn: Connection,
    venue: Venue,
    event_id: UUID,
    new: IncidentReport,
    *,
    vault: KeyVault,
    who: UUID,
    now: datetime,
    alert_id: UUID | None = None,
) -> Incident | Refused:
    """Store a new incident, of an alert if it is about one. The same report again returns the incident as it is now.

    Refusals: `place_unknown`, `incident_id_taken`; `not_found` for an alert that the event does not have, and
    `alert_has_incident` with the `incident` that was reported about it before.
    """
    if new.place is not None and not is_place_of(new.place, venue):
        return Refused(IncidentRefusal.PLACE_UNKNOWN)
    occurred_at = min(new.occurred_at or now, now)
    written = written_report(new, stamp(occurred_at), alert_id)
    log = await lock_log(conn, vault, event_id, now)
    repeated = await log.has(new.id, new.id, who, written)
    if repeated is not None:
        return await _present(conn, new.id) if repeated else Refused(IncidentRefusal.ID_TAKEN)
    if alert_id is not None:
        alert = await alerts.alert(conn, alert_id)
        if alert is None or alert.event_id != event_id:
            return Refused(IncidentRefusal.NOT_FOUND)
        if alert.incident_id is not None:
            return Refused(IncidentRefusal.ALERT_TAKEN, {"incident": str(alert.incident_id)})
        await alerts.update_alert(conn, replace(alert, incident_id=new.id))
    await log.add(new.id, new.id, who, written)
    await store.insert_incident(conn, event_id, new, number=log.head.number, who=who, occurred_at=occurred_at, now=now)
    return await _present(conn, new.id)


async def change(
    conn: Connection,
    venue: Venue,
    incident_id: UUID,
    asked: IncidentChange,
    *,
    vault: KeyVault,
    who: UUID,
    now: datetime,
) -> Incident | Refused:
    """Change an incident. The same change again returns the incident as it is now. Its resolution releases its teams.

    Refusals: `not_found`, `place_unknown`, `incident_resolved`, `incident_open`, `incident_id_taken`.
    """
    if isinstance(asked, PlaceIncident) and not is_place_of(asked.place, venue):
        return Refused(IncidentRefusal.PLACE_UNKNOWN)
    found = await store.incident(conn, incident_id)
    if found is None:
        return Refused(IncidentRefusal.NOT_FOUND)
    written = written_change(asked)
    log = await lock_log(conn, vault, found.event_id, now)
    incident = await _present(conn, incident_id)
    repeated = await log.has(asked.id, incident_id, who, written)
    if repeated is not None:
        return incident if repeated else Refused(IncidentRefusal.ID_TAKEN)
    refused = may_change(incident, asked)
    if refused is not None:
        return refused
    await log.add(asked.id, incident_id, who, written)
    if isinstance(asked, ResolveIncident):
        await teams.end_assignments(conn, incident_id, now)
    changed = _changed(incident, asked, log.head.number, now)
    if changed != incident:
        await store.update_incident(conn, changed)
    return changed


def _changed(incident: Incident, asked: IncidentChange, number: int, now: datetime) -> Incident:
    match asked:
        case PrioritiseIncident():
            return replace(incident, priority=asked.priority)
        case PlaceIncident():
            return replace(incident, placed_by=number)
        case ResolveIncident():
            return replace(incident, resolved_at=now)
        case ReopenIncident():
            return replace(incident, resolved_at=None)
        case _:
            return incident


async def _present(conn: Connection, incident_id: UUID) -> Incident:
    found = await store.incident(conn, incident_id)
    if found is None:
        raise RuntimeError(f"An incident of the log is not stored: {incident_id}")
    return found
