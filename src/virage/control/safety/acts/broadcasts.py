"""Send, update and cancel messages, store receipts, and notify phones by push."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.control.safety.acts.log import Log, lock_log
from virage.control.safety.rules.broadcasts import (
    CANCEL_MINUTES,
    Broadcast,
    BroadcastKind,
    BroadcastRefusal,
    BroadcastRequest,
    CancelBroadcast,
    NewBroadcast,
    ResponseType,
    may_send,
    places_reached,
    targets_of,
    written_broadcast,
)
from virage.control.safety.rules.log import Written
from virage.control.safety.store import broadcasts as store
from virage.control.safety.store.broadcasts import Receipt
from virage.identity.keys.types import KeyVault
from virage.identity.people import api as people
from virage.identity.people.types import PushMessage, PushText
from virage.platform.data.database import Connection
from virage.platform.data.queue import URGENT, enqueue
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing import api as ticketing
from virage.site.venue.types import Venue

PUSH_JOB: Final = "broadcast_push"
PERSONS_AT_ONCE: Final = 5_000
FIRST_PERSON: Final = UUID(int=0)
RECEIPT_PURPOSE: Final = b"virage:safety-receipt:v1\0"
PUSH_TEXT_MAX: Final = 200


class BroadcastPushDue(Struct, frozen=True):
    """Job payload: notify the phones of fans by push."""

    broadcast_id: UUID


async def send(
    conn: Connection,
    venue: Venue,
    event_id: UUID,
    request: BroadcastRequest,
    *,
    vault: KeyVault,
    who: UUID,
    now: datetime,
) -> Broadcast | Refused:
    """Send a message of an event. The same request again returns the message that it has sent.

    Refusals: `not_found`, `place_unknown`, `exercise_for_staff_only`, `broadcast_replaced`, `broadcast_id_taken`.
    """
    if isinstance(request, NewBroadcast):
        refused = may_send(request, venue)
        if refused is not None:
            return refused
    log = await lock_log(conn, vault, event_id, now)
    if isinstance(request, NewBroadcast):
        replaced, thread = None, request.id
    else:
        replaced = await store.broadcast(conn, request.replaces)
        if replaced is None or replaced.event_id != event_id:
            return Refused(BroadcastRefusal.NOT_FOUND)
        thread = replaced.thread
    broadcast = broadcast_of(request, replaced, event_id, number=log.head.number + 1, who=who, now=now)
    written = written_broadcast(broadcast, request)
    repeated = await log.has(request.id, thread, who, written)
    if repeated is not None:
        return await _sent(conn, request.id) if repeated else Refused(BroadcastRefusal.ID_TAKEN)
    if replaced is not None and (replaced.replaced_by is not None or replaced.kind is BroadcastKind.CANCEL):
        return Refused(BroadcastRefusal.REPLACED)
    await add(conn, log, broadcast, written, replaced)
    return broadcast


async def add(conn: Connection, log: Log, broadcast: Broadcast, written: Written, replaced: Broadcast | None) -> None:
    """Write a message to the locked log, store it in place of the one that it replaces, and notify phones."""
    await log.add(broadcast.id, broadcast.thread, broadcast.sent_by, written)
    await store.insert_broadcast(conn, broadcast)
    if replaced is not None:
        await store.replace_broadcast(conn, replaced.id, broadcast.id)
    if broadcast.is_public:
        await enqueue(conn, PUSH_JOB, [BroadcastPushDue(broadcast.id)], priority=URGENT)


def broadcast_of(
    request: BroadcastRequest, replaced: Broadcast | None, event_id: UUID, *, number: int, who: UUID, now: datetime
) -> Broadcast:
    """Return the message of a request; updates and cancellations are of the kind of the message that they replace."""
    match request:
        case NewBroadcast():
            kind, mode, category = BroadcastKind.ALERT, request.mode, request.category
            audience = request.audience.__struct_config__.tag
            targets = targets_of(request.audience)
        case _:
            assert replaced is not None  # noqa: S101 - the caller has looked it up
            kind = BroadcastKind.CANCEL if isinstance(request, CancelBroadcast) else BroadcastKind.UPDATE
            mode, category, audience, targets = (
                replaced.mode,
                replaced.category,
                replaced.audience,
                replaced.targets,
            )
    if isinstance(request, CancelBroadcast):
        assert replaced is not None  # noqa: S101 - the same
        severity, urgency, response = replaced.severity, replaced.urgency, ResponseType.ALL_CLEAR
        minutes = CANCEL_MINUTES
    else:
        severity, urgency, response, minutes = request.severity, request.urgency, request.response, request.minutes
    return Broadcast(
        id=request.id,
        event_id=event_id,
        number=number,
        thread=request.id if replaced is None else replaced.thread,
        kind=kind,
        mode=mode,
        category=category,
        severity=severity,
        urgency=urgency,
        response=response,
        audience=str(audience),
        targets=targets,
        sent_at=now,
        expires_at=now + timedelta(minutes=minutes),
        sent_by=who,
    )


async def _sent(conn: Connection, broadcast_id: UUID) -> Broadcast:
    found = await store.broadcast(conn, broadcast_id)
    if found is None:
        raise RuntimeError(f"A message of the log is not stored: {broadcast_id}")
    return found


async def confirm(conn: Connection, receipts: Sequence[Receipt], now: datetime) -> None:
    """Store receipts of public messages, each account once."""
    await store.insert_receipts(conn, receipts, now)


def receiver_of(broadcast_id: UUID, principal_id: UUID) -> bytes:
    """Return the digest that stands for an account in the receipts of one message."""
    return sha256(RECEIPT_PURPOSE + broadcast_id.bytes + principal_id.bytes).digest()[:16]


async def push_page(conn: Connection, broadcast_id: UUID, venue: Venue, after: UUID, now: datetime) -> UUID | None:
    """Notify the next fans of a message, and return the last account of this page; None after the last page.

    A replaced or expired message is not pushed further. A phone shows a page that is sent twice once: it has one topic.
    """
    sent = await store.broadcast(conn, broadcast_id)
    if sent is None or sent.replaced_by is not None or sent.expires_at <= now:
        return None
    found = {one.broadcast.id: one.texts for one in await store.broadcasts_of_threads(conn, [sent.thread])}
    texts = found[broadcast_id]
    if texts is None:
        return None
    page = await ticketing.owners(conn, sent.event_id, after, PERSONS_AT_ONCE)
    reached = places_reached(sent, venue)
    places = await ticketing.places_of_owners(conn, sent.event_id, page)
    persons = sorted({person_id for person_id, _, place in places if _code(venue, place) in reached})
    if persons:
        message = PushMessage(
            person_ids=persons,
            kind="broadcast",
            topic=named_id(sent.thread, "broadcast"),
            said={language: PushText(text.headline, text.text[:PUSH_TEXT_MAX]) for language, text in texts.items()},
            data={
                "event": sent.event_id,
                "tag": f"broadcast:{sent.thread}",
                "revision": sent.number,
                "loud": True,
            },
            expires_at=sent.expires_at,
            revision=sent.number,
            corrects=True,
            is_urgent=True,
        )
        await people.send_push(conn, message, now)
    return page[-1] if len(page) == PERSONS_AT_ONCE else None


def _code(venue: Venue, place: int) -> str | None:
    label = venue.label(place)
    return label.block or label.area
