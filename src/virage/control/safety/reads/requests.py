"""Requests of fans, as their senders, the control room and the team of an incident see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.control.safety.reads.broadcasts import event_and_venue
from virage.control.safety.rules.requests import (
    AnswerCode,
    HelpRequest,
    Request,
    RequestKind,
    RequestLine,
    RequestPlace,
    RequestRefusal,
    RequestState,
    may_ask,
)
from virage.control.safety.store import requests as store
from virage.identity.people import api as people
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused
from virage.sale.ticketing import api as ticketing

SHOWN_MAX: Final = 50
SHOWN_TO_TEAM_MAX: Final = 10


class FanLine(Struct, frozen=True):
    """What a fan said at a time."""

    at: datetime
    place: RequestPlace | None
    text: str | None


class FanAnswer(Struct, frozen=True):
    """An answer of the control room."""

    at: datetime
    answer: AnswerCode
    text: str | None


class FanRequest(Struct, frozen=True, kw_only=True):
    """A request for its sender, with the time of each state that it has reached."""

    id: UUID
    event_id: UUID
    kind: RequestKind
    state: RequestState
    written_at: datetime
    sent_at: datetime
    received_at: datetime | None
    on_the_way_at: datetime | None
    resolved_at: datetime | None
    withdrawn_at: datetime | None
    lines: list[FanLine]
    answers: list[FanAnswer]


class ZoneRequests(Struct, frozen=True):
    """How many requests of an incident a zone has; "" are places in words."""

    zone: str
    count: int


class SentRequest(Struct, frozen=True, kw_only=True):
    """A request for the control room. `name` is None without a name and once the account is erased."""

    id: UUID
    kind: RequestKind
    name: str | None
    callback: str | None
    written_at: datetime
    sent_at: datetime
    withdrawn_at: datetime | None
    false_at: datetime | None
    is_doubted: bool
    lines: list[FanLine]


class IncidentRequests(Struct, frozen=True):
    """The requests of an incident: how many of each zone, the newest 50, and the answers to all, the oldest first."""

    zones: list[ZoneRequests]
    requests: list[SentRequest]
    answers: list[FanAnswer]


async def refusal_of(conn: Connection, event_id: UUID, who: UUID, asked: HelpRequest, now: datetime) -> Refused | None:
    """Return why a person may not ask for help at an event; None if they may.

    Refusals: `not_found`, `ticket_needed`, `event_not_running`, `place_unknown`.
    """
    found = await event_and_venue(conn, event_id)
    if found is None:
        return Refused(RequestRefusal.NOT_FOUND)
    event, venue = found
    has_ticket = bool(await ticketing.places_of_owners(conn, event_id, [who]))
    return may_ask(event, venue, asked, has_ticket=has_ticket, now=now)


async def request(conn: Connection, request_id: UUID) -> Request | None:
    """Return one request."""
    return await store.request(conn, request_id)


async def own_requests(conn: Connection, event_id: UUID, who: UUID) -> list[FanRequest]:
    """Return the requests of a person at an event that are not hidden, the newest first."""
    own = await store.requests_of_person(conn, who, event_id)
    return await _views(conn, [one for one in own if one.request.hidden_at is None])


async def export_requests(conn: Connection, person_id: UUID) -> list[FanRequest]:
    """Return all requests of a person, also hidden ones, for the export of personal data."""
    return await _views(conn, await store.requests_of_person(conn, person_id))


async def _views(conn: Connection, own: Sequence[store.OwnRequest]) -> list[FanRequest]:
    lines = await store.lines_of(conn, [one.request.id for one in own])
    answers = await store.answers_of(conn, sorted({one.request.incident_id for one in own}))
    return [
        FanRequest(
            id=one.request.id,
            event_id=one.request.event_id,
            kind=one.request.kind,
            state=one.progress.state,
            written_at=one.request.written_at,
            sent_at=one.request.sent_at,
            received_at=one.progress.received_at,
            on_the_way_at=one.progress.on_the_way_at,
            resolved_at=one.progress.resolved_at,
            withdrawn_at=one.progress.withdrawn_at,
            lines=[_line(line) for line in lines[one.request.id]],
            answers=[FanAnswer(said.at, said.answer, said.text) for said in answers[one.request.incident_id]],
        )
        for one in own
    ]


def _line(line: RequestLine) -> FanLine:
    return FanLine(line.at, line.place, line.text)


async def incident_requests(conn: Connection, incident_id: UUID) -> IncidentRequests:
    """Return the requests of an incident for the control room."""
    found = await store.requests_of_incident(conn, incident_id, SHOWN_MAX)
    lines = await store.lines_of(conn, [one.id for one in found])
    names = await people.names_by_id(conn, sorted({one.person_id for one in found if one.person_id is not None}))
    answers = (await store.answers_of(conn, [incident_id]))[incident_id]
    return IncidentRequests(
        [ZoneRequests(zone, count) for zone, count in (await store.zones_of(conn, incident_id)).items()],
        [
            SentRequest(
                id=one.id,
                kind=one.kind,
                name=None if one.person_id is None else names.get(one.person_id),
                callback=next((line.callback for line in reversed(lines[one.id]) if line.callback is not None), None),
                written_at=one.written_at,
                sent_at=one.sent_at,
                withdrawn_at=one.withdrawn_at,
                false_at=one.false_at,
                is_doubted=one.is_doubted,
                lines=[_line(line) for line in lines[one.id]],
            )
            for one in found
        ],
        [FanAnswer(said.at, said.answer, said.text) for said in answers],
    )


async def lines_for_team(conn: Connection, incident_id: UUID) -> list[FanLine]:
    """Return what the newest fans of an incident said and where, without their names, for its team."""
    found = await store.requests_of_incident(conn, incident_id, SHOWN_TO_TEAM_MAX)
    lines = await store.lines_of(conn, [one.id for one in found if one.withdrawn_at is None])
    return [_line(line) for of_request in lines.values() for line in of_request]
