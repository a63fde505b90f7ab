"""Create and change teams, assign them and take their steps, each with its record, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.control.safety.acts.log import lock_log
from virage.control.safety.rules.incidents import ZonePlace, is_place_of
from virage.control.safety.rules.teams import (
    Assignment,
    AssignmentRequest,
    NewTeam,
    StepRequest,
    Team,
    TeamChange,
    TeamRefusal,
    may_assign,
    may_step,
    step_time,
    stepped,
    written_assignment,
    written_step,
    written_team,
)
from virage.control.safety.store import incidents
from virage.control.safety.store import teams as store
from virage.identity.keys.types import KeyVault
from virage.money.fiscal.types import stamp
from virage.platform.data.database import Connection
from virage.platform.values.refusals import Refused
from virage.site.venue.types import Venue


async def create_team(
    conn: Connection,
    venue: Venue,
    event_id: UUID,
    new: NewTeam,
    *,
    members: Sequence[UUID],
    vault: KeyVault,
    who: UUID,
    now: datetime,
) -> Team | Refused:
    """Store a new team. The same request again returns the team as it is now.

    Refusals: `place_unknown`, `team_code_taken`, `team_id_taken`.
    """
    if new.post is not None and not is_place_of(ZonePlace(new.post), venue):
        return Refused(TeamRefusal.PLACE_UNKNOWN)
    written = written_team("team_created", new.code, new, members)
    log = await lock_log(conn, vault, event_id, now)
    repeated = await log.has(new.id, new.id, who, written)
    if repeated is not None:
        return await _present_team(conn, new.id) if repeated else Refused(TeamRefusal.ID_TAKEN)
    if any(one.team.code == new.code for one in await store.teams_of(conn, event_id)):
        return Refused(TeamRefusal.CODE_TAKEN)
    team = Team(
        id=new.id,
        event_id=event_id,
        code=new.code,
        name=new.name,
        kind=new.kind,
        post=new.post,
        on_duty=True,
        members=tuple(members),
    )
    await log.add(new.id, new.id, who, written)
    await store.insert_team(conn, team, now)
    return team


async def change_team(
    conn: Connection,
    venue: Venue,
    team_id: UUID,
    asked: TeamChange,
    *,
    members: Sequence[UUID],
    vault: KeyVault,
    who: UUID,
    now: datetime,
) -> Team | Refused:
    """Change a team. The same change again returns the team as it is now.

    Refusals: `not_found`, `place_unknown`, `team_busy` (to go off duty), `team_id_taken`.
    """
    if asked.post is not None and not is_place_of(ZonePlace(asked.post), venue):
        return Refused(TeamRefusal.PLACE_UNKNOWN)
    found = await store.team(conn, team_id)
    if found is None:
        return Refused(TeamRefusal.NOT_FOUND)
    written = written_team("team_changed", found.code, asked, members)
    log = await lock_log(conn, vault, found.event_id, now)
    repeated = await log.has(asked.id, team_id, who, written)
    if repeated is not None:
        return await _present_team(conn, team_id) if repeated else Refused(TeamRefusal.ID_TAKEN)
    if not asked.on_duty and await store.open_assignment(conn, team_id) is not None:
        return Refused(TeamRefusal.BUSY)
    team = replace(
        found, name=asked.name, kind=asked.kind, post=asked.post, on_duty=asked.on_duty, members=tuple(members)
    )
    await log.add(asked.id, team_id, who, written)
    await store.update_team(conn, team)
    return team


async def assign(
    conn: Connection, incident_id: UUID, asked: AssignmentRequest, *, vault: KeyVault, who: UUID, now: datetime
) -> Assignment | Refused:
    """Send a team to an incident. The same request again returns the assignment as it is now.

    Refusals: `not_found`, `incident_resolved`, `teams_changed`, `team_busy`, `team_off_duty`, `team_id_taken`.
    """
    found = await incidents.incident(conn, incident_id)
    if found is None:
        return Refused(TeamRefusal.NOT_FOUND)
    log = await lock_log(conn, vault, found.event_id, now)
    incident, team = await incidents.incident(conn, incident_id), await store.team(conn, asked.team_id)
    if incident is None or team is None or team.event_id != incident.event_id:
        return Refused(TeamRefusal.NOT_FOUND)
    written = written_assignment(team, asked.id)
    repeated = await log.has(asked.id, incident_id, who, written)
    if repeated is not None:
        return await _present_assignment(conn, asked.id) if repeated else Refused(TeamRefusal.ID_TAKEN)
    refused = may_assign(
        team,
        await store.open_assignment(conn, team.id),
        asked,
        len(await store.assignments_of(conn, incident_id)),
        is_resolved=incident.resolved_at is not None,
    )
    if refused is not None:
        return refused
    new = Assignment(id=asked.id, event_id=incident.event_id, incident_id=incident_id, team_id=team.id, assigned_at=now)
    await log.add(asked.id, incident_id, who, written)
    await store.insert_assignment(conn, new)
    return new


async def step(
    conn: Connection,
    assignment_id: UUID,
    asked: StepRequest,
    *,
    is_controller: bool,
    vault: KeyVault,
    who: UUID,
    now: datetime,
) -> Assignment | Refused:
    """Take a step of an assignment, as a member of its team or as a controller.

    The same step again returns the assignment as it is now.

    Refusals: `not_found` (also for people of other teams), `assignment_moved_on`, `invalid_input`, `team_id_taken`.
    """
    found = await store.assignment(conn, assignment_id)
    if found is None:
        return Refused(TeamRefusal.NOT_FOUND)
    log = await lock_log(conn, vault, found.event_id, now)
    assignment, team = await _present_assignment(conn, assignment_id), await _present_team(conn, found.team_id)
    if not is_controller and who not in team.members:
        return Refused(TeamRefusal.NOT_FOUND)
    at = step_time(assignment, asked, now)
    written = written_step(team, assignment_id, asked, stamp(at))
    repeated = await log.has(asked.id, assignment.incident_id, who, written)
    if repeated is not None:
        return assignment if repeated else Refused(TeamRefusal.ID_TAKEN)
    refused = may_step(assignment, asked, is_controller=is_controller)
    if refused is not None:
        return refused
    changed = stepped(assignment, asked, at)
    await log.add(asked.id, assignment.incident_id, who, written)
    await store.update_assignment(conn, changed)
    return changed


async def _present_team(conn: Connection, team_id: UUID) -> Team:
    found = await store.team(conn, team_id)
    if found is None:
        raise RuntimeError(f"A team of the log is not stored: {team_id}")
    return found


async def _present_assignment(conn: Connection, assignment_id: UUID) -> Assignment:
    found = await store.assignment(conn, assignment_id)
    if found is None:
        raise RuntimeError(f"An assignment of the log is not stored: {assignment_id}")
    return found
