"""Incidents as they are now; their texts and places are contents of the log."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.incidents import Content, Incident, IncidentReport, IncidentSource
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


class ListedIncident(Struct, frozen=True):
    """An incident with the contents of its report and of its place; each None once it was deleted.

    `requests` counts the requests of fans that it holds.
    """

    incident: Incident
    said: Content | None
    placed: Content | None
    requests: int


def _listed(row: Mapping[str, Any]) -> ListedIncident:
    incident = msgspec.convert(dict(row), Incident)
    return ListedIncident(incident, _content(row["said"]), _content(row["placed"]), row["requests"])


def _content(body: bytes | None) -> Content | None:
    return None if body is None else msgspec.json.decode(body, type=Content)


async def insert_incident(
    conn: Connection,
    event_id: UUID,
    report: IncidentReport,
    *,
    number: int,
    who: UUID | None,
    occurred_at: datetime,
    now: datetime,
) -> None:
    """Store a new incident, whose report is the record `number`; `who` is None for an incident of fans."""
    await queries.insert_incident(
        conn,
        id=report.id,
        event_id=event_id,
        kind=report.kind.value,
        priority=report.priority,
        occurred_at=occurred_at,
        reported_at=now,
        reported_by=who,
        source=(IncidentSource.FAN if who is None else IncidentSource.STAFF).value,
        number=number,
    )


async def update_incident(conn: Connection, incident: Incident) -> None:
    """Store the state of an incident after a change."""
    await queries.update_incident(
        conn,
        id=incident.id,
        priority=incident.priority,
        resolved_at=incident.resolved_at,
        placed_by=incident.placed_by,
    )


async def incident(conn: Connection, incident_id: UUID) -> Incident | None:
    """Return one incident."""
    row = await queries.incident(conn, id=incident_id)
    return None if row is None else msgspec.convert(dict(row), Incident)


async def incidents_of(conn: Connection, event_id: UUID, limit: int | None) -> list[ListedIncident]:
    """Return the incidents of an event: open ones first, by priority, the newest first; all if `limit` is None."""
    return [_listed(row) async for row in queries.incidents_of(conn, event_id=event_id, limit_=limit)]


async def incidents_for(
    conn: Connection, event_id: UUID, person_id: UUID | None, incident_ids: Sequence[UUID], limit: int
) -> list[ListedIncident]:
    """Return the incidents of an event that a person reported, and those with these ids, in the same order."""
    rows = queries.incidents_for(conn, event_id=event_id, person_id=person_id, ids=incident_ids, limit_=limit)
    return [_listed(row) async for row in rows]
