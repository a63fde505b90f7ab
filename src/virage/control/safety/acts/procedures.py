"""Begin, confirm, record and end emergency procedures, each with its record in the log and its message to the staff."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from virage.control.safety.acts import broadcasts
from virage.control.safety.acts.log import Log, lock_log
from virage.control.safety.rules.broadcasts import (
    BroadcastCategory,
    BroadcastKind,
    BroadcastSeverity,
    BroadcastTexts,
    BroadcastUrgency,
    CancelBroadcast,
    NewBroadcast,
    StaffGroup,
    ToStaff,
    zone_codes,
)
from virage.control.safety.rules.log import read_record
from virage.control.safety.rules.procedures import (
    RESPONSES,
    STAFF_MINUTES,
    BeginAlone,
    ConfirmProcedure,
    EndProcedure,
    Procedure,
    ProcedureChange,
    ProcedureContent,
    ProcedureEnd,
    ProcedureRefusal,
    ProcedureRequest,
    RecordedStep,
    RecordStep,
    WithdrawProcedure,
    begins_at_once,
    broadcast_mode,
    may_change,
    written_entry,
    written_offline,
    written_request,
)
from virage.control.safety.store import broadcasts as broadcast_store
from virage.control.safety.store import log as log_store
from virage.control.safety.store import procedures as store
from virage.identity.keys.types import KeyVault
from virage.money.fiscal.types import stamp
from virage.platform.data.database import Connection
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused
from virage.site.venue.types import Venue


async def request(
    conn: Connection,
    venue: Venue,
    event_id: UUID,
    asked: ProcedureRequest,
    *,
    vault: KeyVault,
    devices_offline: Sequence[UUID],
    who: UUID,
    now: datetime,
) -> Procedure | Refused:
    """Request a procedure of an event; it begins at once unless a second person is to confirm it.

    `devices_offline` are those at gates, which do not get the message to the staff now: the log names them.

    A start without network joins the procedure of its kind that is open, and begins it if that waits for a second
    person; its record is in the log in either case. The same request again returns the procedure as it is now.

    Refusals: `place_unknown`, `procedure_open` with the `procedure` of this kind that is open, `procedure_id_taken`.
    """
    if not set(asked.zones) <= zone_codes(venue):
        return Refused(ProcedureRefusal.PLACE_UNKNOWN)
    begun_at = None if asked.offline is None else min(asked.offline.begun_at, now)
    written = written_request(asked, None if begun_at is None else stamp(begun_at))
    log = await lock_log(conn, vault, event_id, now)
    opened = await store.open_procedure(conn, event_id, asked.kind, asked.mode)
    joined = opened if asked.offline is not None else None
    known = await log_store.record_by_id(conn, asked.id)
    record = None if known is None else read_record(known.signed.body)
    about = record.about if record is not None else asked.id if joined is None else joined.id
    repeated = await log.has(asked.id, about, who, written)
    if repeated is not None:
        return await _present(conn, about) if repeated else Refused(ProcedureRefusal.ID_TAKEN)
    if opened is not None and joined is None:
        return Refused(ProcedureRefusal.OPEN, {"procedure": str(opened.id)})
    await log.add(asked.id, about, who, written)
    procedure = joined or Procedure(
        id=asked.id,
        event_id=event_id,
        kind=asked.kind,
        mode=asked.mode,
        requested_by=who,
        requested_at=now,
        requested_in=log.head.number,
    )
    begins = procedure.begun_at is None and begins_at_once(asked)
    if begins:
        procedure = replace(procedure, begun_at=begun_at or now, begun_by=who, is_alone=asked.offline is not None)
    if joined is None:
        await store.insert_procedure(conn, procedure)
    elif begins:
        await store.update_procedure(conn, procedure)
    if begins:
        await _log_offline(log, procedure, devices_offline)
        await _tell_staff(conn, venue, procedure, asked.staff_texts, vault=vault, now=now)
    return procedure


async def change(
    conn: Connection,
    venue: Venue,
    procedure_id: UUID,
    asked: ProcedureChange,
    *,
    vault: KeyVault,
    devices_offline: Sequence[UUID],
    who: UUID,
    now: datetime,
    confirm_within: timedelta,
) -> Procedure | Refused:
    """Change a procedure. The same change again returns the procedure as it is now.

    `devices_offline` is as in `request`, `confirm_within` the time in which a second person may confirm.

    Refusals: `not_found`, `procedure_ended`, `procedure_begun`, `procedure_not_begun`, `second_person_needed`,
    `second_person_awaited` with `until`, `step_unknown`, `step_recorded`, `procedure_id_taken`.
    """
    found = await store.procedure(conn, procedure_id)
    if found is None:
        return Refused(ProcedureRefusal.NOT_FOUND)
    occurred_at = min(asked.occurred_at or now, now) if isinstance(asked, RecordStep) else now
    written = written_entry(found, asked, stamp(occurred_at))
    log = await lock_log(conn, vault, found.event_id, now)
    procedure = await _present(conn, procedure_id)
    repeated = await log.has(asked.id, procedure_id, who, written)
    if repeated is not None:
        return procedure if repeated else Refused(ProcedureRefusal.ID_TAKEN)
    refused = may_change(procedure, asked, who, now, confirm_within)
    if refused is not None:
        return refused
    if isinstance(asked, RecordStep):
        recorded = await store.steps_of(conn, [procedure_id])
        if any(one.step.step == asked.step for one in recorded):
            return Refused(ProcedureRefusal.STEP_RECORDED)
    await log.add(asked.id, procedure_id, who, written)
    match asked:
        case ConfirmProcedure() | BeginAlone():
            procedure = replace(procedure, begun_at=now, begun_by=who, is_alone=isinstance(asked, BeginAlone))
            await store.update_procedure(conn, procedure)
            await _log_offline(log, procedure, devices_offline)
            await _tell_staff(conn, venue, procedure, await _staff_texts(conn, procedure_id), vault=vault, now=now)
        case RecordStep():
            step = RecordedStep(
                procedure_id=procedure_id,
                step=asked.step,
                outcome=asked.outcome,
                occurred_at=occurred_at,
                recorded_at=now,
                recorded_by=who,
                recorded_in=log.head.number,
            )
            await store.insert_step(conn, step)
        case EndProcedure():
            procedure = replace(procedure, ended_at=now, ended_by=who, ended_as=ProcedureEnd(asked.ended_as))
            await store.update_procedure(conn, procedure)
            await _end_message(conn, venue, procedure, asked, vault=vault, who=who, now=now)
        case WithdrawProcedure():
            procedure = replace(procedure, ended_at=now, ended_by=who, ended_as=ProcedureEnd.WITHDRAWN)
            await store.update_procedure(conn, procedure)
    return procedure


async def _log_offline(log: Log, procedure: Procedure, devices: Sequence[UUID]) -> None:
    """Record which devices at gates were offline when a procedure began, if there were any."""
    if devices:
        written = written_offline(procedure, devices)
        await log.add(named_id(procedure.id, "offline"), procedure.id, procedure.begun_by, written)


async def _staff_texts(conn: Connection, procedure_id: UUID) -> BroadcastTexts:
    """Return the message to the staff that a request holds."""
    requested = await log_store.record_by_id(conn, procedure_id)
    if requested is None or requested.content is None:
        raise RuntimeError(f"The request of a procedure has no content: {procedure_id}")
    return msgspec.json.decode(requested.content.body, type=ProcedureContent).staff_texts


async def _tell_staff(
    conn: Connection, venue: Venue, procedure: Procedure, texts: BroadcastTexts, *, vault: KeyVault, now: datetime
) -> None:
    """Send the message of a procedure that begins to all groups of the staff, in the name of who began it."""
    if procedure.begun_by is None:
        raise ValueError(f"A procedure that has not begun sends no message: {procedure.id}")
    message = NewBroadcast(
        id=_message_id(procedure.id),
        texts=texts,
        mode=broadcast_mode(procedure.mode),
        audience=ToStaff(list(StaffGroup)),
        category=BroadcastCategory.SAFETY,
        severity=BroadcastSeverity.EXTREME,
        urgency=BroadcastUrgency.IMMEDIATE,
        response=RESPONSES[procedure.kind],
        minutes=STAFF_MINUTES,
    )
    _sent(await broadcasts.send(conn, venue, procedure.event_id, message, vault=vault, who=procedure.begun_by, now=now))


async def _end_message(
    conn: Connection,
    venue: Venue,
    procedure: Procedure,
    asked: EndProcedure,
    *,
    vault: KeyVault,
    who: UUID,
    now: datetime,
) -> None:
    """Cancel the message to the staff, unless the control room has done so."""
    thread = await broadcast_store.broadcasts_of_threads(conn, [_message_id(procedure.id)])
    latest = next(one.broadcast for one in thread if one.broadcast.replaced_by is None)
    if latest.kind is not BroadcastKind.CANCEL:
        message = CancelBroadcast(id=named_id(asked.id, "message"), texts=asked.staff_texts, replaces=latest.id)
        _sent(await broadcasts.send(conn, venue, procedure.event_id, message, vault=vault, who=who, now=now))


def _sent(outcome: object) -> None:
    if isinstance(outcome, Refused):
        raise RuntimeError(f"The message of a procedure was refused: {outcome.reason}")  # noqa: TRY004 - no type is wrong


def _message_id(procedure_id: UUID) -> UUID:
    return named_id(procedure_id, "message")


async def _present(conn: Connection, procedure_id: UUID) -> Procedure:
    found = await store.procedure(conn, procedure_id)
    if found is None:
        raise RuntimeError(f"A procedure of the log is not stored: {procedure_id}")
    return found
