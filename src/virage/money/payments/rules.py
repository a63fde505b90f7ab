"""What may happen to a payment, decided without a database, a provider or a clock."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.platform.values.refusals import Refused


class State(StrEnum):
    """Where a payment stands. Money has come from `captured` on, and has to become goods or go back."""

    CREATED = "created"
    PENDING = "pending"
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDING = "refunding"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


OPEN = frozenset({State.CREATED, State.PENDING})
FAILED = frozenset({State.DECLINED, State.CANCELLED, State.EXPIRED})
PAID = frozenset({State.CAPTURED, State.REFUNDING, State.PARTLY_REFUNDED, State.REFUNDED})


class Reason(StrEnum):
    """Why an act on a payment is refused, or why a payment failed."""

    NOT_FOUND = "not_found"
    AMOUNT_INVALID = "amount_invalid"
    PAYMENT_ID_TAKEN = "payment_id_taken"
    REFUND_ID_TAKEN = "refund_id_taken"
    NOT_CAPTURED = "not_captured"
    EXCEEDS_CAPTURE = "exceeds_capture"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    SIGNATURE_INVALID = "signature_invalid"
    DELIVERY_INVALID = "invalid"
    AMOUNT_MISMATCH = "amount_mismatch"
    METHOD_ID_TAKEN = "method_id_taken"


AMOUNT_CENTS_MAX = 100_000_000
"""A million euros: above it stands a mistake, not a basket."""


class Start(Struct, frozen=True):
    """One payment that a buyer wants to make; the buyer's side makes `payment_id`. The provider gets it as it is.

    `purpose` names the domain whose handler gets the money's news, `subject` is that domain's own id (an order).
    """

    payment_id: UUID
    purpose: str
    subject: UUID
    amount_cents: int
    return_url: str
    expires_at: datetime


class Payment(Struct, frozen=True):
    """One payment as it is stored. `refund_cents` is all that was asked back, sent or not."""

    id: UUID
    purpose: str
    subject: UUID
    amount_cents: int
    state: State
    created_at: datetime
    expires_at: datetime
    captured_cents: int | None = None
    refund_cents: int = 0
    reason: str | None = None
    payment_url: str | None = None
    provider_ref: str | None = None
    settled_at: datetime | None = None


class Opened(Struct, frozen=True):
    """The provider's hosted page for a payment. `provider_ref` is its own id, where it is not ours."""

    payment_id: UUID
    payment_url: str
    provider_ref: str | None = None


class Outcome(Struct, frozen=True):
    """What the provider says about a payment, or about a method, whose amount is zero.

    `event_id` is its event, None where we asked ourselves. `label` is what may be shown of a card that is kept.
    """

    payment_id: UUID
    state: State
    amount_cents: int
    reason: str | None = None
    event_id: str | None = None
    label: str | None = None


class Captured(Struct, frozen=True):
    """Money that has come; it may have come after the payment was given up, so the goods may be gone."""

    payment_id: UUID
    subject: UUID
    amount_cents: int


class Failed(Struct, frozen=True):
    """A payment that brings nothing: declined, cancelled, expired, or captured with a wrong amount and sent back."""

    payment_id: UUID
    subject: UUID
    state: State
    reason: str | None = None


class Unpaid(Struct, frozen=True):
    """A payment whose money has not come: what a decision about its news needs."""

    id: UUID
    purpose: str
    subject: UUID
    amount_cents: int
    state: State


class Settlement(Struct, frozen=True):
    """The step of one payment that an outcome causes."""

    payment: Unpaid
    outcome: Outcome

    @property
    def captured(self) -> bool:
        """Whether money has come, right or wrong."""
        return self.outcome.state is State.CAPTURED

    @property
    def mismatch(self) -> bool:
        """Whether the wrong amount was captured: it goes back whole, and buys nothing."""
        return self.captured and self.outcome.amount_cents != self.payment.amount_cents


class RefundRequest(Struct, frozen=True):
    """Money to send back; whoever asks makes `refund_id`. The same request again is the same refund."""

    refund_id: UUID
    payment_id: UUID
    amount_cents: int


class Refund(Struct, frozen=True):
    """One refund as it is stored. `done_at` None: the provider has not confirmed it yet."""

    id: UUID
    payment_id: UUID
    amount_cents: int
    attempts: int
    due_at: datetime
    created_at: datetime
    done_at: datetime | None = None
    reason: str | None = None


class DueRefund(Struct, frozen=True):
    """A refund to send now."""

    id: UUID
    payment_id: UUID
    amount_cents: int
    attempts: int
    provider_ref: str | None = None


class RefundAnswer(Struct, frozen=True):
    """What the provider says about one refund: done, or why not yet."""

    refund_id: UUID
    done: bool
    reason: str | None = None


class Reference(Struct, frozen=True):
    """A payment as the provider finds it."""

    payment_id: UUID
    provider_ref: str | None = None


