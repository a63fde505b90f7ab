"""Teams of an event, and their assignments to incidents: who may take which step, and how long each took."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.control.safety.rules.incidents import Code, Content, IncidentKind, IncidentPlace, ZonePlace
from virage.control.safety.rules.log import Written
from virage.platform.values.refusals import Refused, invalid_input

MEMBERS_MAX: Final = 30

TeamCode = Annotated[str, Meta(min_length=1, max_length=12, pattern=r"^\S+$")]
TeamName = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"\S")]
Address = Annotated[str, Meta(min_length=3, max_length=254)]
Members = Annotated[list[Address], Meta(max_length=MEMBERS_MAX, description="Email addresses of accounts of the staff")]


class TeamKind(StrEnum):
    """What a team is for."""

    STEWARDS = "stewards"
    MEDICAL = "medical"
    SECURITY = "security"
    TECHNICAL = "technical"


FITTING: Final[Mapping[IncidentKind, frozenset[TeamKind]]] = {
    IncidentKind.MEDICAL: frozenset({TeamKind.MEDICAL}),
    IncidentKind.LOST_CHILD: frozenset({TeamKind.STEWARDS}),
    IncidentKind.LIFT: frozenset({TeamKind.TECHNICAL}),
    IncidentKind.FIRE: frozenset({TeamKind.SECURITY, TeamKind.TECHNICAL}),
    IncidentKind.FIGHT: frozenset({TeamKind.SECURITY}),
    IncidentKind.FLAG: frozenset({TeamKind.STEWARDS, TeamKind.SECURITY}),
    IncidentKind.ABUSE: frozenset({TeamKind.STEWARDS, TeamKind.SECURITY}),
    IncidentKind.ASSISTANCE: frozenset({TeamKind.STEWARDS, TeamKind.MEDICAL}),
    IncidentKind.THREAT: frozenset({TeamKind.SECURITY}),
    IncidentKind.SUSPICIOUS_ITEM: frozenset({TeamKind.SECURITY}),
    IncidentKind.CROWD: frozenset({TeamKind.STEWARDS, TeamKind.SECURITY}),
    IncidentKind.OTHER: frozenset(TeamKind),
}
"""The kinds of teams that fit a kind of incident. The others can be assigned too, and are listed after them."""


class TeamState(StrEnum):
    """What a team does now."""

    FREE = "free"
    ASSIGNED = "assigned"
    ON_THE_WAY = "on_the_way"
    AT_THE_PLACE = "at_the_place"
    OFF_DUTY = "off_duty"


class AssignmentState(StrEnum):
    """How far an assignment is."""

    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    OVER = "over"


class TeamStep(StrEnum):
    """What a team does with its assignment. `withdrawn` is the controller's."""

    ACCEPTED = "accepted"
    PASSED_ON = "passed_on"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class AssignmentEnd(StrEnum):
    """How an assignment ended. `resolved`: with its incident."""

    PASSED_ON = "passed_on"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"
    RESOLVED = "resolved"


class PassReason(StrEnum):
    """Why a team passes an assignment on."""

    BUSY = "busy"
    TOO_FAR = "too_far"
    NO_WAY = "no_way"
    OTHER_SKILLS = "other_skills"


class TeamRefusal(StrEnum):
    """Why a team or an assignment is not stored or changed."""

    NOT_FOUND = "not_found"
    ID_TAKEN = "team_id_taken"
    CODE_TAKEN = "team_code_taken"
    MEMBER_UNKNOWN = "member_unknown"
    PLACE_UNKNOWN = "place_unknown"
    RESOLVED = "incident_resolved"
    BUSY = "team_busy"
    OFF_DUTY = "team_off_duty"
    CHANGED = "teams_changed"
    MOVED_ON = "assignment_moved_on"


