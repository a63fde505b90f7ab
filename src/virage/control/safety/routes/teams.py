"""Routes of teams: for the control room under `/api/control`, for stewards' phones under `/api/safety`."""

from collections.abc import Sequence
from uuid import UUID

from virage.control.safety.acts import incidents as incident_acts
from virage.control.safety.acts import teams as acts
from virage.control.safety.reads import incidents as incident_reads
from virage.control.safety.reads import teams as reads
from virage.control.safety.reads.teams import Duty, DutyEvent, IncidentTeams, TeamView
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.incidents import IncidentReport, NoteIncident, PrioritiseIncident
from virage.control.safety.rules.teams import AssignmentRequest, NewTeam, StepRequest, TeamChange, TeamRefusal
from virage.control.safety.settings import SafetySettings
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, person_of_staff, require_fan, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post
from virage.site.programme.types import Event
from virage.site.venue import api as venues
from virage.site.venue.types import Venue


@get("/events/{event_id:uuid}/teams", guards=[staff(ROLE)])
async def list_teams(
    event_id: UUID, *, db: Database, clock: Clock, config: Config, principal: Principal
) -> list[TeamView]:
    """Return the teams of an event by code, each with its open assignment."""
    await event_of(db, event_id, principal)
    return await _teams(db, clock, config, event_id)


@post("/events/{event_id:uuid}/teams", status_code=200, guards=[staff(ROLE)])
async def create_team(
    event_id: UUID,
    data: NewTeam,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    config: Config,
    principal: Principal,
) -> list[TeamView]:
    """Create a team; return all of the event. A repeated request is one team.

    Refusals: `place_unknown`, `member_unknown`, `team_code_taken`, `team_id_taken`.
    """
    who = require_fan(principal)
    venue = await _venue(db, await event_of(db, event_id, principal))
    members = await _members(db, data.members)
    granted(
        await db.transact(
            acts.create_team, venue, event_id, data, members=members, vault=vault, who=who, now=clock.now()
        )
    )
    return await _teams(db, clock, config, event_id)


@post("/teams/{team_id:uuid}/changes", status_code=200, guards=[staff(ROLE)])
async def change_team(
    team_id: UUID,
    data: TeamChange,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    config: Config,
    principal: Principal,
) -> list[TeamView]:
    """Change a team; return all of the event. A repeated request is one change.

    Refusals: `place_unknown`, `member_unknown`, `team_busy`, `team_id_taken`.
    """
    who = require_fan(principal)
    async with db.connection() as conn:
        found = await reads.team(conn, team_id)
    if found is None:
        raise Problem("not_found")
    venue = await _venue(db, await event_of(db, found.event_id, principal))
    members = await _members(db, data.members)
    granted(
        await db.transact(
            acts.change_team, venue, team_id, data, members=members, vault=vault, who=who, now=clock.now()
        )
    )
    return await _teams(db, clock, config, found.event_id)


@get("/incidents/{incident_id:uuid}/teams", guards=[staff(ROLE)])
async def list_incident_teams(
    incident_id: UUID, *, db: Database, clock: Clock, config: Config, principal: Principal
) -> IncidentTeams:
    """Return the assignments of an incident, and the free teams: fitting ones first, the nearest first."""
    event = await _event_of_incident(db, incident_id, principal)
    return await _incident_teams(db, clock, config, event, incident_id)


@post("/incidents/{incident_id:uuid}/teams", status_code=200, guards=[staff(ROLE)])
async def assign_team(
    incident_id: UUID,
    data: AssignmentRequest,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    config: Config,
    principal: Principal,
) -> IncidentTeams:
    """Send a team to an incident. A repeated request is one assignment.

    Refusals: `incident_resolved`, `teams_changed`, `team_busy`, `team_off_duty`, `team_id_taken`.
    """
    who = require_fan(principal)
    event = await _event_of_incident(db, incident_id, principal)
    granted(await db.transact(acts.assign, incident_id, data, vault=vault, who=who, now=clock.now()))
    return await _incident_teams(db, clock, config, event, incident_id)


@post("/assignments/{assignment_id:uuid}/steps", status_code=200, guards=[staff(ROLE)])
async def step_for_team(
    assignment_id: UUID,
    data: StepRequest,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    config: Config,
    principal: Principal,
) -> IncidentTeams:
    """Take a step for a team that reports by radio, or withdraw it. A repeated request is one step.

    Refusals: `assignment_moved_on`, `team_id_taken`.
    """
    who = require_fan(principal)
    async with db.connection() as conn:
        found = await reads.assignment(conn, assignment_id)
    if found is None:
        raise Problem("not_found")
    event = await _event_of_incident(db, found.incident_id, principal)
    granted(
        await db.transact(acts.step, assignment_id, data, is_controller=True, vault=vault, who=who, now=clock.now())
    )
    return await _incident_teams(db, clock, config, event, found.incident_id)


