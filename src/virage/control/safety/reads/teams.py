"""Teams as the control room and their members see them, and which team is nearest to an incident."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.control.safety.reads.broadcasts import is_of_group
from virage.control.safety.reads.incidents import IncidentView, incidents_for
from virage.control.safety.reads.requests import FanLine, lines_for_team
from virage.control.safety.rules.broadcasts import StaffGroup
from virage.control.safety.rules.incidents import IncidentPlace, ZonePlace
from virage.control.safety.rules.teams import (
    FITTING,
    Assignment,
    AssignmentEnd,
    AssignmentState,
    PassReason,
    Team,
    TeamKind,
    TeamState,
    is_overdue,
    place_of_team,
    state_of_team,
)
from virage.control.safety.rules.walking import walking_s
from virage.control.safety.store import teams as store
from virage.control.safety.store.teams import ListedTeam
from virage.identity.people import api as people
from virage.identity.people.types import normalise_address
from virage.platform.data.database import Connection
from virage.platform.web.guard import Principal
from virage.site.programme import api as programme
from virage.site.programme.types import Event
from virage.site.venue import api as venues
from virage.site.venue.types import RouteOptions, Venue, route_table


class TeamMember(Struct, frozen=True):
    """A member of a team. Name and address are None once the account is erased."""

    id: UUID
    name: str | None
    email: str | None


class AssignmentView(Struct, frozen=True, kw_only=True):
    """A team at an incident, with the time of each step. `overdue`: not accepted in time."""

    id: UUID
    incident_id: UUID
    team_id: UUID
    team_code: str
    state: AssignmentState
    assigned_at: datetime
    accepted_at: datetime | None
    on_the_way_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None
    ended_by: AssignmentEnd | None
    reason: PassReason | None
    overdue: bool


class TeamView(Struct, frozen=True, kw_only=True):
    """A team for the control room and for its members. `assignment` is the one that it has not ended."""

    id: UUID
    code: str
    name: str
    kind: TeamKind
    post: str | None
    on_duty: bool
    state: TeamState
    members: list[TeamMember]
    assignment: AssignmentView | None


class TeamCandidate(Struct, frozen=True, kw_only=True):
    """A free team for an incident. `walking_s` is None if its place, that of the incident, or a way is not known."""

    team_id: UUID
    code: str
    name: str
    kind: TeamKind
    fits: bool
    place: IncidentPlace | None
    walking_s: int | None


class IncidentTeams(Struct, frozen=True):
    """The assignments of an incident, the oldest first, and the free teams: fitting ones first, the nearest first."""

    assignments: list[AssignmentView]
    candidates: list[TeamCandidate]


class DutyEvent(Struct, frozen=True):
    """An event at which a member of the staff may report."""

    id: UUID
    title: dict[str, str]
    starts_at: datetime
    venue_code: str


class DutyAssignment(Struct, frozen=True):
    """An assignment of one's own team, its incident, and what fans said about it and where."""

    assignment: AssignmentView
    incident: IncidentView
    fans: list[FanLine]


class Duty(Struct, frozen=True):
    """What a member of the staff sees of an event: own teams, their open assignments, and own reports."""

    teams: list[TeamView]
    assignments: list[DutyAssignment]
    reports: list[IncidentView]


async def team(conn: Connection, team_id: UUID) -> Team | None:
    """Return one team."""
    return await store.team(conn, team_id)


async def assignment(conn: Connection, assignment_id: UUID) -> Assignment | None:
    """Return one assignment."""
    return await store.assignment(conn, assignment_id)


async def members_at(conn: Connection, addresses: Sequence[str]) -> list[UUID] | None:
    """Return the accounts of the staff with these addresses, sorted; None if one of them is not of the staff."""
    wanted = {normalise_address(address) for address in addresses}
    found = await people.persons_by_address(conn, sorted(address for address in wanted if address is not None))
    grants = await people.grants_of(conn, [person.id for person in found])
    ids = sorted(person.id for person in found if grants.get(person.id))
    return ids if len(ids) == len(wanted) else None


async def teams(conn: Connection, event_id: UUID, accept_s: int, now: datetime) -> list[TeamView]:
    """Return the teams of an event by code."""
    return await _views(conn, [one.team for one in await store.teams_of(conn, event_id)], accept_s, now)


async def _views(conn: Connection, found: Sequence[Team], accept_s: int, now: datetime) -> list[TeamView]:
    persons = await people.persons_by_id(conn, sorted({member for one in found for member in one.members}))
    current = {
        one.team_id: one
        for event_id in sorted({one.event_id for one in found})
        for one in await store.open_assignments(conn, event_id)
    }
    views = []
    for one in found:
        assigned = current.get(one.id)
        members = [(member, persons.get(member)) for member in one.members]
        views.append(
            TeamView(
                id=one.id,
                code=one.code,
                name=one.name,
                kind=one.kind,
                post=one.post,
                on_duty=one.on_duty,
                state=state_of_team(one, assigned),
                members=[
                    TeamMember(member, person.name if person else None, person.email if person else None)
                    for member, person in members
                ],
                assignment=None if assigned is None else _view(assigned, one.code, accept_s, now),
            )
        )
    return views


