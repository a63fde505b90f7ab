"""Requests of fans: their lines, the answers to them, and how far their incidents are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.requests import (
    AnswerCode,
    AnswerRequest,
    FanIncident,
    KnownLine,
    Progress,
    Request,
    RequestKind,
    RequestLine,
)
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


class StoredAnswer(Struct, frozen=True, kw_only=True):
    """An answer to the fans of an incident."""

    id: UUID
    incident_id: UUID
    answer: AnswerCode
    text: str | None
    at: datetime


class OwnRequest(Struct, frozen=True):
    """A request of a person and its progress."""

    request: Request
    progress: Progress


def _line(row: Mapping[str, Any]) -> RequestLine:
    return msgspec.convert(dict(row), RequestLine)


async def known_lines(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, KnownLine]:
    """Return the stored lines with these ids."""
    return {
        row["id"]: KnownLine(_line(row), row["event_id"], row["person_id"], RequestKind(row["kind"]))
        async for row in queries.known_lines(conn, ids=ids)
    }


async def open_requests(
    conn: Connection, event_id: UUID, person_ids: Sequence[UUID]
) -> dict[tuple[UUID, RequestKind], UUID]:
    """Return the open requests of some persons by person and kind."""
    rows = queries.open_requests(conn, event_id=event_id, person_ids=person_ids)
    return {(row["person_id"], RequestKind(row["kind"])): row["id"] async for row in rows}


async def recent_lines(
    conn: Connection, event_id: UUID, person_ids: Sequence[UUID], since: datetime
) -> dict[UUID, tuple[int, datetime]]:
    """Return how many lines some persons have sent since a time, and when the first of these was."""
    rows = queries.recent_lines(conn, event_id=event_id, person_ids=person_ids, since=since)
    return {row["person_id"]: (row["count"], row["first_at"]) async for row in rows}


async def doubted_persons(conn: Connection, event_id: UUID, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of some persons of whom a request was marked as false."""
    rows = queries.doubted_persons(conn, event_id=event_id, person_ids=person_ids)
    return {row["person_id"] async for row in rows}


async def fan_incidents(conn: Connection, event_id: UUID) -> list[FanIncident]:
    """Return the open incidents of fans."""
    return [msgspec.convert(dict(row), FanIncident) async for row in queries.fan_incidents(conn, event_id=event_id)]


async def insert_requests(conn: Connection, event_id: UUID, new: Sequence[Request], now: datetime) -> None:
    """Store new requests of a locked log."""
    await queries.insert_requests(
        conn,
        event_id=event_id,
        ids=[one.id for one in new],
        incident_ids=[one.incident_id for one in new],
        person_ids=[one.person_id for one in new],
        kinds=[one.kind.value for one in new],
        zones=[one.zone for one in new],
        are_doubted=[one.is_doubted for one in new],
        times=[one.written_at for one in new],
        now=now,
    )


async def insert_lines(conn: Connection, new: Sequence[RequestLine], now: datetime) -> None:
    """Store new lines of requests of a locked log."""
    await queries.insert_lines(
        conn,
        ids=[one.id for one in new],
        request_ids=[one.request_id for one in new],
        places=[None if one.place is None else msgspec.json.encode(one.place).decode() for one in new],
        texts=[one.text for one in new],
        callbacks=[one.callback for one in new],
        now=now,
    )


async def request(conn: Connection, request_id: UUID) -> Request | None:
    """Return one request."""
    row = await queries.request(conn, id=request_id)
    return None if row is None else msgspec.convert(dict(row), Request)


async def update_request(conn: Connection, changed: Request) -> None:
    """Store the state of a request after a change."""
    await queries.update_request(
        conn,
        id=changed.id,
        withdrawn_at=changed.withdrawn_at,
        hidden_at=changed.hidden_at,
        false_at=changed.false_at,
    )


async def insert_answer(conn: Connection, incident_id: UUID, new: AnswerRequest, now: datetime) -> None:
    """Store an answer."""
    await queries.insert_answer(
        conn, id=new.id, incident_id=incident_id, answer=new.answer.value, text=new.text, now=now
    )


async def persons_to_tell(conn: Connection, incident_id: UUID) -> list[UUID]:
    """Return the persons whose requests belong to an incident and are neither withdrawn nor hidden."""
    return [row["person_id"] async for row in queries.persons_to_tell(conn, incident_id=incident_id)]


async def requests_of_person(conn: Connection, person_id: UUID, event_id: UUID | None = None) -> list[OwnRequest]:
    """Return the requests of a person at an event, or at all events, the newest first."""
    return [
        OwnRequest(msgspec.convert(dict(row), Request), msgspec.convert(dict(row), Progress))
        async for row in queries.requests_of_person(conn, person_id=person_id, event_id=event_id)
    ]


async def requests_of_incident(conn: Connection, incident_id: UUID, limit: int) -> list[Request]:
    """Return the newest requests of an incident."""
    rows = queries.requests_of_incident(conn, incident_id=incident_id, limit_=limit)
    return [msgspec.convert(dict(row), Request) async for row in rows]


async def zones_of(conn: Connection, incident_id: UUID) -> dict[str, int]:
    """Return how many requests of an incident each zone has, most first."""
    return {row["zone"]: row["count"] async for row in queries.zones_of_requests(conn, incident_id=incident_id)}


async def lines_of(conn: Connection, request_ids: Sequence[UUID]) -> dict[UUID, list[RequestLine]]:
    """Return the lines of some requests, the oldest first."""
    found: dict[UUID, list[RequestLine]] = {request_id: [] for request_id in request_ids}
    async for row in queries.lines_of(conn, request_ids=request_ids):
        found[row["request_id"]].append(_line(row))
    return found


async def answers_of(conn: Connection, incident_ids: Sequence[UUID]) -> dict[UUID, list[StoredAnswer]]:
    """Return the answers to the fans of some incidents, the oldest first."""
    found: dict[UUID, list[StoredAnswer]] = {incident_id: [] for incident_id in incident_ids}
    async for row in queries.answers_of(conn, incident_ids=incident_ids):
        found[row["incident_id"]].append(msgspec.convert(dict(row), StoredAnswer))
    return found


async def forget_requests_of(conn: Connection, person_id: UUID) -> None:
    """Delete what a person said, and take the person out of the requests."""
    _ = [row async for row in queries.lock_requests_of(conn, person_id=person_id)]
    await queries.forget_requests_of(conn, person_id=person_id)


async def delete_requests(conn: Connection, before: datetime) -> None:
    """Delete requests and their lines from before a time."""
    await queries.delete_requests(conn, before=before)


async def delete_answers(conn: Connection, before: datetime) -> None:
    """Delete answers from before a time."""
    await queries.delete_answers(conn, before=before)
