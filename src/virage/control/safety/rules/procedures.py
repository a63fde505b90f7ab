"""Emergency procedures: checklists with roles, whose steps are timed, as an exercise or for real.

An evacuation is requested by one controller and confirmed by another. After a time without an answer, or without
network, one controller may begin it alone, with a reason. Virage replaces neither the fire alarm nor the voice alarm
(EN 54-16), nor orders of the police or of the prefect: the checklists name them as steps.

Sources: the Guide to Safety at Sports Grounds (Green Guide, 6th edition, chapters 15 and 16) for the roles and for the
stop and restart of a show; the Terrorism (Protection of Premises) Act 2025, section 5, for evacuation, invacuation,
lockdown and communication.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Struct

from virage.control.safety.rules.broadcasts import BroadcastMode, BroadcastTexts, ResponseType, ZoneCode
from virage.control.safety.rules.incidents import Text
from virage.control.safety.rules.log import Written
from virage.platform.values.refusals import Refused

STAFF_MINUTES: Final = 180
"""How long the message to the staff is valid that a procedure sends."""


class ProcedureKind(StrEnum):
    """What the venue prepares for."""

    EVACUATION = "evacuation"
    INVACUATION = "invacuation"
    LOCKDOWN = "lockdown"
    SHOW_STOP = "show_stop"
    SHOW_RESTART = "show_restart"
    DELAYED_KICK_OFF = "delayed_kick_off"
    SEVERE_WEATHER = "severe_weather"


class ProcedureMode(StrEnum):
    """Whether a procedure is meant; an exercise reaches the staff only."""

    ACTUAL = "actual"
    EXERCISE = "exercise"


class StepRole(StrEnum):
    """Function that carries a step out. It need not be an account: the controller records the step."""

    SAFETY_OFFICER = "safety_officer"
    CONTROLLER = "controller"
    STEWARDS = "stewards"
    GATES = "gates"
    ANNOUNCER = "announcer"
    MEDICAL = "medical"
    MATCH_OFFICIAL = "match_official"


class StepOutcome(StrEnum):
    """What became of a step."""

    DONE = "done"
    NOT_NEEDED = "not_needed"


class ProcedureEnd(StrEnum):
    """How a procedure ended; one that never began was withdrawn."""

    COMPLETED = "completed"
    STOOD_DOWN = "stood_down"
    WITHDRAWN = "withdrawn"


class ProcedureRefusal(StrEnum):
    """Why a procedure does not change."""

    ID_TAKEN = "procedure_id_taken"
    NOT_FOUND = "not_found"
    OPEN = "procedure_open"
    ENDED = "procedure_ended"
    BEGUN = "procedure_begun"
    NOT_BEGUN = "procedure_not_begun"
    SAME_PERSON = "second_person_needed"
    AWAITED = "second_person_awaited"
    STEP_RECORDED = "step_recorded"
    STEP_UNKNOWN = "step_unknown"
    PLACE_UNKNOWN = "place_unknown"


class ChecklistStep(Struct, frozen=True):
    """A step of a checklist and the function that carries it out."""

    code: str
    role: StepRole


def _steps(*steps: tuple[str, StepRole]) -> tuple[ChecklistStep, ...]:
    return tuple(ChecklistStep(*step) for step in steps)


_R = StepRole
STEPS: Final[Mapping[ProcedureKind, tuple[ChecklistStep, ...]]] = {
    ProcedureKind.EVACUATION: _steps(
        ("alarms_started", _R.CONTROLLER),
        ("emergency_services_called", _R.CONTROLLER),
        ("match_stopped", _R.MATCH_OFFICIAL),
        ("exits_opened", _R.GATES),
        ("fans_told", _R.CONTROLLER),
        ("announcement_made", _R.ANNOUNCER),
        ("people_assisted", _R.STEWARDS),
        ("refuges_checked", _R.STEWARDS),
        ("zones_clear", _R.STEWARDS),
        ("assembly_points_staffed", _R.MEDICAL),
        ("handed_over", _R.SAFETY_OFFICER),
    ),
    ProcedureKind.INVACUATION: _steps(
        ("emergency_services_called", _R.CONTROLLER),
        ("entry_stopped", _R.GATES),
        ("people_brought_inside", _R.STEWARDS),
        ("outer_doors_closed", _R.GATES),
        ("fans_told", _R.CONTROLLER),
        ("announcement_made", _R.ANNOUNCER),
        ("windows_and_glass_cleared", _R.STEWARDS),
        ("first_aid_ready", _R.MEDICAL),
        ("handed_over", _R.SAFETY_OFFICER),
    ),
    ProcedureKind.LOCKDOWN: _steps(
        ("emergency_services_called", _R.CONTROLLER),
        ("entry_stopped", _R.GATES),
        ("outer_doors_locked", _R.GATES),
        ("rooms_locked", _R.STEWARDS),
        ("fans_told", _R.CONTROLLER),
        ("escape_routes_usable", _R.SAFETY_OFFICER),
        ("first_aid_ready", _R.MEDICAL),
        ("handed_over", _R.SAFETY_OFFICER),
    ),
    ProcedureKind.SHOW_STOP: _steps(
        ("match_stopped", _R.MATCH_OFFICIAL),
        ("music_and_screens_off", _R.ANNOUNCER),
        ("house_lights_on", _R.CONTROLLER),
        ("announcement_made", _R.ANNOUNCER),
        ("fans_told", _R.CONTROLLER),
        ("crowd_relieved", _R.STEWARDS),
        ("first_aid_ready", _R.MEDICAL),
    ),
    ProcedureKind.SHOW_RESTART: _steps(
        ("cause_removed", _R.SAFETY_OFFICER),
        ("densities_checked", _R.CONTROLLER),
        ("stewards_in_place", _R.STEWARDS),
        ("medical_agrees", _R.MEDICAL),
        ("police_agree", _R.SAFETY_OFFICER),
        ("announcement_made", _R.ANNOUNCER),
        ("match_restarted", _R.MATCH_OFFICIAL),
    ),
    ProcedureKind.DELAYED_KICK_OFF: _steps(
        ("delay_agreed", _R.SAFETY_OFFICER),
        ("transport_told", _R.CONTROLLER),
        ("fans_told", _R.CONTROLLER),
        ("announcement_made", _R.ANNOUNCER),
        ("queues_relieved", _R.GATES),
        ("alcohol_sale_reviewed", _R.SAFETY_OFFICER),
        ("new_time_confirmed", _R.MATCH_OFFICIAL),
    ),
    ProcedureKind.SEVERE_WEATHER: _steps(
        ("warning_checked", _R.CONTROLLER),
        ("match_stopped", _R.MATCH_OFFICIAL),
        ("exposed_areas_cleared", _R.STEWARDS),
        ("loose_objects_secured", _R.STEWARDS),
        ("fans_told", _R.CONTROLLER),
        ("announcement_made", _R.ANNOUNCER),
        ("transport_told", _R.CONTROLLER),
        ("all_clear_checked", _R.SAFETY_OFFICER),
    ),
}
"""Steps in the order of the checklist; they may be recorded in any order."""

NEEDS_SECOND: Final = frozenset({ProcedureKind.EVACUATION})
"""Kinds that a second person confirms."""

RESPONSES: Final[Mapping[ProcedureKind, ResponseType]] = {
    ProcedureKind.EVACUATION: ResponseType.EVACUATE,
    ProcedureKind.INVACUATION: ResponseType.SHELTER,
    ProcedureKind.LOCKDOWN: ResponseType.SHELTER,
    ProcedureKind.SHOW_STOP: ResponseType.EXECUTE,
    ProcedureKind.SHOW_RESTART: ResponseType.EXECUTE,
    ProcedureKind.DELAYED_KICK_OFF: ResponseType.MONITOR,
    ProcedureKind.SEVERE_WEATHER: ResponseType.EXECUTE,
}
"""What the message to the staff asks for, as in CAP 1.2."""


class OfflineStart(Struct, frozen=True, forbid_unknown_fields=True):
    """The controller began alone because the network was down: at `begun_at` by the client's clock, and why."""

    begun_at: datetime
    reason: Text


class ProcedureRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A procedure to begin. `id` is made by the client and makes the request idempotent.

    `staff_texts` is the message that all groups of the staff receive when it begins. `zones` are the stands, blocks
    and standing areas that it is for; empty: the whole venue.
    """

    id: UUID
    kind: ProcedureKind
    mode: ProcedureMode
    staff_texts: BroadcastTexts
    zones: Annotated[list[ZoneCode], Meta(max_length=200)] = []
    text: Text | None = None
    offline: OfflineStart | None = None


class _Entry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """A change of a procedure. `id` is made by the client and makes the request idempotent."""

    id: UUID


class ConfirmProcedure(_Entry, frozen=True, tag="confirmed"):
    """A second person confirms the request, and the procedure begins."""


class BeginAlone(_Entry, frozen=True, tag="begun_alone"):
    """One controller, with a reason, begins without a confirmation once the time for it is over."""

    text: Text


class RecordStep(_Entry, frozen=True, tag="step_recorded"):
    """A step is done or not needed. `occurred_at` is the client's time; a time after the server's counts as now."""

    step: Annotated[str, Meta(min_length=1, max_length=60)]
    outcome: StepOutcome
    occurred_at: datetime | None = None
    text: Text | None = None


class EndProcedure(_Entry, frozen=True, tag="ended"):
    """The procedure is over. `staff_texts` is the message to the staff that says so."""

    ended_as: Literal["completed", "stood_down"]
    staff_texts: BroadcastTexts
    text: Text | None = None


class WithdrawProcedure(_Entry, frozen=True, tag="withdrawn"):
    """The request is withdrawn, or refused by the second person, before the procedure began."""

    text: Text | None = None


ProcedureChange = ConfirmProcedure | BeginAlone | RecordStep | EndProcedure | WithdrawProcedure


class ProcedureContent(Struct, frozen=True, forbid_unknown_fields=True):
    """What the record of a request says in words; deleted after the retention period."""

    staff_texts: BroadcastTexts
    zones: list[str]
    text: str | None


class EntryContent(Struct, frozen=True, forbid_unknown_fields=True):
    """What the record of a change says in words; deleted after the retention period."""

    text: str | None = None
    staff_texts: BroadcastTexts | None = None


class Procedure(Struct, frozen=True, kw_only=True):
    """A procedure. Without `begun_at` it waits for a second person; `is_alone` tells that one controller began it."""

    id: UUID
    event_id: UUID
    kind: ProcedureKind
    mode: ProcedureMode
    requested_by: UUID
    requested_at: datetime
    requested_in: int
    begun_at: datetime | None = None
    begun_by: UUID | None = None
    is_alone: bool = False
    ended_at: datetime | None = None
    ended_by: UUID | None = None
    ended_as: ProcedureEnd | None = None


class RecordedStep(Struct, frozen=True, kw_only=True):
    """A recorded step of a procedure. `recorded_in` is the number of its record in the log."""

    procedure_id: UUID
    step: str
    outcome: StepOutcome
    occurred_at: datetime
    recorded_at: datetime
    recorded_by: UUID
    recorded_in: int


def broadcast_mode(mode: ProcedureMode) -> BroadcastMode:
    """Return the mode of a procedure's message to the staff."""
    return BroadcastMode.ACTUAL if mode is ProcedureMode.ACTUAL else BroadcastMode.EXERCISE