def _view(found: Assignment, code: str, accept_s: int, now: datetime) -> AssignmentView:
    return AssignmentView(
        id=found.id,
        incident_id=found.incident_id,
        team_id=found.team_id,
        team_code=code,
        state=found.state,
        assigned_at=found.assigned_at,
        accepted_at=found.accepted_at,
        on_the_way_at=found.on_the_way_at,
        arrived_at=found.arrived_at,
        ended_at=found.ended_at,
        ended_by=found.ended_by,
        reason=found.reason,
        overdue=is_overdue(found, accept_s, now),
    )


async def incident_teams(
    conn: Connection, venue: Venue, event_id: UUID, incident_id: UUID, accept_s: int, *, now: datetime
) -> IncidentTeams:
    """Return the assignments of an incident, and the free teams; none of a resolved incident."""
    (incident,) = await incidents_for(conn, event_id, None, [incident_id])
    listed = await store.teams_of(conn, event_id)
    codes = {one.team.id: one.team.code for one in listed}
    found = [_view(one, codes[one.team_id], accept_s, now) for one in await store.assignments_of(conn, incident_id)]
    busy = {one.team_id for one in await store.open_assignments(conn, event_id)}
    free = [one for one in listed if one.team.on_duty and one.team.id not in busy]
    if incident.resolved_at is not None or not free:
        return IncidentTeams(found, [])
    today = await venues.route_options(conn, step_free=False, event_id=event_id)
    places, times = await asyncio.to_thread(_walks, venue, today, free, incident.place, now)
    candidates = [
        TeamCandidate(
            team_id=one.team.id,
            code=one.team.code,
            name=one.team.name,
            kind=one.team.kind,
            fits=one.team.kind in FITTING[incident.kind],
            place=place,
            walking_s=seconds,
        )
        for one, place, seconds in zip(free, places, times, strict=True)
    ]
    candidates.sort(key=lambda one: (not one.fits, one.walking_s is None, one.walking_s or 0, one.code))
    return IncidentTeams(found, candidates)


def _walks(
    venue: Venue, today: RouteOptions, free: Sequence[ListedTeam], to: IncidentPlace | None, now: datetime
) -> tuple[list[IncidentPlace | None], list[int | None]]:
    """Return where teams are, and their walking times to a place."""
    table = route_table(venue, today)
    places = []
    for one in free:
        post = None if one.team.post is None else ZonePlace(one.team.post)
        (back_s,) = walking_s(table, [None if one.last is None else one.last.place], post)
        places.append(place_of_team(one.team, one.last, back_s, now))
    return places, walking_s(table, places, to)


async def may_report(conn: Connection, event: Event, venue: Venue, principal: Principal) -> bool:
    """Return whether a person is in a team of the event, or has a role of stewards there."""
    if principal.id is None:
        return False
    in_team = any(one.event_id == event.id for one in await store.teams_with(conn, principal.id))
    return in_team or is_of_group(event, venue, principal, StaffGroup.STEWARDS)


async def event_of_duty(conn: Connection, event_id: UUID, principal: Principal) -> tuple[Event, Venue] | None:
    """Return an event at which a person may report, and its venue; None for any other one."""
    event = await programme.event(conn, event_id)
    if event is None:
        return None
    venue = await venues.venue_at(conn, event.venue_version)
    return (event, venue) if await may_report(conn, event, venue, principal) else None


async def duty_events(conn: Connection, principal: Principal, now: datetime) -> list[DutyEvent]:
    """Return the events that are not over at which a person may report, by start."""
    return [
        DutyEvent(event.id, event.title, event.starts_at, event.venue_code)
        for event in await programme.upcoming(conn, now)
        if await may_report(conn, event, await venues.venue_at(conn, event.venue_version), principal)
    ]


async def duty(conn: Connection, event_id: UUID, person_id: UUID, accept_s: int, *, now: datetime) -> Duty:
    """Return what a person sees of an event: own teams, their open assignments, and own reports."""
    own = [one for one in await store.teams_with(conn, person_id) if one.event_id == event_id]
    views = await _views(conn, own, accept_s, now)
    current = [one.assignment for one in views if one.assignment is not None]
    listed = await incidents_for(conn, event_id, person_id, [one.incident_id for one in current])
    by_id = {one.id: one for one in listed}
    return Duty(
        views,
        [DutyAssignment(one, by_id[one.incident_id], await lines_for_team(conn, one.incident_id)) for one in current],
        [one for one in listed if one.reported_by == person_id],
    )