class OpenPayment(Struct, frozen=True):
    """A payment whose end we do not know yet."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    provider_ref: str | None = None


class MethodState(StrEnum):
    """Where a means of payment stands that the provider keeps."""

    OPEN = "open"  # its page is open, or was never opened
    SAVED = "saved"
    FAILED = "failed"
    FORGETTING = "forgetting"  # the provider has not said yet that it is gone
    FORGOTTEN = "forgotten"


class NewMethod(Struct, frozen=True):
    """A card that the provider shall keep at its page. Whoever asks makes `method_id`; `subject` is whose it is."""

    method_id: UUID
    subject: UUID
    return_url: str


class Method(Struct, frozen=True):
    """A means of payment as it is stored. `label` is what the provider lets us show of it, never a number."""

    id: UUID
    subject: UUID
    state: MethodState
    label: str | None
    reason: str | None
    return_url: str
    page_url: str | None
    begun_at: datetime


class Charge(Struct, frozen=True):
    """A payment out of a means that the provider keeps, without the buyer."""

    payment_id: UUID
    method_id: UUID
    amount_cents: int


METHOD_PAGE_LIVES = timedelta(hours=1)


def settle_method(method: Method, outcome: Outcome) -> Method | None:
    """The method after news, None where it says nothing new: what has ended stays as it is."""
    if method.state is not MethodState.OPEN:
        return None
    if outcome.state is State.CAPTURED:
        return replace(method, state=MethodState.SAVED, label=outcome.label, page_url=None)
    if outcome.state in FAILED:
        return replace(method, state=MethodState.FAILED, reason=outcome.reason or outcome.state.value, page_url=None)
    return None


def may_become(before: State, after: State) -> bool:
    """Whether news moves a payment forward: money is always news until it has come once, an end only while open."""
    if before in PAID:
        return False
    if after is State.CAPTURED:
        return True
    return before in OPEN and after in FAILED


def settle(payments: Mapping[UUID, Unpaid], outcomes: Iterable[Outcome]) -> list[Settlement]:
    """One step at most for each payment, in the payments' order: the capture where there is one, else the first end.

    What we do not know, what was said before, what would lead back and a capture of nothing cause no step.
    """
    best: dict[UUID, Outcome] = {}
    for outcome in outcomes:
        payment = payments.get(outcome.payment_id)
        if payment is None or not may_become(payment.state, outcome.state):
            continue
        if outcome.state is State.CAPTURED and outcome.amount_cents <= 0:
            continue
        known = best.get(outcome.payment_id)
        if known is None or (outcome.state is State.CAPTURED and known.state is not State.CAPTURED):
            best[outcome.payment_id] = outcome
    return [Settlement(payment, best[payment.id]) for payment in payments.values() if payment.id in best]


def begin(starts: Sequence[Start], existing: Mapping[UUID, Payment]) -> list[Payment | Refused]:
    """One answer a start: the payment that its id means, unless that id already means something else."""
    return [_begin_one(start, existing.get(start.payment_id)) for start in starts]


def begun(start: Start, now: datetime) -> Payment:
    """The payment as it stands once it is stored."""
    return Payment(
        id=start.payment_id,
        purpose=start.purpose,
        subject=start.subject,
        amount_cents=start.amount_cents,
        state=State.CREATED,
        created_at=now,
        expires_at=start.expires_at,
    )


def startable(start: Start) -> bool:
    """Whether the amount can be paid at all."""
    return 0 < start.amount_cents <= AMOUNT_CENTS_MAX


def _begin_one(start: Start, payment: Payment | None) -> Payment | Refused:
    if not startable(start) or payment is None:
        return Refused(Reason.AMOUNT_INVALID)
    asked = (start.purpose, start.subject, start.amount_cents)
    if asked != (payment.purpose, payment.subject, payment.amount_cents):
        return Refused(Reason.PAYMENT_ID_TAKEN)
    return payment


def refund(
    requests: Sequence[RefundRequest], payments: Mapping[UUID, Payment], existing: Mapping[UUID, RefundRequest]
) -> list[RefundRequest | Refused]:
    """One answer a request, in order: accepted, the one we know already, or refused.

    What has been accepted before counts against the capture, so many requests together never exceed it.
    """
    taken = {payment.id: payment.refund_cents for payment in payments.values()}
    known = dict(existing)
    answers: list[RefundRequest | Refused] = []
    for request in requests:
        answer = _refund_one(request, payments.get(request.payment_id), taken, known.get(request.refund_id))
        if isinstance(answer, RefundRequest) and request.refund_id not in known:
            known[request.refund_id] = request
            taken[request.payment_id] += request.amount_cents
        answers.append(answer)
    return answers


def _refund_one(
    request: RefundRequest, payment: Payment | None, taken: Mapping[UUID, int], known: RefundRequest | None
) -> RefundRequest | Refused:
    if known is not None:
        return request if known == request else Refused(Reason.REFUND_ID_TAKEN)
    if request.amount_cents <= 0:
        return Refused(Reason.AMOUNT_INVALID)
    if payment is None:
        return Refused(Reason.NOT_FOUND)
    if payment.captured_cents is None:
        return Refused(Reason.NOT_CAPTURED)
    left = payment.captured_cents - taken[payment.id]
    if request.amount_cents > left:
        return Refused(Reason.EXCEEDS_CAPTURE, {"left_cents": left})
    return request


REFUND_DELAY_MIN = timedelta(seconds=5)
REFUND_DELAY_MAX = timedelta(hours=1)
REFUND_DOUBLINGS_MAX = 16


def refund_due(attempts: int, now: datetime) -> datetime:
    """When to try a refund again after so many attempts: 5 s, doubled each time, at most an hour, never given up."""
    doublings = min(max(attempts - 1, 0), REFUND_DOUBLINGS_MAX)
    return now + min(REFUND_DELAY_MIN * (1 << doublings), REFUND_DELAY_MAX)


def split_by_expiry(payments: Iterable[OpenPayment], now: datetime) -> tuple[list[Reference], list[Reference]]:
    """What to ask the provider about open payments: those to look up, and those to cancel since their time is over."""
    look_up: list[Reference] = []
    cancel: list[Reference] = []
    for payment in payments:
        (cancel if payment.expires_at <= now else look_up).append(Reference(payment.id, payment.provider_ref))
    return look_up, cancel