def begins_at_once(request: ProcedureRequest) -> bool:
    """Return whether a request needs no second person: by its kind, or because the network was down."""
    return request.kind not in NEEDS_SECOND or request.offline is not None


def written_request(request: ProcedureRequest, offline_at: str | None) -> Written:
    """Return the record of a request; `offline_at` is the client's time of a start without network."""
    data: dict[str, str | int] = {"procedure": request.kind.value, "mode": request.mode.value}
    if offline_at is not None:
        data |= {"without_network": 1, "occurred_at": offline_at}
    reason = request.text if request.offline is None else request.offline.reason
    content = ProcedureContent(request.staff_texts, sorted(set(request.zones)), reason)
    return Written("procedure_requested", data, content)


def written_offline(procedure: Procedure, devices: Sequence[UUID]) -> Written:
    """Return the record of the devices at gates that were offline when a procedure began."""
    data: dict[str, str | int] = {"procedure": procedure.kind.value, "mode": procedure.mode.value}
    return Written("procedure_devices_offline", data | {"devices": " ".join(map(str, devices))})


def written_entry(procedure: Procedure, change: ProcedureChange, occurred_at: str) -> Written:
    """Return the record of a change; `occurred_at` is the time of a step in the format of records."""
    data: dict[str, str | int] = {"procedure": procedure.kind.value, "mode": procedure.mode.value}
    match change:
        case ConfirmProcedure():
            return Written("procedure_confirmed", data)
        case BeginAlone():
            return Written("procedure_begun_alone", data, EntryContent(change.text))
        case RecordStep():
            data |= {"step": change.step, "outcome": change.outcome.value, "occurred_at": occurred_at}
            return Written("procedure_step", data, None if change.text is None else EntryContent(change.text))
        case EndProcedure():
            data["ended_as"] = change.ended_as
            return Written("procedure_ended", data, EntryContent(change.text, change.staff_texts))
        case WithdrawProcedure():
            content = None if change.text is None else EntryContent(change.text)
            return Written("procedure_withdrawn", data, content)


def may_change(  # noqa: PLR0911 - each reason by its name
    procedure: Procedure, change: ProcedureChange, who: UUID, now: datetime, confirm_within: timedelta
) -> Refused | None:
    """Refuse what the state of a procedure does not allow; `confirm_within` is the time of the second person.

    `second_person_awaited` has `until`, the time from which one controller may begin alone.
    """
    if procedure.ended_at is not None:
        return Refused(ProcedureRefusal.ENDED)
    has_begun = procedure.begun_at is not None
    match change:
        case ConfirmProcedure() | BeginAlone() | WithdrawProcedure() if has_begun:
            return Refused(ProcedureRefusal.BEGUN)
        case ConfirmProcedure() if who == procedure.requested_by:
            return Refused(ProcedureRefusal.SAME_PERSON)
        case BeginAlone() if now < procedure.requested_at + confirm_within:
            until = procedure.requested_at + confirm_within
            return Refused(ProcedureRefusal.AWAITED, {"until": until.isoformat()})
        case RecordStep() | EndProcedure() if not has_begun:
            return Refused(ProcedureRefusal.NOT_BEGUN)
        case RecordStep() if change.step not in {step.code for step in STEPS[procedure.kind]}:
            return Refused(ProcedureRefusal.STEP_UNKNOWN)
        case _:
            return None
