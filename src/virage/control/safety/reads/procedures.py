"""The emergency procedures of an event, with their steps."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.control.safety.rules.procedures import (
    NEEDS_SECOND,
    STEPS,
    ChecklistStep,
    Procedure,
    ProcedureEnd,
    ProcedureKind,
    ProcedureMode,
    StepOutcome,
    StepRole,
)
from virage.control.safety.store import procedures as store
from virage.control.safety.store.procedures import ListedStep
from virage.identity.people import api as people
from virage.platform.data.database import Connection

PROCEDURES_MAX: Final = 100


class StepView(Struct, frozen=True, kw_only=True):
    """A step of a procedure's checklist; without an `outcome` it is not recorded."""

    step: str
    role: StepRole
    outcome: StepOutcome | None
    occurred_at: datetime | None
    recorded_by_name: str | None
    text: str | None


class ProcedureView(Struct, frozen=True, kw_only=True):
    """A procedure for the control room. `text` is the reason; None without one, or after the retention period.

    Without `begun_at` and `ended_at` it waits for a second person; from `alone_from` one controller may begin it.
    """

    id: UUID
    event_id: UUID
    kind: ProcedureKind
    mode: ProcedureMode
    zones: list[str]
    text: str | None
    requested_at: datetime
    requested_by: UUID
    requested_by_name: str | None
    alone_from: datetime
    begun_at: datetime | None
    begun_by_name: str | None
    is_alone: bool
    ended_at: datetime | None
    ended_by_name: str | None
    ended_as: ProcedureEnd | None
    steps: list[StepView]


class Checklist(Struct, frozen=True):
    """The steps of a kind of procedure, in order, and whether a second person is to confirm it."""

    kind: ProcedureKind
    needs_second: bool
    steps: tuple[ChecklistStep, ...]


class ProcedureListing(Struct, frozen=True):
    """The procedures of an event, and the checklists of all kinds, so that a desk has them without network."""

    procedures: list[ProcedureView]
    checklists: list[Checklist]


CHECKLISTS: Final = [Checklist(kind, kind in NEEDS_SECOND, steps) for kind, steps in STEPS.items()]


async def procedure(conn: Connection, procedure_id: UUID) -> Procedure | None:
    """Return one procedure."""
    return await store.procedure(conn, procedure_id)


async def procedures(conn: Connection, event_id: UUID, confirm_within: timedelta) -> list[ProcedureView]:
    """Return the procedures of an event, at most 100: open ones first, the latest first."""
    listed = await store.procedures_of(conn, event_id, PROCEDURES_MAX)
    recorded: dict[tuple[UUID, str], ListedStep] = {
        (one.step.procedure_id, one.step.step): one
        for one in await store.steps_of(conn, [one.procedure.id for one in listed])
    }
    found = [one.procedure for one in listed]
    persons = {one.requested_by for one in found} | {one.begun_by for one in found} | {one.ended_by for one in found}
    persons |= {one.step.recorded_by for one in recorded.values()}
    names = await people.names_by_id(conn, sorted(person for person in persons if person is not None))
    views = []
    for listed_one in listed:
        one, said = listed_one.procedure, listed_one.said
        steps = []
        for step in STEPS[one.kind]:
            done = recorded.get((one.id, step.code))
            steps.append(
                StepView(
                    step=step.code,
                    role=step.role,
                    outcome=None if done is None else done.step.outcome,
                    occurred_at=None if done is None else done.step.occurred_at,
                    recorded_by_name=None if done is None else names.get(done.step.recorded_by),
                    text=None if done is None else done.text,
                )
            )
        views.append(
            ProcedureView(
                id=one.id,
                event_id=one.event_id,
                kind=one.kind,
                mode=one.mode,
                zones=[] if said is None else said.zones,
                text=None if said is None else said.text,
                requested_at=one.requested_at,
                requested_by=one.requested_by,
                requested_by_name=names.get(one.requested_by),
                alone_from=one.requested_at + confirm_within,
                begun_at=one.begun_at,
                begun_by_name=None if one.begun_by is None else names.get(one.begun_by),
                is_alone=one.is_alone,
                ended_at=one.ended_at,
                ended_by_name=None if one.ended_by is None else names.get(one.ended_by),
                ended_as=one.ended_as,
                steps=steps,
            )
        )
    return views
