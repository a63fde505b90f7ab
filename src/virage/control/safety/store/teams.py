"""Teams of an event and their assignments as they are now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.incidents import Content
from virage.control.safety.rules.teams import Assignment, LastIncident, Team
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


class ListedTeam(Struct, frozen=True):
    """A team, and where it last was at an incident; None if it was at none or its place is not known (any more)."""

    team: Team
    last: LastIncident | None


def _team(row: Mapping[str, Any]) -> Team:
    return msgspec.convert(dict(row), Team)


def _assignment(row: Mapping[str, Any]) -> Assignment:
    return msgspec.convert(dict(row), Assignment)


async def insert_team(conn: Connection, team: Team, now: datetime) -> None:
    """Store a new team."""
    await queries.insert_team(
        conn,
        id=team.id,
        event_id=team.event_id,
        code=team.code,
        name=team.name,
        kind=team.kind.value,
        post=team.post,
        members=list(team.members),
        now=now,
    )


async def update_team(conn: Connection, team: Team) -> None:
    """Store what a team is from now on."""
    await queries.update_team(
        conn,
        id=team.id,
        name=team.name,
        kind=team.kind.value,
        post=team.post,
        on_duty=team.on_duty,
        members=list(team.members),
    )


async def team(conn: Connection, team_id: UUID) -> Team | None:
    """Return one team."""
    row = await queries.team(conn, id=team_id)
    return None if row is None else _team(row)


async def teams_of(conn: Connection, event_id: UUID) -> list[ListedTeam]:
    """Return the teams of an event by code."""
    listed = []
    async for row in queries.teams_of(conn, event_id=event_id):
        placed = None if row["last_place"] is None else msgspec.json.decode(row["last_place"], type=Content).place
        listed.append(ListedTeam(_team(row), None if placed is None else LastIncident(placed, row["left_at"])))
    return listed


async def teams_with(conn: Connection, person_id: UUID) -> list[Team]:
    """Return the teams of which a person is a member."""
    return [_team(row) async for row in queries.teams_with(conn, person_id=person_id)]


async def remove_member(conn: Connection, person_id: UUID) -> None:
    """Take a person out of all teams."""
    await queries.remove_member(conn, person_id=person_id)


async def remove_old_members(conn: Connection, event_id: UUID, through: int) -> None:
    """Take the members out of the teams of a locked log whose first record is at most `through`."""
    await queries.remove_old_members(conn, event_id=event_id, through=through)


async def insert_assignment(conn: Connection, new: Assignment) -> None:
    """Store a team for an incident."""
    await queries.insert_assignment(
        conn,
        id=new.id,
        event_id=new.event_id,
        incident_id=new.incident_id,
        team_id=new.team_id,
        now=new.assigned_at,
    )


async def update_assignment(conn: Connection, changed: Assignment) -> None:
    """Store the state of an assignment after a step."""
    await queries.update_assignment(
        conn,
        id=changed.id,
        accepted_at=changed.accepted_at,
        on_the_way_at=changed.on_the_way_at,
        arrived_at=changed.arrived_at,
        ended_at=changed.ended_at,
        ended_by=changed.ended_by,
        reason=changed.reason,
    )


async def end_assignments(conn: Connection, incident_id: UUID, now: datetime) -> None:
    """Release the teams of an incident that was resolved."""
    await queries.end_assignments(conn, incident_id=incident_id, now=now)


async def assignment(conn: Connection, assignment_id: UUID) -> Assignment | None:
    """Return one assignment."""
    row = await queries.assignment(conn, id=assignment_id)
    return None if row is None else _assignment(row)


async def open_assignment(conn: Connection, team_id: UUID) -> Assignment | None:
    """Return the assignment that a team has not ended."""
    row = await queries.open_assignment(conn, team_id=team_id)
    return None if row is None else _assignment(row)


async def open_assignments(conn: Connection, event_id: UUID) -> list[Assignment]:
    """Return the assignments of an event that have not ended, the oldest first."""
    return [_assignment(row) async for row in queries.open_assignments(conn, event_id=event_id)]


async def all_assignments(conn: Connection, event_id: UUID) -> list[Assignment]:
    """Return all assignments of an event, the oldest first."""
    return [_assignment(row) async for row in queries.all_assignments(conn, event_id=event_id)]


async def assignments_of(conn: Connection, incident_id: UUID) -> list[Assignment]:
    """Return all assignments of an incident, the oldest first."""
    return [_assignment(row) async for row in queries.assignments_of(conn, incident_id=incident_id)]
