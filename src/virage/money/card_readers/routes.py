"""Routes of card readers: payments for tills, readers for the office."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.money.card_readers import acts, reads, registering, rules, store
from virage.money.card_readers.reads import CardPaymentAnswer, CardReaderLine, UnbookedCardPayment
from virage.money.card_readers.rules import CardReaderRefusal, NewCardPayment, Reader, Registration
from virage.money.payments import api as payments
from virage.money.payments.api import Deliveries, PaymentProvider, Unreachable
from virage.money.payments.types import (
    Outcome,
    PaymentRefusal,
    PaymentState,
    ReaderLocation,
    ReaderRefusal,
    Reference,
)
from virage.platform.data.database import Database
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Principal, Role, device_at, require_fan, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import delete, get, mount, post, put
from virage.platform.web.scopes import at_outlets, outlets_of
from virage.site.venue import api as venue
from virage.site.venue.types import owner_of

AT_TILL: Final = device_at("till")
LEADERS: Final[tuple[Role, ...]] = ("finance",)
AMOUNT_MAX_CENTS: Final = 99_999_999
"""Largest amount of a payment at Stripe (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts)."""
Label = Annotated[str, Meta(pattern=r"^\S", max_length=60)]


class CardPaymentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Payment at the till's reader. The till makes `id`; `record_id` is the sale or top-up that it pays."""

    id: UUID
    record_id: UUID
    amount_cents: Annotated[int, Meta(ge=1, le=AMOUNT_MAX_CENTS)]


class ChosenReader(Struct, frozen=True, forbid_unknown_fields=True):
    """Reader that a till takes; null for none."""

    reader_id: UUID | None


class NewCardReader(Struct, frozen=True, forbid_unknown_fields=True):
    """Reader to register. The browser makes `id`; `code` is shown by the reader, `location_id` is the provider's."""

    id: UUID
    code: Annotated[str, Meta(pattern=r"^\S", max_length=60)]
    label: Label
    outlet: Annotated[str, Meta(max_length=40)]
    location_id: Annotated[str, Meta(max_length=100)]


class ReaderTill(Struct, frozen=True, forbid_unknown_fields=True):
    """Till whose payments a reader takes; null for none."""

    till_id: UUID | None


@post("/card-payments", status_code=200, guards=[AT_TILL])
async def request_card_payment(
    data: CardPaymentRequest,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
    payment_provider: PaymentProvider,
    payment_deliveries: Deliveries,
) -> CardPaymentAnswer:
    """Request a card payment at the till's reader. Idempotent: a repeated request hands it to the reader once.

    The payment is stored first. A reader that is offline or busy ends it, with the reason. If the provider does not
    answer, the payment waits, and is looked up.
    """
    new = NewCardPayment(data.id, _till(principal), data.record_id, data.amount_cents)
    requested = granted(await db.transact(acts.request_payment, new, clock.now()))
    if requested.hand_over is not None:
        try:
            handed = await payment_provider.readers.pay(requested.hand_over)
        except Unreachable as failure:
            log.warning("payment_provider_unreachable", asked=str(failure), payments=1)
        else:
            if isinstance(handed, Refused):
                handed = Outcome(data.id, PaymentState.DECLINED, data.amount_cents, str(handed.reason))
            if handed.state is PaymentState.PENDING and handed.provider_ref is not None:
                async with db.transaction() as conn:
                    is_open = await payments.hand_over(conn, data.id, handed.provider_ref, clock.now(), pending=True)
                if not is_open:  # it was cancelled while the provider was called
                    reference = Reference(data.id, handed.provider_ref, amount_cents=data.amount_cents)
                    await _cancel(payment_provider, payment_deliveries, reference)
            await payment_deliveries.settle([handed])
    return await _answer(db, data.id, principal)


@get("/card-payments/{payment_id:uuid}", guards=[AT_TILL])
async def get_card_payment(payment_id: UUID, db: Database, principal: Principal) -> CardPaymentAnswer:
    """Return the state of a payment of this till."""
    return await _answer(db, payment_id, principal)