class NewTeam(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new team. `id` is made by the client; `post` is a zone of the venue."""

    id: UUID
    code: TeamCode
    name: TeamName
    kind: TeamKind
    post: Code | None = None
    members: Members = []


class TeamChange(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a team is from now on; its code stays. `id` is made by the client and makes the request idempotent."""

    id: UUID
    name: TeamName
    kind: TeamKind
    on_duty: bool
    post: Code | None = None
    members: Members = []


class AssignmentRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Send a team to an incident. `teams_seen` counts the assignments of the incident that the controller saw.

    So of two controllers who send different teams at once, the second one is refused and sees the first one's team.
    """

    id: UUID
    team_id: UUID
    teams_seen: Annotated[int, Meta(ge=0, le=10_000)]


class StepRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A step of an assignment. `reason` belongs to `passed_on` alone.

    `occurred_at` is the client's time, for steps without network; a time after the server's counts as now, one before
    the last step as that step's.
    """

    id: UUID
    step: TeamStep
    reason: PassReason | None = None
    occurred_at: datetime | None = None


class Team(Struct, frozen=True, kw_only=True):
    """A team of an event."""

    id: UUID
    event_id: UUID
    code: str
    name: str
    kind: TeamKind
    post: str | None
    on_duty: bool
    members: tuple[UUID, ...]


class Assignment(Struct, frozen=True, kw_only=True):
    """A team at an incident, with the time of each step; None for steps that were not taken."""

    id: UUID
    event_id: UUID
    incident_id: UUID
    team_id: UUID
    assigned_at: datetime
    accepted_at: datetime | None = None
    on_the_way_at: datetime | None = None
    arrived_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: AssignmentEnd | None = None
    reason: PassReason | None = None

    @property
    def state(self) -> AssignmentState:
        """How far the assignment is."""
        if self.ended_at is not None:
            return AssignmentState.OVER
        if self.arrived_at is not None:
            return AssignmentState.ARRIVED
        if self.on_the_way_at is not None:
            return AssignmentState.ON_THE_WAY
        return AssignmentState.ASSIGNED if self.accepted_at is None else AssignmentState.ACCEPTED

    @property
    def last_step_at(self) -> datetime:
        """When the last step was taken."""
        times = (self.assigned_at, self.accepted_at, self.on_the_way_at, self.arrived_at, self.ended_at)
        return max(at for at in times if at is not None)


_ENDS: Final = frozenset({TeamStep.RELEASED, TeamStep.PASSED_ON, TeamStep.WITHDRAWN})
NEXT_STEPS: Final[Mapping[AssignmentState, frozenset[TeamStep]]] = {
    AssignmentState.ASSIGNED: frozenset({TeamStep.ACCEPTED, TeamStep.PASSED_ON, TeamStep.WITHDRAWN}),
    AssignmentState.ACCEPTED: _ENDS | {TeamStep.ON_THE_WAY, TeamStep.ARRIVED},
    AssignmentState.ON_THE_WAY: _ENDS | {TeamStep.ARRIVED},
    AssignmentState.ARRIVED: frozenset({TeamStep.RELEASED, TeamStep.WITHDRAWN}),
    AssignmentState.OVER: frozenset(),
}
"""The steps that follow each state."""


def state_of_team(team: Team, assignment: Assignment | None) -> TeamState:
    """Return what a team does now; `assignment` is the one that it has not ended."""
    if assignment is not None:
        match assignment.state:
            case AssignmentState.ARRIVED:
                return TeamState.AT_THE_PLACE
            case AssignmentState.ON_THE_WAY:
                return TeamState.ON_THE_WAY
            case _:
                return TeamState.ASSIGNED
    return TeamState.FREE if team.on_duty else TeamState.OFF_DUTY


def may_assign(
    team: Team, assignment: Assignment | None, asked: AssignmentRequest, teams_so_far: int, *, is_resolved: bool
) -> Refused | None:
    """Refuse to send a team that is busy or off duty, or to an incident that is resolved or has other teams by now."""
    if is_resolved:
        return Refused(TeamRefusal.RESOLVED)
    if asked.teams_seen != teams_so_far:
        return Refused(TeamRefusal.CHANGED)
    if assignment is not None:
        return Refused(TeamRefusal.BUSY)
    return None if team.on_duty else Refused(TeamRefusal.OFF_DUTY)


def may_step(assignment: Assignment, asked: StepRequest, *, is_controller: bool) -> Refused | None:
    """Refuse a step that does not follow the state, and what the step cannot have."""
    if (asked.reason is None) == (asked.step is TeamStep.PASSED_ON):
        return invalid_input("reason", "A reason belongs to `passed_on`, and to no other step.")
    if asked.step is TeamStep.WITHDRAWN and not is_controller:
        return invalid_input("step", "Only a controller withdraws a team.")
    return None if asked.step in NEXT_STEPS[assignment.state] else Refused(TeamRefusal.MOVED_ON)


def step_time(assignment: Assignment, asked: StepRequest, now: datetime) -> datetime:
    """Return the time of a step: not before the last one and not in the future."""
    return min(max(asked.occurred_at or now, assignment.last_step_at), now)


def stepped(assignment: Assignment, asked: StepRequest, at: datetime) -> Assignment:
    """Return the assignment after an allowed step."""
    match asked.step:
        case TeamStep.ACCEPTED:
            return replace(assignment, accepted_at=at)
        case TeamStep.ON_THE_WAY:
            return replace(assignment, on_the_way_at=at)
        case TeamStep.ARRIVED:
            return replace(assignment, arrived_at=at)
        case TeamStep.PASSED_ON | TeamStep.RELEASED | TeamStep.WITHDRAWN:
            return replace(assignment, ended_at=at, ended_by=AssignmentEnd(asked.step.value), reason=asked.reason)


def is_overdue(assignment: Assignment, accept_s: int, now: datetime) -> bool:
    """Return whether a team has not accepted its assignment in time."""
    waits = assignment.state is AssignmentState.ASSIGNED
    return waits and now - assignment.assigned_at >= timedelta(seconds=accept_s)


def written_team(kind: str, code: str, asked: NewTeam | TeamChange, members: Sequence[UUID]) -> Written:
    """Return the record of a new or changed team. Its name is content, because it may be that of a person."""
    data: dict[str, str | int] = {
        "team": code,
        "kind": asked.kind.value,
        "members": " ".join(sorted(map(str, members))),
    }
    if isinstance(asked, TeamChange):
        data["on_duty"] = int(asked.on_duty)
    return Written(kind, data, Content(asked.name, None if asked.post is None else ZonePlace(asked.post)))


def written_assignment(team: Team, assignment_id: UUID) -> Written:
    """Return the record of an assignment, in the timeline of its incident."""
    return Written("team_assigned", {"team": team.code, "assignment": str(assignment_id)})


def written_step(team: Team, assignment_id: UUID, asked: StepRequest, occurred_at: str) -> Written:
    """Return the record of a step; `occurred_at` is the time in the format of records."""
    data: dict[str, str | int] = {"team": team.code, "assignment": str(assignment_id), "occurred_at": occurred_at}
    if asked.reason is not None:
        data["reason"] = asked.reason.value
    return Written(f"team_{asked.step.value}", data)


class LastIncident(Struct, frozen=True):
    """Where a team was last at an incident, and when it left; None while it is there."""

    place: IncidentPlace
    left_at: datetime | None


def place_of_team(team: Team, last: LastIncident | None, back_s: int | None, now: datetime) -> IncidentPlace | None:
    """Return where a team is: at its last incident until it had the time to walk back to its post (`back_s` seconds).

    Without a post, or without a way to it, it stays at its last incident. None if neither is known.
    """
    post = None if team.post is None else ZonePlace(team.post)
    if last is None:
        return post
    if post is None or back_s is None or last.left_at is None or now < last.left_at + timedelta(seconds=back_s):
        return last.place
    return post
