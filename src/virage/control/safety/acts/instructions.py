"""Send evacuation instructions: one message for each group of blocks and one to the stewards, all or none."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.control.safety.acts.broadcasts import add, broadcast_of
from virage.control.safety.acts.log import lock_log
from virage.control.safety.rules.broadcasts import (
    BroadcastCategory,
    BroadcastSeverity,
    BroadcastUrgency,
    NewBroadcast,
    ResponseType,
    UpdateBroadcast,
    targets_of,
    written_broadcast,
)
from virage.control.safety.rules.instructions import (
    InstructionRefusal,
    MessageChange,
    NewInstructions,
    SentInstructions,
    changes,
    may_instruct,
    written_instructions,
)
from virage.control.safety.store import broadcasts as broadcasts_store
from virage.control.safety.store import instructions as store
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.site.venue.types import Venue


async def instruct(
    conn: Connection,
    venue: Venue,
    event_id: UUID,
    asked: NewInstructions,
    *,
    plan: str,
    vault: KeyVault,
    who: UUID,
    now: datetime,
) -> SentInstructions | Refused:
    """Send the instructions of an event; `plan` is the reference of the approved plan, empty without one.

    Messages of earlier instructions are updated where they change. The same request again sends nothing. Refusals:
    `place_unknown`, `instructions_incomplete`, `instructions_replaced`, `broadcast_id_taken`.
    """
    refused = may_instruct(asked, venue)
    if refused is not None:
        return refused
    log = await lock_log(conn, vault, event_id, now)
    sets = await store.instruction_sets(conn, event_id)
    known = next((one for one in sets if one.mode is asked.mode), None)
    written = written_instructions(asked, plan)
    repeated = await log.has(asked.id, event_id, who, written)
    if repeated is not None:
        return known if repeated and known is not None else Refused(InstructionRefusal.ID_TAKEN)
    if asked.replaces != (None if known is None else known.id):
        return Refused(InstructionRefusal.REPLACED)
    await log.add(asked.id, event_id, who, written)
    number = log.head.number
    before = await broadcasts_store.broadcasts_of_threads(conn, [] if known is None else known.threads)
    threads, messages = changes(asked, before, now)
    for message in messages:
        request = _request(asked, message)
        broadcast = broadcast_of(request, message.replaces, event_id, number=log.head.number + 1, who=who, now=now)
        broadcast = replace(broadcast, targets=targets_of(message.audience))
        await add(conn, log, broadcast, written_broadcast(broadcast, request), message.replaces)
        threads.append(broadcast.thread)
    sent = SentInstructions(
        id=asked.id,
        mode=asked.mode,
        number=number,
        plan=plan,
        closed=sorted(asked.closed),
        threads=threads,
        sent_at=now,
    )
    await store.put_instruction_set(conn, event_id, sent)
    return sent


def _request(asked: NewInstructions, message: MessageChange) -> NewBroadcast | UpdateBroadcast:
    """Return a message of instructions as a controller would send it."""
    if message.replaces is None:
        return NewBroadcast(
            id=new_id(),
            texts=message.texts,
            mode=asked.mode,
            audience=message.audience,
            category=BroadcastCategory.SAFETY,
            severity=BroadcastSeverity.EXTREME,
            urgency=BroadcastUrgency.IMMEDIATE,
            response=ResponseType.EVACUATE,
            minutes=asked.minutes,
        )
    return UpdateBroadcast(
        id=new_id(),
        texts=message.texts,
        replaces=message.replaces.id,
        severity=BroadcastSeverity.EXTREME,
        urgency=BroadcastUrgency.IMMEDIATE,
        response=ResponseType.EVACUATE,
        minutes=asked.minutes,
    )