@post("/card-payments/{payment_id:uuid}/cancel", status_code=200, guards=[AT_TILL])
async def cancel_card_payment(
    payment_id: UUID,
    *,
    db: Database,
    clock: Clock,
    principal: Principal,
    payment_provider: PaymentProvider,
    payment_deliveries: Deliveries,
) -> CardPaymentAnswer:
    """Cancel a payment of this till. If the money came first, the payment is captured, and the till books its sale.

    While the provider does not answer, or a card is being charged, the payment waits: it is cancelled by a job.
    """
    answer = await _answer(db, payment_id, principal)
    if answer.state is not rules.CardPaymentState.WAITING:
        return answer
    async with db.connection() as conn:
        stored = await payments.payment(conn, payment_id)
    ref = None if stored is None else stored.provider_ref
    await _cancel(payment_provider, payment_deliveries, Reference(payment_id, ref, amount_cents=answer.amount_cents))
    async with db.transaction() as conn:
        await payments.abandon(conn, [payment_id], clock.now())
    return await _answer(db, payment_id, principal)


async def _cancel(provider: PaymentProvider, deliveries: Deliveries, reference: Reference) -> None:
    """Cancel a payment at the provider and settle what became of it; a job does so if the provider does not answer."""
    try:
        outcomes = await provider.cancel([reference])
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), payments=1)
        return
    await deliveries.settle(outcomes)


@post("/card-payments/{payment_id:uuid}/return", status_code=200, guards=[AT_TILL])
async def return_card_payment(payment_id: UUID, db: Database, clock: Clock, principal: Principal) -> CardPaymentAnswer:
    """Return a payment of this till to the card, because there is no sale: also money that comes later. Idempotent."""
    granted(await db.transact(acts.give_back, payment_id, _till(principal), clock.now()))
    return await _answer(db, payment_id, principal)


@post("/card-payments/none", status_code=204, guards=[AT_TILL])
async def have_no_card_payment(db: Database, clock: Clock, principal: Principal) -> None:
    """Accept a till's report that it has no unsent sale and no open card payment.

    Its captured payments without a record that are older than five minutes are refunded.
    """
    now = clock.now()
    async with db.transaction() as conn:
        await acts.return_unbooked(conn, _till(principal), now - rules.SETTLES_WITHIN, now)


@get("/card-readers", guards=[AT_TILL])
async def list_till_card_readers(
    db: Database, principal: Principal, payment_provider: PaymentProvider
) -> list[CardReaderLine]:
    """Return the readers at the outlets of this till."""
    outlets = [str(grant.scope_id) for grant in principal.grants if grant.role == "till" and grant.scope == "outlet"]
    async with db.connection() as conn:
        found = await reads.readers(conn, outlets)
    return await _lines(db, payment_provider, found)


@put("/card-reader", status_code=204, guards=[AT_TILL])
async def choose_card_reader(data: ChosenReader, db: Database, clock: Clock, principal: Principal) -> None:
    """Let this till take a reader of its outlets, or none. Another till that had it is left without."""
    till_id = _till(principal)
    if data.reader_id is None:
        async with db.connection() as conn:
            reader = await reads.reader_of_till(conn, till_id)
        if reader is not None:
            granted(await db.transact(acts.assign, reader.id, None, till_id, clock.now()))
        return
    granted(await db.transact(acts.assign, data.reader_id, till_id, till_id, clock.now()))


@get("/card-readers", guards=[staff(*LEADERS)])
async def list_card_readers(
    db: Database, principal: Principal, payment_provider: PaymentProvider
) -> list[CardReaderLine]:
    """Return the readers at the outlets of the caller's finance role, with their states at the provider."""
    async with db.connection() as conn:
        found = await reads.readers(conn, outlets_of(principal, LEADERS))
    return await _lines(db, payment_provider, found)


@get("/card-readers/locations", guards=[staff(*LEADERS)])
async def list_card_reader_locations(
    db: Database, principal: Principal, payment_provider: PaymentProvider
) -> list[ReaderLocation]:
    """Return the provider's locations at which readers can be registered, at the venues of the caller's role.

    In a deployment with one venue, a location without a venue belongs to it.
    """
    return await _locations(db, payment_provider, outlets_of(principal, LEADERS))


@get("/card-readers/unbooked", guards=[staff(*LEADERS)])
async def list_unbooked_card_payments(db: Database, clock: Clock, principal: Principal) -> list[UnbookedCardPayment]:
    """Return payments captured over five minutes ago without a sale or top-up, the oldest first; at most 200."""
    async with db.connection() as conn:
        return await reads.unbooked(conn, outlets_of(principal, LEADERS), clock.now())


