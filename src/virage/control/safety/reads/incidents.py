"""The incidents of an event, and the timeline of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.incidents import Content, Incident, IncidentKind, IncidentPlace, IncidentSource
from virage.control.safety.rules.log import read_record
from virage.control.safety.store import incidents as store
from virage.control.safety.store import log as log_store
from virage.control.safety.store.incidents import ListedIncident
from virage.identity.people import api as people
from virage.platform.data.database import Connection

INCIDENTS_MAX = 500


class IncidentView(Struct, frozen=True, kw_only=True):
    """An incident for the control room. Text and place are None if there are none, or after the retention period.

    `requests` counts the requests of fans that it holds.
    """

    id: UUID
    event_id: UUID
    kind: IncidentKind
    priority: int
    text: str | None
    place: IncidentPlace | None
    occurred_at: datetime
    reported_at: datetime
    source: IncidentSource
    requests: int
    reported_by: UUID | None
    reported_by_name: str | None
    resolved_at: datetime | None


class IncidentEntry(Struct, frozen=True, kw_only=True):
    """A line of an incident's timeline. `number` is that of its record in the log of the event."""

    number: int
    id: UUID
    kind: str
    at: str
    who: UUID | None
    who_name: str | None
    data: dict[str, str | int]
    text: str | None
    place: IncidentPlace | None


class IncidentDetail(Struct, frozen=True):
    """An incident and its timeline, the oldest entry first."""

    incident: IncidentView
    entries: list[IncidentEntry]


async def incident(conn: Connection, incident_id: UUID) -> Incident | None:
    """Return one incident."""
    return await store.incident(conn, incident_id)


async def incidents(conn: Connection, event_id: UUID) -> list[IncidentView]:
    """Return the incidents of an event, at most 500: open ones first, by priority, the staff's before the fans'."""
    return await _views(conn, await store.incidents_of(conn, event_id, INCIDENTS_MAX))


async def incidents_for(
    conn: Connection, event_id: UUID, person_id: UUID | None, incident_ids: Sequence[UUID]
) -> list[IncidentView]:
    """Return the incidents of an event that a person reported, and those with these ids, in the same order."""
    return await _views(conn, await store.incidents_for(conn, event_id, person_id, incident_ids, INCIDENTS_MAX))


async def _views(conn: Connection, listed: Sequence[ListedIncident]) -> list[IncidentView]:
    reporters = {one.incident.reported_by for one in listed if one.incident.reported_by is not None}
    names = await people.names_by_id(conn, sorted(reporters))
    return [_view(one, names) for one in listed]


async def incident_detail(conn: Connection, found: Incident) -> IncidentDetail:
    """Return an incident with its timeline."""
    entries = []
    (listed,) = await store.incidents_for(conn, found.event_id, None, [found.id], 1)
    contents: dict[int, Content] = {}
    for stored in await log_store.records_of(conn, found.id):
        record = read_record(stored.signed.body)
        if record is None:
            raise RuntimeError(f"A record of an incident cannot be read: {found.id}, {stored.signed.number}")
        if stored.content is not None:
            contents[record.number] = msgspec.json.decode(stored.content.body, type=Content)
        entries.append(record)
    names = await people.names_by_id(conn, sorted({one.who for one in entries if one.who is not None}))
    empty = Content()
    return IncidentDetail(
        _view(listed, names),
        [
            IncidentEntry(
                number=one.number,
                id=one.id,
                kind=one.kind,
                at=one.at,
                who=one.who,
                who_name=None if one.who is None else names.get(one.who),
                data=dict(one.data),
                text=contents.get(one.number, empty).text,
                place=contents.get(one.number, empty).place,
            )
            for one in entries
        ],
    )


def _view(listed: ListedIncident, names: Mapping[UUID, str]) -> IncidentView:
    found = listed.incident
    return IncidentView(
        id=found.id,
        event_id=found.event_id,
        kind=found.kind,
        priority=found.priority,
        text=None if listed.said is None else listed.said.text,
        place=None if listed.placed is None else listed.placed.place,
        occurred_at=found.occurred_at,
        reported_at=found.reported_at,
        source=found.source,
        requests=listed.requests,
        reported_by=found.reported_by,
        reported_by_name=None if found.reported_by is None else names.get(found.reported_by),
        resolved_at=found.resolved_at,
    )
