"""Emergency procedures as they are now, and their recorded steps; their texts are contents of the log."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.procedures import (
    EntryContent,
    Procedure,
    ProcedureContent,
    ProcedureKind,
    ProcedureMode,
    RecordedStep,
)
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


class ListedProcedure(Struct, frozen=True):
    """A procedure and what its request said; None once that was deleted."""

    procedure: Procedure
    said: ProcedureContent | None


class ListedStep(Struct, frozen=True):
    """A recorded step and its note; None without one, or once it was deleted."""

    step: RecordedStep
    text: str | None


def _procedure(row: Any) -> Procedure:
    return msgspec.convert(dict(row), Procedure)


async def insert_procedure(conn: Connection, procedure: Procedure) -> None:
    """Store a new procedure."""
    await queries.insert_procedure(
        conn,
        id=procedure.id,
        event_id=procedure.event_id,
        kind=procedure.kind.value,
        mode=procedure.mode.value,
        requested_by=procedure.requested_by,
        requested_at=procedure.requested_at,
        requested_in=procedure.requested_in,
        begun_at=procedure.begun_at,
        begun_by=procedure.begun_by,
        is_alone=procedure.is_alone,
    )


async def update_procedure(conn: Connection, procedure: Procedure) -> None:
    """Store the state of a procedure after a change."""
    await queries.update_procedure(
        conn,
        id=procedure.id,
        begun_at=procedure.begun_at,
        begun_by=procedure.begun_by,
        is_alone=procedure.is_alone,
        ended_at=procedure.ended_at,
        ended_by=procedure.ended_by,
        ended_as=None if procedure.ended_as is None else procedure.ended_as.value,
    )


async def procedure(conn: Connection, procedure_id: UUID) -> Procedure | None:
    """Return one procedure."""
    row = await queries.procedure(conn, id=procedure_id)
    return None if row is None else _procedure(row)


async def open_procedure(
    conn: Connection, event_id: UUID, kind: ProcedureKind, mode: ProcedureMode
) -> Procedure | None:
    """Return the open procedure of a kind and mode; None if there is none."""
    row = await queries.open_procedure(conn, event_id=event_id, kind=kind.value, mode=mode.value)
    return None if row is None else _procedure(row)


async def procedures_of(conn: Connection, event_id: UUID, limit: int | None) -> list[ListedProcedure]:
    """Return the procedures of an event: open ones first, the latest first; all if `limit` is None."""
    found = []
    async for row in queries.procedures_of(conn, event_id=event_id, limit_=limit):
        body = row["content"]
        said = None if body is None else msgspec.json.decode(body, type=ProcedureContent)
        found.append(ListedProcedure(_procedure(row), said))
    return found


async def insert_step(conn: Connection, step: RecordedStep) -> None:
    """Store a recorded step."""
    await queries.insert_step(
        conn,
        procedure_id=step.procedure_id,
        step=step.step,
        outcome=step.outcome.value,
        occurred_at=step.occurred_at,
        recorded_at=step.recorded_at,
        recorded_by=step.recorded_by,
        recorded_in=step.recorded_in,
    )


async def steps_of(conn: Connection, procedure_ids: Sequence[UUID]) -> list[ListedStep]:
    """Return the recorded steps of procedures, in the order of their records."""
    found = []
    async for row in queries.steps_of(conn, procedure_ids=list(procedure_ids)):
        body = row["content"]
        text = None if body is None else msgspec.json.decode(body, type=EntryContent).text
        found.append(ListedStep(msgspec.convert(dict(row), RecordedStep), text))
    return found