@post("/card-readers", status_code=200, guards=[staff(*LEADERS)])
async def register_card_reader(
    data: NewCardReader, *, db: Database, clock: Clock, principal: Principal, payment_provider: PaymentProvider
) -> CardReaderLine:
    """Register a reader at the provider, by the code that it shows. Idempotent by its id.

    The registration is stored first: if the answer is lost, a job completes it. A new try after a refusal has a new id.
    """
    at_outlets(principal, LEADERS, [data.outlet])
    who = require_fan(principal)
    mine = await _locations(db, payment_provider, outlets_of(principal, LEADERS))
    if data.location_id not in {location.id for location in mine}:
        raise Problem(ReaderRefusal.LOCATION_UNKNOWN)
    async with db.connection() as conn:
        reader = await store.reader(conn, data.id)
    if reader is None:
        new = Registration(data.id, data.code, data.label, data.outlet, data.location_id, clock.now(), who)
        begun = granted(await db.transact(acts.begin_registration, new))
        try:
            reader = granted(await registering.register_at_provider(db, clock, payment_provider, begun))
        except Unreachable as failure:
            raise Problem(PaymentRefusal.PROVIDER_UNAVAILABLE) from failure
    elif reader.outlet != data.outlet:
        raise Problem(CardReaderRefusal.ID_TAKEN)
    (line,) = await _lines(db, payment_provider, [reader])
    return line


@put("/card-readers/{reader_id:uuid}/till", status_code=204, guards=[staff(*LEADERS)])
async def put_card_reader_till(
    reader_id: UUID, data: ReaderTill, db: Database, clock: Clock, principal: Principal
) -> None:
    """Let a reader take the payments of a till of its outlet, or of none. Idempotent."""
    await _mine(db, reader_id, principal)
    granted(await db.transact(acts.assign, reader_id, data.till_id, require_fan(principal), clock.now()))


@delete("/card-readers/{reader_id:uuid}", status_code=204, guards=[staff(*LEADERS)])
async def remove_card_reader(
    reader_id: UUID, *, db: Database, clock: Clock, principal: Principal, payment_provider: PaymentProvider
) -> None:
    """Remove a reader here and at the provider, by a job if that does not answer. Its payments stay."""
    await _mine(db, reader_id, principal)
    reader = granted(await db.transact(acts.remove, reader_id, require_fan(principal), clock.now()))
    await registering.remove_at_provider(db, clock, payment_provider, [reader])


def _till(principal: Principal) -> UUID:
    if principal.id is None:
        raise Problem("unauthenticated")
    return principal.id


async def _answer(db: Database, payment_id: UUID, principal: Principal) -> CardPaymentAnswer:
    async with db.connection() as conn:
        answer = await reads.answer_of(conn, payment_id, _till(principal))
    if answer is None:
        raise Problem("not_found")
    return answer


async def _locations(db: Database, provider: PaymentProvider, outlets: Sequence[str] | None) -> list[ReaderLocation]:
    """Return the provider's locations at the venues of some outlets (None: all)."""
    try:
        locations = await provider.readers.locations()
    except Unreachable as failure:
        raise Problem(PaymentRefusal.PROVIDER_UNAVAILABLE) from failure
    async with db.connection() as conn:
        venues = await venue.venues(conn)
    mine = {owner.code for code in outlets or () if (owner := owner_of(venues, code)) is not None}
    only = venues[0].code if len(venues) == 1 else None
    return [location for location in locations if outlets is None or (location.venue or only) in mine]


async def _mine(db: Database, reader_id: UUID, principal: Principal) -> None:
    """Raise `not_found` for an unknown reader, `forbidden` for one of an outlet of others."""
    async with db.connection() as conn:
        reader = await store.reader(conn, reader_id)
    if reader is None:
        raise Problem(CardReaderRefusal.NOT_FOUND)
    at_outlets(principal, LEADERS, [reader.outlet])


async def _lines(db: Database, provider: PaymentProvider, found: Sequence[Reader]) -> list[CardReaderLine]:
    try:
        states = await provider.readers.states([reader.provider_ref for reader in found]) if found else []
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), readers=len(found))
        states = None
    async with db.connection() as conn:
        return await reads.lines(conn, found, states)


routers = [
    mount(
        "/api/till",
        [
            request_card_payment,
            have_no_card_payment,
            get_card_payment,
            cancel_card_payment,
            return_card_payment,
            list_till_card_readers,
            choose_card_reader,
        ],
    ),
    mount(
        "/api/office",
        [
            list_card_readers,
            list_card_reader_locations,
            list_unbooked_card_payments,
            register_card_reader,
            put_card_reader_till,
            remove_card_reader,
        ],
    ),
]