@get("/events", guards=[person_of_staff])
async def list_duty_events(*, db: Database, clock: Clock, principal: Principal) -> list[DutyEvent]:
    """Return the events that are not over at which the caller may report, by start."""
    async with db.connection() as conn:
        return await reads.duty_events(conn, principal, clock.now())


@get("/events/{event_id:uuid}/duty", guards=[person_of_staff])
async def get_duty(event_id: UUID, *, db: Database, clock: Clock, config: Config, principal: Principal) -> Duty:
    """Return the caller's teams, their open assignments, and the caller's reports."""
    await _on_duty(db, event_id, principal)
    return await _duty(db, clock, config, event_id, principal)


@post("/events/{event_id:uuid}/reports", status_code=200, guards=[person_of_staff])
async def report_from_phone(
    event_id: UUID,
    data: IncidentReport,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    config: Config,
    principal: Principal,
) -> Duty:
    """Store a new incident. A repeated request is one incident.

    Refusals: `place_unknown`, `incident_id_taken`.
    """
    who = require_fan(principal)
    venue = await _on_duty(db, event_id, principal)
    granted(await db.transact(incident_acts.report, venue, event_id, data, vault=vault, who=who, now=clock.now()))
    return await _duty(db, clock, config, event_id, principal)


@post("/reports/{incident_id:uuid}/entries", status_code=200, guards=[person_of_staff])
async def add_to_report(
    incident_id: UUID,
    data: NoteIncident | PrioritiseIncident,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    config: Config,
    principal: Principal,
) -> Duty:
    """Add a text to one's own report, or set its priority. A repeated request is one entry.

    Refusals: `incident_resolved`, `incident_id_taken`.
    """
    who = require_fan(principal)
    async with db.connection() as conn:
        found = await incident_reads.incident(conn, incident_id)
    if found is None or found.reported_by != who:
        raise Problem("not_found")
    venue = await _on_duty(db, found.event_id, principal)
    granted(await db.transact(incident_acts.change, venue, incident_id, data, vault=vault, who=who, now=clock.now()))
    return await _duty(db, clock, config, found.event_id, principal)


@post("/assignments/{assignment_id:uuid}/steps", status_code=200, guards=[person_of_staff])
async def step_of_team(
    assignment_id: UUID,
    data: StepRequest,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    config: Config,
    principal: Principal,
) -> Duty:
    """Accept an assignment of one's own team, pass it on, set out, arrive or be released, once each.

    Refusals: `assignment_moved_on`, `team_id_taken`.
    """
    who = require_fan(principal)
    assignment = granted(
        await db.transact(acts.step, assignment_id, data, is_controller=False, vault=vault, who=who, now=clock.now())
    )
    return await _duty(db, clock, config, assignment.event_id, principal)


async def _members(db: Database, addresses: Sequence[str]) -> list[UUID]:
    async with db.connection() as conn:
        found = await reads.members_at(conn, addresses)
    if found is None:
        raise Problem(TeamRefusal.MEMBER_UNKNOWN)
    return found


async def _venue(db: Database, event: Event) -> Venue:
    async with db.connection() as conn:
        return await venues.venue_at(conn, event.venue_version)


async def _event_of_incident(db: Database, incident_id: UUID, principal: Principal) -> Event:
    async with db.connection() as conn:
        found = await incident_reads.incident(conn, incident_id)
    if found is None:
        raise Problem("not_found")
    return await event_of(db, found.event_id, principal)


async def _on_duty(db: Database, event_id: UUID, principal: Principal) -> Venue:
    async with db.connection() as conn:
        found = await reads.event_of_duty(conn, event_id, principal)
    if found is None:
        raise Problem("not_found")
    return found[1]


async def _teams(db: Database, clock: Clock, config: Config, event_id: UUID) -> list[TeamView]:
    async with db.connection() as conn:
        return await reads.teams(conn, event_id, config.of(SafetySettings).safety_accept_s, clock.now())


async def _incident_teams(db: Database, clock: Clock, config: Config, event: Event, incident_id: UUID) -> IncidentTeams:
    accept_s = config.of(SafetySettings).safety_accept_s
    async with db.connection() as conn:
        venue = await venues.venue_at(conn, event.venue_version)
        return await reads.incident_teams(conn, venue, event.id, incident_id, accept_s, now=clock.now())


async def _duty(db: Database, clock: Clock, config: Config, event_id: UUID, principal: Principal) -> Duty:
    accept_s = config.of(SafetySettings).safety_accept_s
    async with db.connection() as conn:
        return await reads.duty(conn, event_id, require_fan(principal), accept_s, now=clock.now())
