"""Store requests of fans in batches, change them, answer them and mark them as false, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.control.safety.acts.log import lock_log
from virage.control.safety.rules.requests import (
    LINES_MAX,
    LINES_WITHIN,
    AnswerRequest,
    AskedRequest,
    FalseRequest,
    FanIncident,
    KnownLine,
    Request,
    RequestAddition,
    RequestLine,
    RequestRefusal,
    incident_for,
    report_of,
    written_answer,
    written_false,
    written_request,
    zone_of,
)
from virage.control.safety.store import incidents
from virage.control.safety.store import log as log_store
from virage.control.safety.store import requests as store
from virage.identity.keys.types import KeyVault
from virage.identity.people import api as people
from virage.identity.people.types import PushMessage, PushText
from virage.money.fiscal.types import stamp
from virage.platform.data.database import Connection
from virage.platform.values.ids import named_id
from virage.platform.values.languages import installed, messages
from virage.platform.values.refusals import Refused

PUSH_FOR: Final = timedelta(minutes=30)
PERSONS_AT_ONCE: Final = 5_000


class HelpMessages(Struct, frozen=True, forbid_unknown_fields=True):
    """The section `help` of `push.toml`. It names neither the kind of a request nor what was answered."""

    news: str


async def ask(
    conn: Connection, event_id: UUID, asked: Sequence[AskedRequest], *, vault: KeyVault, now: datetime
) -> list[Refused | None]:
    """Store requests at an event in their order, each as an incident or as a part of one. A repeated one is one.

    A second request of a kind is a line of the person's open one. Refusals, for each: `request_id_taken`,
    `rate_limited`.
    """
    log = await lock_log(conn, vault, event_id, now)
    persons = sorted({one.person_id for one in asked})
    known = await store.known_lines(conn, [one.asked.id for one in asked])
    opened = await store.open_requests(conn, event_id, persons)
    recent = await store.recent_lines(conn, event_id, persons, now - LINES_WITHIN)
    doubted = await store.doubted_persons(conn, event_id, persons)
    current = await store.fan_incidents(conn, event_id)
    requests: list[Request] = []
    lines: list[RequestLine] = []
    outcomes: list[Refused | None] = []
    for one in asked:
        new = one.asked
        count, first_at = recent.get(one.person_id, (0, now))
        if new.id in known:
            outcomes.append(None if known[new.id].repeats(one) else Refused(RequestRefusal.ID_TAKEN))
            continue
        if count >= LINES_MAX:
            outcomes.append(_too_many(first_at, now))
            continue
        request_id = opened.get(one.key)
        if request_id is None:
            if await log_store.record_by_id(conn, new.id) is not None:
                outcomes.append(Refused(RequestRefusal.ID_TAKEN))
                continue
            zone, is_doubted = zone_of(new.place), one.person_id in doubted
            written_at = min(new.written_at or now, now)
            incident = incident_for(current, new.kind, zone, is_doubted=is_doubted, now=now)
            if incident is None:
                report = report_of(new, is_doubted=is_doubted)
                written = written_request(report, stamp(written_at))
                await log.add(new.id, new.id, None, written)
                await incidents.insert_incident(
                    conn, event_id, report, number=log.head.number, who=None, occurred_at=written_at, now=now
                )
                incident = FanIncident(new.id, report.kind, zone, is_doubted, now)
                current.append(incident)
            request = Request(
                id=new.id,
                event_id=event_id,
                incident_id=incident.id,
                person_id=one.person_id,
                kind=new.kind,
                zone=zone,
                is_doubted=is_doubted,
                written_at=written_at,
                sent_at=now,
            )
            requests.append(request)
            request_id = opened[one.key] = new.id
        line = RequestLine(
            id=new.id, request_id=request_id, place=new.place, text=new.text, callback=new.callback, at=now
        )
        lines.append(line)
        known[new.id] = KnownLine(line, event_id, one.person_id, new.kind)
        recent[one.person_id] = (count + 1, first_at)
        outcomes.append(None)
    await store.insert_requests(conn, event_id, requests, now)
    await store.insert_lines(conn, lines, now)
    return outcomes


def _too_many(first_at: datetime, now: datetime) -> Refused:
    wait = first_at + LINES_WITHIN - now
    return Refused(RequestRefusal.TOO_MANY, {"retry_after_s": max(1, ceil(wait.total_seconds()))})


async def add_text(
    conn: Connection, request_id: UUID, new: RequestAddition, *, vault: KeyVault, who: UUID, now: datetime
) -> Request | Refused:
    """Add a text to one's own open request. A repeated text is one.

    Refusals: `not_found`, `request_over`, `request_id_taken`, `rate_limited`.
    """
    request = await _lock_own(conn, request_id, vault, who, now)
    if request is None:
        return Refused(RequestRefusal.NOT_FOUND)
    known = (await store.known_lines(conn, [new.id])).get(new.id)
    if known is not None:
        is_same = (known.line.request_id, known.line.text) == (request_id, new.text)
        return request if is_same else Refused(RequestRefusal.ID_TAKEN)
    incident = await incidents.incident(conn, request.incident_id)
    if incident is None or incident.resolved_at is not None or request.withdrawn_at is not None:
        return Refused(RequestRefusal.OVER)
    recent = await store.recent_lines(conn, request.event_id, [who], now - LINES_WITHIN)
    count, first_at = recent.get(who, (0, now))
    if count >= LINES_MAX:
        return _too_many(first_at, now)
    line = RequestLine(id=new.id, request_id=request_id, place=None, text=new.text, callback=None, at=now)
    await store.insert_lines(conn, [line], now)
    return request


async def withdraw(
    conn: Connection, request_id: UUID, *, vault: KeyVault, who: UUID, now: datetime
) -> Request | Refused:
    """Withdraw one's own request; again, nothing happens. Refusals: `not_found`."""
    request = await _lock_own(conn, request_id, vault, who, now)
    if request is None:
        return Refused(RequestRefusal.NOT_FOUND)
    if request.withdrawn_at is None:
        request = replace(request, withdrawn_at=now)
        await store.update_request(conn, request)
    return request


