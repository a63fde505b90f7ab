"""Routes of fans' requests: asking and following on the phone, answering at the control room."""

from uuid import UUID

from virage.control.safety.acts import requests as acts
from virage.control.safety.reads import incidents as incident_reads
from virage.control.safety.reads import requests as reads
from virage.control.safety.reads.requests import FanRequest, IncidentRequests
from virage.control.safety.requests import Requests
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.requests import (
    AnswerRequest,
    AskedRequest,
    FalseRequest,
    HelpRequest,
    RequestAddition,
)
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, signed_in, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post


@get("/events/{event_id:uuid}/requests", guards=[signed_in])
async def list_own_requests(event_id: UUID, *, db: Database, principal: Principal) -> list[FanRequest]:
    """Return the caller's requests at an event that are not hidden, the newest first."""
    return await _own(db, event_id, principal)


@post("/events/{event_id:uuid}/requests", status_code=200, guards=[signed_in])
async def ask_for_help(
    event_id: UUID, data: HelpRequest, *, db: Database, clock: Clock, help_requests: Requests, principal: Principal
) -> list[FanRequest]:
    """Store a request of a fan with a ticket of a running event; return the caller's. A repeated one is one.

    A second request of a kind joins the open one. Refusals: `ticket_needed`, `event_not_running`, `place_unknown`,
    `request_id_taken`, `rate_limited`.
    """
    who = require_fan(principal)
    async with db.connection() as conn:
        refused = await reads.refusal_of(conn, event_id, who, data, clock.now())
    granted(refused)
    granted(await help_requests.ask(AskedRequest(event_id, who, data)))
    return await _own(db, event_id, principal)


@post("/requests/{request_id:uuid}/texts", status_code=200, guards=[signed_in])
async def add_to_request(
    request_id: UUID, data: RequestAddition, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> list[FanRequest]:
    """Add a text to the caller's open request. A repeated text is one.

    Refusals: `request_over`, `request_id_taken`, `rate_limited`.
    """
    who = require_fan(principal)
    changed = granted(await db.transact(acts.add_text, request_id, data, vault=vault, who=who, now=clock.now()))
    return await _own(db, changed.event_id, principal)


@post("/requests/{request_id:uuid}/withdrawal", status_code=200, guards=[signed_in])
async def withdraw_request(
    request_id: UUID, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> list[FanRequest]:
    """Withdraw the caller's request."""
    who = require_fan(principal)
    changed = granted(await db.transact(acts.withdraw, request_id, vault=vault, who=who, now=clock.now()))
    return await _own(db, changed.event_id, principal)


@post("/requests/{request_id:uuid}/hiding", status_code=200, guards=[signed_in])
async def hide_request(
    request_id: UUID, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> list[FanRequest]:
    """Show the caller's request on no phone any more. The control room still has it."""
    who = require_fan(principal)
    changed = granted(await db.transact(acts.hide, request_id, vault=vault, who=who, now=clock.now()))
    return await _own(db, changed.event_id, principal)


@get("/incidents/{incident_id:uuid}/requests", guards=[staff(ROLE)])
async def list_incident_requests(incident_id: UUID, *, db: Database, principal: Principal) -> IncidentRequests:
    """Return the requests of an incident with the names of their senders, and the answers to them."""
    await _controlled(db, incident_id, principal)
    return await _requests(db, incident_id)


@post("/incidents/{incident_id:uuid}/answers", status_code=200, guards=[staff(ROLE)])
async def answer_requests(
    incident_id: UUID, data: AnswerRequest, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> IncidentRequests:
    """Answer all fans of an incident. A repeated answer is one.

    Refusals: `request_id_taken`.
    """
    who = require_fan(principal)
    await _controlled(db, incident_id, principal)
    granted(await db.transact(acts.answer, incident_id, data, vault=vault, who=who, now=clock.now()))
    return await _requests(db, incident_id)


@post("/requests/{request_id:uuid}/false", status_code=200, guards=[staff(ROLE)])
async def mark_request_false(
    request_id: UUID, data: FalseRequest, *, db: Database, clock: Clock, vault: KeyVault, principal: Principal
) -> IncidentRequests:
    """Mark a request as false; further ones of its sender at this event get the lowest priority.

    Refusals: `request_id_taken`.
    """
    who = require_fan(principal)
    async with db.connection() as conn:
        found = await reads.request(conn, request_id)
    if found is None:
        raise Problem("not_found")
    await event_of(db, found.event_id, principal)
    changed = granted(await db.transact(acts.mark_false, request_id, data, vault=vault, who=who, now=clock.now()))
    return await _requests(db, changed.incident_id)


async def _own(db: Database, event_id: UUID, principal: Principal) -> list[FanRequest]:
    async with db.connection() as conn:
        return await reads.own_requests(conn, event_id, require_fan(principal))


async def _controlled(db: Database, incident_id: UUID, principal: Principal) -> None:
    async with db.connection() as conn:
        found = await incident_reads.incident(conn, incident_id)
    if found is None:
        raise Problem("not_found")
    await event_of(db, found.event_id, principal)


async def _requests(db: Database, incident_id: UUID) -> IncidentRequests:
    async with db.connection() as conn:
        return await reads.incident_requests(conn, incident_id)
