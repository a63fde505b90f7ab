"""Acts on card readers and their payments, in the caller's transaction. No act calls the provider."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.identity.people import api as people
from virage.identity.people.types import DeviceKind
from virage.money.card_readers import rules, store
from virage.money.card_readers.rules import (
    PURPOSE,
    CardPayment,
    CardReaderRefusal,
    NewCardPayment,
    Reader,
    Registration,
)
from virage.money.payments import api as payments
from virage.money.payments.types import (
    Captured,
    DisputeChange,
    Failed,
    FailedRefund,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    Processing,
    ReaderPayment,
    ReaderRefusal,
    RefundRequest,
    ref_of,
)
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused

PAGE: Final = 200


class RequestedPayment(Struct, frozen=True):
    """Payment of a till. `hand_over` is the call to the provider.

    It is None if the payment was handed over already or has ended, or if its reader belongs to another till now.
    """

    payment: CardPayment
    hand_over: ReaderPayment | None


async def begin_registration(conn: Connection, new: Registration) -> Registration | Refused:
    """Store that a reader is being registered, before the provider is called. Idempotent by its id."""
    if await store.insert_registration(conn, new):
        return new
    begun = await store.registration(conn, new.id)
    same = begun is not None and replace(begun, begun_at=new.begun_at, begun_by=new.begun_by) == new
    return begun if begun is not None and same else Refused(CardReaderRefusal.ID_TAKEN)


async def register(conn: Connection, reader: Reader, who: UUID | None) -> Reader | Refused:
    """Store a reader that the provider has registered. Idempotent by its id."""
    is_new = await store.insert_reader(conn, reader, who)
    await store.end_registration(conn, reader.id)
    if is_new:
        about = {"outlet": reader.outlet}
        await journal.append(conn, [Fact("card_reader_registered", who, reader.id, about)], reader.registered_at)
        return reader
    known = await store.reader(conn, reader.id)
    same = known is not None and known.provider_ref == reader.provider_ref
    return known if known is not None and same else Refused(CardReaderRefusal.ID_TAKEN)


async def assign(conn: Connection, reader_id: UUID, till_id: UUID | None, who: UUID, now: datetime) -> Reader | Refused:
    """Assign a reader to a till, or to none. A till has one reader: its former one is released."""
    locked = await store.lock_readers(conn, reader_id, till_id)
    reader = next((one for one in locked if one.id == reader_id), None)
    if reader is None:
        return Refused(CardReaderRefusal.NOT_FOUND)
    if reader.till_id == till_id:
        return reader
    for one in locked:  # also the reader that the till gives back
        if await store.open_at_reader(conn, one.id):
            return Refused(CardReaderRefusal.IN_USE)
    if till_id is not None:
        till = (await people.devices(conn, [till_id])).get(till_id)
        if till is None or till.kind is not DeviceKind.TILL or till.revoked_at is not None:
            return Refused(CardReaderRefusal.NOT_FOUND)
        if reader.outlet not in till.posts:
            return Refused(CardReaderRefusal.NOT_HERE, {"outlet": reader.outlet})
        await store.release_till(conn, till_id)
    await store.assign_reader(conn, reader_id, till_id)
    about = {} if till_id is None else {"till": str(till_id)}
    await journal.append(conn, [Fact("card_reader_assigned", who, reader_id, about)], now)
    return replace(reader, till_id=till_id)


async def remove(conn: Connection, reader_id: UUID, who: UUID, now: datetime) -> Reader | Refused:
    """Remove a reader; its payments stay. A job removes it at the provider if the caller cannot."""
    reader = next(iter(await store.lock_readers(conn, reader_id, None)), None)
    if reader is None:
        return Refused(CardReaderRefusal.NOT_FOUND)
    if await store.open_at_reader(conn, reader_id):
        return Refused(CardReaderRefusal.IN_USE)
    await store.remove_reader(conn, reader_id, now)
    await journal.append(conn, [Fact("card_reader_removed", who, reader_id, {})], now)
    return reader


async def request_payment(conn: Connection, request: NewCardPayment, now: datetime) -> RequestedPayment | Refused:
    """Store a payment for the reader of a till, before the provider is called. Idempotent by its id.

    Refusals: card_reader_missing, card_reader_busy, payment_id_taken, amount_invalid.
    """
    reader = await store.lock_reader_of_till(conn, request.till_id)
    known = await store.payment(conn, request.id)
    if known is not None:
        same = (request.till_id, request.record_id, request.amount_cents)
        if (known.till_id, known.record_id, known.amount_cents) != same:
            return Refused(PaymentRefusal.PAYMENT_ID_TAKEN)
        stored = await payments.payment(conn, request.id)
        is_open = stored is not None and stored.state is PaymentState.CREATED and stored.expires_at > now
        is_here = reader is not None and reader.id == known.reader_id
        return RequestedPayment(known, _handed(reader, known) if reader is not None and is_open and is_here else None)
    if reader is None or await store.open_at_reader(conn, reader.id):
        return Refused(CardReaderRefusal.MISSING if reader is None else ReaderRefusal.BUSY)
    intent = PaymentIntent(request.id, PURPOSE, request.id, request.amount_cents, "", now + rules.LIVES)
    (begun,) = await payments.begin(conn, [intent], now)
    if isinstance(begun, Refused):
        return begun
    payment = CardPayment(
        id=request.id,
        reference=rules.reference_of(request.id),
        reader_id=reader.id,
        till_id=request.till_id,
        outlet=reader.outlet,
        record_id=request.record_id,
        amount_cents=request.amount_cents,
        requested_at=now,
    )
    if not await store.insert_payment(conn, payment):  # another payment has the same reference
        return Refused(PaymentRefusal.PAYMENT_ID_TAKEN)
    await payments.hand_over(conn, request.id, ref_of(reader.provider_ref), now, pending=False)
    return RequestedPayment(payment, _handed(reader, payment))


def _handed(reader: Reader, payment: CardPayment) -> ReaderPayment:
    return ReaderPayment(payment.id, reader.provider_ref, payment.amount_cents)


async def lock_named(conn: Connection, references: Sequence[str]) -> dict[str, CardPayment]:
    """Return the payments that records name as proofs, locked until the transaction ends."""
    return await store.lock_by_reference(conn, sorted(references)) if references else {}


async def book(conn: Connection, payment_ids: Sequence[UUID], now: datetime) -> None:
    """Mark payments, which the caller has locked, as booked by their records."""
    if payment_ids:
        await store.mark_booked(conn, payment_ids, now)


async def give_back(conn: Connection, payment_id: UUID, till_id: UUID, now: datetime) -> CardPayment | Refused:
    """Refund a payment for which its till makes no sale; money captured later is refunded at once."""
    payment = (await store.lock_payments(conn, [payment_id])).get(payment_id)
    if payment is None or payment.till_id != till_id:
        return Refused(CardReaderRefusal.NOT_FOUND)
    if payment.booked_at is not None:
        return Refused(CardReaderRefusal.BOOKED)
    if payment.returned_at is not None:
        return payment
    await _return(conn, [payment], now)
    return replace(payment, returned_at=now)


async def return_unbooked(conn: Connection, till_id: UUID | None, before: datetime, now: datetime) -> int:
    """Return captured payments without a record, of a till or of all; return how many."""
    found = await store.lock_unbooked(conn, till_id, before, PAGE)
    await _return(conn, found, now)
    return len(found)


async def _return(conn: Connection, given_up: Sequence[CardPayment], now: datetime) -> None:
    if not given_up:
        return
    await store.mark_returned(conn, [payment.id for payment in given_up], now)
    captured = [payment for payment in given_up if payment.captured_at is not None]
    await payments.request_refund(conn, [_whole(payment) for payment in captured], now)
    facts = [
        Fact("card_payment_returned", None, one.id, {"till": str(one.till_id), "cents": one.amount_cents})
        for one in given_up
    ]
    await journal.append(conn, facts, now)


def _whole(payment: CardPayment) -> RefundRequest:
    """Return the refund of a whole payment; its id is made from the payment, so that it is one refund."""
    return RefundRequest(named_id(payment.id, "returned"), payment.id, payment.amount_cents)


class CardReaderMoney:
    """Handler of payments at readers, in the transaction that settles them."""

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """Lock the payments."""
        await store.lock_payments(conn, subjects)

    async def captured(self, conn: Connection, payments_: Sequence[Captured], now: datetime) -> None:
        """Let the till book its sale; return the money of payments that were given up, or had ended, before it came."""
        ids = sorted(payment.payment_id for payment in payments_)
        locked = await store.lock_payments(conn, ids)
        await store.mark_captured(conn, ids, now)
        given_up = [_whole(payment) for payment in locked.values() if payment.returned_at is not None]
        await payments.request_refund(conn, given_up, now)
        # Its till was told that it failed, so that no sale follows.
        ended = [one for one in locked.values() if one.ended_at is not None and one.returned_at is None]
        await _return(conn, [replace(payment, captured_at=now) for payment in ended], now)

    async def processing(self, conn: Connection, payments_: Sequence[Processing], now: datetime) -> None:
        """No reader takes debits."""

    async def failed(self, conn: Connection, payments_: Sequence[Failed], now: datetime) -> None:
        """The till reads the state; nothing was booked."""
        ids = sorted(payment.payment_id for payment in payments_)
        await store.lock_payments(conn, ids)
        await store.mark_ended(conn, ids, now)

    async def disputed(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """The goods were handed over: finance decides."""

    async def dispute_won(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:
        """Nothing was blocked."""

    async def refunds_failed(self, conn: Connection, refunds: Sequence[FailedRefund], now: datetime) -> None:
        """The buyer is unknown: the refund waits for a person of finance."""