async def hide(conn: Connection, request_id: UUID, *, vault: KeyVault, who: UUID, now: datetime) -> Request | Refused:
    """Show one's own request on no phone any more, and send no news of it; again, nothing happens.

    Refusals: `not_found`.
    """
    request = await _lock_own(conn, request_id, vault, who, now)
    if request is None:
        return Refused(RequestRefusal.NOT_FOUND)
    if request.hidden_at is None:
        request = replace(request, hidden_at=now)
        await store.update_request(conn, request)
    return request


async def _lock_own(conn: Connection, request_id: UUID, vault: KeyVault, who: UUID, now: datetime) -> Request | None:
    """Return a person's own request as it is now, under the lock of its log; None for any other one."""
    found = await store.request(conn, request_id)
    if found is None or found.person_id != who:
        return None
    await lock_log(conn, vault, found.event_id, now)
    request = await store.request(conn, request_id)
    return None if request is None or request.person_id != who else request


async def answer(
    conn: Connection, incident_id: UUID, new: AnswerRequest, *, vault: KeyVault, who: UUID, now: datetime
) -> Refused | None:
    """Answer all fans of an incident, and tell their phones that there is news. A repeated answer is one.

    Refusals: `not_found` (also without requests), `request_id_taken`.
    """
    found = await incidents.incident(conn, incident_id)
    if found is None or not await store.requests_of_incident(conn, incident_id, 1):
        return Refused(RequestRefusal.NOT_FOUND)
    written = written_answer(new)
    log = await lock_log(conn, vault, found.event_id, now)
    repeated = await log.has(new.id, incident_id, who, written)
    if repeated is not None:
        return None if repeated else Refused(RequestRefusal.ID_TAKEN)
    await log.add(new.id, incident_id, who, written)
    await store.insert_answer(conn, incident_id, new, now)
    persons = await store.persons_to_tell(conn, incident_id)
    said = {tag: PushText(messages(tag, "push.help", HelpMessages).news, "") for tag in installed()}
    for first in range(0, len(persons), PERSONS_AT_ONCE):
        message = PushMessage(
            person_ids=persons[first : first + PERSONS_AT_ONCE],
            kind="help",
            topic=named_id(incident_id, "help"),
            said=said,
            data={"event": found.event_id, "tag": f"help:{found.event_id}"},
            expires_at=now + PUSH_FOR,
        )
        await people.send_push(conn, message, now)
    return None


async def mark_false(
    conn: Connection, request_id: UUID, new: FalseRequest, *, vault: KeyVault, who: UUID, now: datetime
) -> Request | Refused:
    """Mark a request as false: further ones of its sender at this event join incidents of the lowest priority.

    Refusals: `not_found`, `request_id_taken`.
    """
    found = await store.request(conn, request_id)
    if found is None:
        return Refused(RequestRefusal.NOT_FOUND)
    log = await lock_log(conn, vault, found.event_id, now)
    request = await store.request(conn, request_id)
    if request is None:
        return Refused(RequestRefusal.NOT_FOUND)
    written = written_false(request_id)
    repeated = await log.has(new.id, request.incident_id, who, written)
    if repeated is not None:
        return request if repeated else Refused(RequestRefusal.ID_TAKEN)
    await log.add(new.id, request.incident_id, who, written)
    request = replace(request, false_at=request.false_at or now)
    await store.update_request(conn, request)
    return request
