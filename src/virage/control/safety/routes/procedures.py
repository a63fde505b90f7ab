"""Routes of emergency procedures."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from virage.control.safety.acts import procedures as acts
from virage.control.safety.reads import procedures as reads
from virage.control.safety.reads.procedures import CHECKLISTS, ProcedureListing, ProcedureView
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.procedures import BeginAlone, ConfirmProcedure, ProcedureChange, ProcedureRequest
from virage.control.safety.settings import SafetySettings
from virage.identity.keys.types import KeyVault
from virage.matchday.access import api as access
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post
from virage.site.venue import api as venues
from virage.site.venue.types import Venue


class ProcedureAnswer(Struct, frozen=True):
    """The procedure that a request began or joined, and all of the event."""

    id: UUID
    procedures: list[ProcedureView]


@get("/events/{event_id:uuid}/procedures", guards=[staff(ROLE)])
async def list_procedures(event_id: UUID, *, db: Database, config: Config, principal: Principal) -> ProcedureListing:
    """Return the emergency procedures of an event, at most 100: open ones first, and the checklists."""
    await event_of(db, event_id, principal)
    async with db.connection() as conn:
        return ProcedureListing(await reads.procedures(conn, event_id, _confirm_within(config)), CHECKLISTS)


@post("/events/{event_id:uuid}/procedures", status_code=200, guards=[staff(ROLE)])
async def request_procedure(
    event_id: UUID,
    data: ProcedureRequest,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    vault: KeyVault,
    principal: Principal,
) -> ProcedureAnswer:
    """Request a procedure, which begins at once unless a second person is to confirm it. Repeated, it is one.

    Refusals: `place_unknown`, `procedure_open`, `procedure_id_taken`.
    """
    who = require_fan(principal)
    venue, now = await _venue(db, event_id, principal), clock.now()
    outcome = await db.transact(
        acts.request,
        venue,
        event_id,
        data,
        vault=vault,
        devices_offline=await _devices_offline(db, event_id, venue, now),
        who=who,
        now=now,
    )
    return await _answer(db, granted(outcome).id, event_id, config)


@post("/procedures/{procedure_id:uuid}/entries", status_code=200, guards=[staff(ROLE)])
async def change_procedure(
    procedure_id: UUID,
    data: ProcedureChange,
    *,
    db: Database,
    clock: Clock,
    config: Config,
    vault: KeyVault,
    principal: Principal,
) -> ProcedureAnswer:
    """Confirm a procedure, begin it alone, record a step, end or withdraw it. A repeated request is one entry.

    Refusals: `procedure_ended`, `procedure_begun`, `procedure_not_begun`, `second_person_needed`,
    `second_person_awaited`, `step_unknown`, `step_recorded`, `procedure_id_taken`.
    """
    who = require_fan(principal)
    async with db.connection() as conn:
        found = await reads.procedure(conn, procedure_id)
    if found is None:
        raise Problem("not_found")
    venue, now = await _venue(db, found.event_id, principal), clock.now()
    begins = isinstance(data, ConfirmProcedure | BeginAlone)
    outcome = await db.transact(
        acts.change,
        venue,
        procedure_id,
        data,
        vault=vault,
        devices_offline=await _devices_offline(db, found.event_id, venue, now) if begins else (),
        who=who,
        now=now,
        confirm_within=_confirm_within(config),
    )
    return await _answer(db, granted(outcome).id, found.event_id, config)


async def _answer(db: Database, procedure_id: UUID, event_id: UUID, config: Config) -> ProcedureAnswer:
    async with db.connection() as conn:
        return ProcedureAnswer(procedure_id, await reads.procedures(conn, event_id, _confirm_within(config)))


async def _venue(db: Database, event_id: UUID, principal: Principal) -> Venue:
    event = await event_of(db, event_id, principal)
    async with db.connection() as conn:
        return await venues.venue_at(conn, event.venue_version)


async def _devices_offline(db: Database, event_id: UUID, venue: Venue, now: datetime) -> list[UUID]:
    """Return the devices at gates that are offline."""
    return [device.id for device in (await access.crowd(db, event_id, venue, now)).devices if not device.online]


def _confirm_within(config: Config) -> timedelta:
    return timedelta(seconds=config.of(SafetySettings).safety_confirm_s)
