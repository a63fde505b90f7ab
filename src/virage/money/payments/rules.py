"""Rules of payments: states, refunds, retries; without database, provider or clock."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.money.payments.accounts.rules import Account, AccountReport, DirectCharge, charge_on
from virage.platform.values.refusals import Refused


class PaymentState(StrEnum):
    """State of a payment. From `captured` on it must become goods or be refunded."""

    CREATED = "created"
    PENDING = "pending"
    PROCESSING = "processing"  # the buyer authorised a debit, and the bank has not paid it yet
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REFUNDING = "refunding"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"


UNPAID_PAGE: Final = frozenset({PaymentState.CREATED, PaymentState.PENDING})
OPEN: Final = UNPAID_PAGE | {PaymentState.PROCESSING}
FAILED = frozenset({PaymentState.DECLINED, PaymentState.CANCELLED, PaymentState.EXPIRED})
PAID = frozenset({PaymentState.CAPTURED, PaymentState.REFUNDING, PaymentState.PARTLY_REFUNDED, PaymentState.REFUNDED})


class PaymentRefusal(StrEnum):
    """Why an act on a payment is refused, or why a payment failed."""

    NOT_FOUND = "not_found"
    AMOUNT_INVALID = "amount_invalid"
    PAYMENT_ID_TAKEN = "payment_id_taken"
    REFUND_ID_TAKEN = "refund_id_taken"
    NOT_CAPTURED = "not_captured"
    EXCEEDS_CAPTURE = "exceeds_capture"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_BUSY = "provider_busy"
    SIGNATURE_INVALID = "signature_invalid"
    DELIVERY_INVALID = "invalid"
    AMOUNT_MISMATCH = "amount_mismatch"
    METHOD_ID_TAKEN = "method_id_taken"
    REFUND_NOT_FAILED = "refund_not_failed"
    DISPUTE_CLOSED = "dispute_closed"
    EVIDENCE_LATE = "evidence_late"
    EVIDENCE_SENT = "evidence_sent"
    EVIDENCE_UNAVAILABLE = "evidence_unavailable"


AMOUNT_CENTS_MAX = 100_000_000
"""One million euros; a larger amount is an error."""


class Reference(Struct, frozen=True):
    """Identification of a payment or of a saved card at the provider. `account`: None is the operator's own.

    `amount_cents` is needed to cancel a payment at a card reader.
    """

    payment_id: UUID
    provider_ref: str | None = None
    account: str | None = None
    amount_cents: int | None = None


class PaymentIntent(Struct, frozen=True):
    """Payment intent; the client makes `payment_id`, which the provider receives unchanged.

    `purpose` names the domain whose handler receives the outcome, `subject` is that domain's id, such as an order.
    `allows_debit`: the buyer may choose a method whose money comes days later, such as SEPA debit. `card` is a saved
    card that the page offers; the buyer who pays with it there agrees that it is charged off-session. `organiser_id`
    is who sells, None for the operator; `direct` is how the payment is charged on that organiser's account.
    """

    payment_id: UUID
    purpose: str
    subject: UUID
    amount_cents: int
    return_url: str
    expires_at: datetime
    allows_debit: bool = False
    card: Reference | None = None
    organiser_id: UUID | None = None
    direct: DirectCharge | None = None


class Payment(Struct, frozen=True):
    """Stored payment. `refund_cents` are all requested refunds, sent or not.

    `account` is the organiser's account that takes the money, None for the operator's; `fee_cents` is the
    application fee, which a refund gives back in part if `returns_fee`.
    """

    id: UUID
    purpose: str
    subject: UUID
    amount_cents: int
    state: PaymentState
    created_at: datetime
    expires_at: datetime
    captured_cents: int | None = None
    refund_cents: int = 0
    reason: str | None = None
    payment_url: str | None = None
    provider_ref: str | None = None
    settled_at: datetime | None = None
    account: str | None = None
    fee_cents: int = 0
    returns_fee: bool = False


class HostedPage(Struct, frozen=True):
    """Hosted page of a payment. `provider_ref` is the provider's id, if different from ours."""

    payment_id: UUID
    payment_url: str
    provider_ref: str | None = None


class Outcome(Struct, frozen=True):
    """State of a payment at the provider, or of a saved card, whose amount is zero.

    `event_id` is the webhook event, None for a lookup. `label` is the displayable label of a saved card.
    `provider_ref` is the provider's id for refunds and charges, if it is not the one of the page. `is_foreign`: the
    amount is in another currency than the deployment's. `account` is where the state was read, and `page_ref` the
    provider's id of the page that it is the state of. `card_ref` is the provider's id of the card that paid, the same
    one for each payment with that card; only a lookup of a captured payment has it, and only by a card.
    """

    payment_id: UUID
    state: PaymentState
    amount_cents: int
    reason: str | None = None
    event_id: str | None = None
    label: str | None = None
    provider_ref: str | None = None
    is_foreign: bool = False
    account: str | None = None
    page_ref: str | None = None
    card_ref: str | None = None


class Captured(Struct, frozen=True):
    """Captured payment. It may have been abandoned before, so the goods may be gone."""

    payment_id: UUID
    subject: UUID
    amount_cents: int


class Processing(Struct, frozen=True):
    """Payment by a debit that the buyer authorised; the bank pays or refuses it days later."""

    payment_id: UUID
    subject: UUID


class Failed(Struct, frozen=True):
    """Failed payment: declined, cancelled, expired, or captured with a wrong amount and refunded."""

    payment_id: UUID
    subject: UUID
    state: PaymentState
    reason: str | None = None


class Unpaid(Struct, frozen=True):
    """Payment that is not captured, with the data to decide on its outcome."""

    id: UUID
    purpose: str
    subject: UUID
    amount_cents: int
    state: PaymentState
    account: str | None = None
    provider_ref: str | None = None


class Settlement(Struct, frozen=True):
    """State change of a payment caused by an outcome."""

    payment: Unpaid
    outcome: Outcome

    @property
    def captured(self) -> bool:
        """Whether money was captured, of any amount."""
        return self.outcome.state is PaymentState.CAPTURED

    @property
    def processing(self) -> bool:
        """Whether the bank pays or refuses later."""
        return self.outcome.state is PaymentState.PROCESSING

    @property
    def mismatch(self) -> bool:
        """Whether a wrong amount or another currency was captured; it is refunded in full."""
        wrong = self.outcome.amount_cents != self.payment.amount_cents
        return self.captured and (wrong or self.outcome.is_foreign)


class RefundRequest(Struct, frozen=True):
    """Refund request; the caller makes `refund_id`, the idempotency key."""

    refund_id: UUID
    payment_id: UUID
    amount_cents: int


class RefundState(StrEnum):
    """What the provider says about a refund."""

    LATER = "later"  # not executed; it is asked for again
    SENT = "sent"  # accepted, and on its way to the bank
    DONE = "done"
    FAILED = "failed"  # the bank does not take it, also after it was done: a person decides


class PaidBy(StrEnum):
    """How a refund was paid. `wallet`: as proceeds of sold tickets, which the provider was not asked to pay."""

    PROVIDER = "provider"
    BANK_TRANSFER = "bank_transfer"
    CASH = "cash"
    WALLET = "wallet"


class PaidOtherwise(Struct, frozen=True):
    """How a failed refund was paid instead, with the reference of that payment."""

    paid_by: PaidBy
    reference: str


class Refund(Struct, frozen=True):
    """Stored refund: due, sent (`sent_at`), done (`done_at`), or failed (`failed_at`).

    `provider_ref` is the provider's id. A failed refund is sent again, or paid another way: `decided_by` a person, with
    a `paid_reference` such as that of the bank transfer. `assignee_id` is the person who works on it.
    """

    id: UUID
    payment_id: UUID
    amount_cents: int
    attempts: int
    due_at: datetime
    created_at: datetime
    done_at: datetime | None = None
    reason: str | None = None
    provider_ref: str | None = None
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    paid_by: PaidBy = PaidBy.PROVIDER
    paid_reference: str | None = None
    decided_by: UUID | None = None
    assignee_id: UUID | None = None


class DueRefund(Struct, frozen=True):
    """Refund to be sent or, if `refund_ref` names it at the provider, to be looked up.

    `attempts` counts the answers so far. `created_at`: None if it is not known whether an earlier call had no answer.
    `returns_fee`: the application fee is given back by the part that is refunded.
    """

    id: UUID
    payment_id: UUID
    amount_cents: int
    attempts: int
    provider_ref: str | None = None
    refund_ref: str | None = None
    account: str | None = None
    returns_fee: bool = False
    created_at: datetime | None = None


class RefundAnswer(Struct, frozen=True):
    """Provider's answer to a refund, with the reason why it is not done, and the provider's id.

    `account` is where it was read. `is_event`: an event named the refund.
    """

    refund_id: UUID
    state: RefundState
    reason: str | None = None
    provider_ref: str | None = None
    account: str | None = None
    is_event: bool = False


def is_of_refund(answer: RefundAnswer, refund: Refund, account: str | None) -> bool:
    """Return whether an answer is about a refund of a payment on an account (None: the operator's own).

    An organiser can make refunds on its account that name ours: an event counts only for the one that was sent.
    """
    if answer.account != account:
        return False
    return account is None or not answer.is_event or answer.provider_ref == refund.provider_ref


def may_fail(refund: Refund, answer: RefundAnswer) -> bool:
    """Return whether a failure is news: about the present try of a refund, not about one that a person sent again."""
    if answer.provider_ref is None or refund.provider_ref is None:
        return refund.done_at is None
    has_begun = refund.sent_at is not None or refund.done_at is not None
    return (answer.provider_ref == refund.provider_ref) is has_begun


class DisputeState(StrEnum):
    """State of a dispute. `won`: the operator keeps the money; `lost`: the buyer has it."""

    NEEDS_RESPONSE = "needs_response"
    UNDER_REVIEW = "under_review"
    WON = "won"
    LOST = "lost"


CLOSED: Final = frozenset({DisputeState.WON, DisputeState.LOST})


class DisputeFacts(Struct, frozen=True):
    """Dispute of a payment.

    `is_inquiry`: the bank only asks, and no money has moved. `reason` is the provider's code. The evidence must arrive
    before `due_at`.
    """

    payment_id: UUID
    provider_ref: str
    amount_cents: int
    reason: str
    state: DisputeState
    is_inquiry: bool
    opened_at: datetime
    due_at: datetime | None = None


class DisputeNotice(DisputeFacts, frozen=True, kw_only=True):
    """Dispute as the provider reports it; `account` is where it was read."""

    account: str | None = None


class Dispute(DisputeFacts, frozen=True, kw_only=True):
    """Stored dispute. `assignee_id` is the person who works on it."""

    id: UUID
    closed_at: datetime | None = None
    assignee_id: UUID | None = None


class DisputeChange(Struct, frozen=True):
    """Dispute that has opened or closed; `subject` is what its payment was for, in the domain of `purpose`."""

    dispute: Dispute
    purpose: str
    subject: UUID


News = Outcome | RefundAnswer | DisputeNotice | AccountReport
"""What a webhook delivery brings."""


def update_dispute(known: Dispute | None, notice: DisputeNotice, id_: UUID, now: datetime) -> Dispute | None:
    """Return the dispute after a notice; None if nothing changes.

    A closed dispute stays closed, and one that was more than an inquiry stays so.
    """
    closed_at = now if notice.state in CLOSED else None
    facts = {name: getattr(notice, name) for name in DisputeFacts.__struct_fields__}
    if known is None:
        return Dispute(id=id_, closed_at=closed_at, **facts)
    if known.state in CLOSED:
        return None
    changed = Dispute(id=known.id, closed_at=closed_at, assignee_id=known.assignee_id, **facts)
    changed = replace(changed, is_inquiry=known.is_inquiry and notice.is_inquiry)
    return None if changed == known else changed


def has_opened(before: Dispute | None, after: Dispute) -> bool:
    """Return whether money is disputed now that was not before: an inquiry becomes a dispute, or one begins.

    A dispute of a debit is lost as soon as it is reported: banks return a debit of the last 8 weeks unasked.
    """
    return not after.is_inquiry and after.state is not DisputeState.WON and (before is None or before.is_inquiry)


class Assignment(Struct, frozen=True, forbid_unknown_fields=True):
    """Assign a case to the signed-in person, or release it."""

    mine: bool


class EvidenceFields(Struct, frozen=True):
    """The fields of evidence that providers have beside the document; None for what is not recorded.

    `service_on` is the day of what was bought, `access_log` the buyer's sign-ins, one a line.
    """

    summary: str
    customer_name: str | None = None
    customer_email: str | None = None
    service_on: date | None = None
    access_log: str | None = None


class Evidence(Struct, frozen=True):
    """Evidence of a dispute: the document, and the fields of the provider's form. The client makes `id`."""

    id: UUID
    pdf: bytes
    fields: EvidenceFields


class DueEvidence(Evidence, frozen=True, kw_only=True):
    """Evidence to be sent. `dispute_ref` is the provider's id of the dispute."""

    dispute_id: UUID
    payment_id: UUID
    dispute_ref: str
    attempts: int
    account: str | None = None


class EvidenceState(StrEnum):
    """State of evidence."""

    WAITING = "waiting"  # stored, and on its way to the provider
    SENT = "sent"
    FAILED = "failed"  # the provider does not take it: a person may send it again


class EvidenceAnswer(Struct, frozen=True):
    """Provider's answer to evidence, with the reason why it is not sent; `waiting`: it is to be sent again."""

    state: EvidenceState
    reason: str | None = None


class SentEvidence(Struct, frozen=True):
    """Stored evidence without its content. `reason` says why it failed, or why it waits."""

    id: UUID
    dispute_id: UUID
    requested_at: datetime
    requested_by: UUID
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    reason: str | None = None

    @property
    def state(self) -> EvidenceState:
        """The state of the evidence."""
        if self.sent_at is not None:
            return EvidenceState.SENT
        return EvidenceState.WAITING if self.failed_at is None else EvidenceState.FAILED


def check_evidence(dispute: Dispute, now: datetime) -> Refused | None:
    """Return why a dispute takes no evidence: it is decided, it has evidence, or it is too late."""
    if dispute.state in CLOSED:
        return Refused(PaymentRefusal.DISPUTE_CLOSED, {"state": dispute.state.value})
    if dispute.state is DisputeState.UNDER_REVIEW:
        return Refused(PaymentRefusal.EVIDENCE_SENT)
    if dispute.due_at is not None and dispute.due_at <= now:
        return Refused(PaymentRefusal.EVIDENCE_LATE)
    return None


class FailedRefund(Struct, frozen=True):
    """Refund that the bank does not take; `subject` is what its payment was for."""

    id: UUID
    payment_id: UUID
    subject: UUID
    amount_cents: int


class OpenPayment(Struct, frozen=True):
    """Open payment, to be reconciled."""

    id: UUID
    created_at: datetime
    expires_at: datetime
    amount_cents: int
    provider_ref: str | None = None
    account: str | None = None

    @property
    def reference(self) -> Reference:
        """Identification at the provider."""
        return Reference(self.id, self.provider_ref, self.account, self.amount_cents)


class SavedCardState(StrEnum):
    """State of a saved card."""

    OPEN = "open"  # page not completed
    SAVED = "saved"
    FAILED = "failed"
    FORGETTING = "forgetting"  # not confirmed by the provider yet
    FORGOTTEN = "forgotten"


class NewSavedCard(Struct, frozen=True):
    """Intent to save a card. The caller makes `method_id`; `subject` is its owner."""

    method_id: UUID
    subject: UUID
    return_url: str


class SavedCard(Struct, frozen=True):
    """Saved card as stored. `label` is what may be displayed, never the card number."""

    id: UUID
    subject: UUID
    state: SavedCardState
    label: str | None
    reason: str | None
    return_url: str
    page_url: str | None
    begun_at: datetime
    provider_ref: str | None = None


class Charge(Struct, frozen=True):
    """Off-session charge of a saved card; `provider_ref` is the provider's id of the card.

    `begun_at` is when its payment was created: a repeated charge may be older than the provider's memory of its id.
    """

    payment_id: UUID
    method_id: UUID
    amount_cents: int
    provider_ref: str | None = None
    begun_at: datetime | None = None


SAVED_CARD_PAGE_LIFETIME = timedelta(hours=1)


def settle_method(method: SavedCard, outcome: Outcome) -> SavedCard | None:
    """Return the saved card after an outcome; None if nothing changes."""
    if method.state is not SavedCardState.OPEN:
        return None
    if outcome.state is PaymentState.CAPTURED:
        ref = outcome.provider_ref or method.provider_ref
        return replace(method, state=SavedCardState.SAVED, label=outcome.label, page_url=None, provider_ref=ref)
    if outcome.state in FAILED:
        return replace(method, state=SavedCardState.FAILED, reason=outcome.reason or outcome.state.value, page_url=None)
    return None


def may_follow(before: PaymentState, after: PaymentState) -> bool:
    """Return whether a state may follow: a capture unless captured before, a failure only while open.

    A debit is processed only after its page: late news of it change nothing once it has failed.
    """
    if before in PAID:
        return False
    if after is PaymentState.CAPTURED:
        return True
    if after is PaymentState.PROCESSING:
        return before in UNPAID_PAGE
    return before in OPEN and after in FAILED


_WEIGHTS: Final = {PaymentState.PROCESSING: 0, PaymentState.CAPTURED: 2}
"""Which of several outcomes of a payment counts: the heaviest; failures weigh 1."""


def settle(payments: Mapping[UUID, Unpaid], outcomes: Iterable[Outcome]) -> list[Settlement]:
    """Return at most one step per payment, in their order: a capture if there is one, else the first failure.

    A debit that is processed is a step if nothing else is said of its payment. Unknown payments, repeated outcomes,
    steps backwards, captures of zero and outcomes of another account than the payment's are ignored. Of
    an organiser's account only the page counts that Virage opened: the organiser can make others that name the payment.
    """
    best: dict[UUID, Outcome] = {}
    for outcome in outcomes:
        payment = payments.get(outcome.payment_id)
        if payment is None or not may_follow(payment.state, outcome.state):
            continue
        if outcome.account != payment.account:
            continue
        if payment.account is not None and outcome.page_ref != payment.provider_ref:  # a page that its organiser made
            continue
        if outcome.state is PaymentState.CAPTURED and outcome.amount_cents <= 0:
            continue
        known = best.get(outcome.payment_id)
        if known is None or _WEIGHTS.get(outcome.state, 1) > _WEIGHTS.get(known.state, 1):
            best[outcome.payment_id] = outcome
    return [Settlement(payment, best[payment.id]) for payment in payments.values() if payment.id in best]


def begin(starts: Sequence[PaymentIntent], existing: Mapping[UUID, Payment]) -> list[Payment | Refused]:
    """Return one answer per intent: its payment, or a refusal if the id is in use for something else."""
    return [_begin_one(start, existing.get(start.payment_id)) for start in starts]


def new_payment(start: PaymentIntent, account: Account | None, now: datetime) -> Payment | Refused:
    """Return the payment of a new intent, on the account of who sells; refused while that may not charge."""
    ref, fee_cents, returns_fee = None, 0, False
    if account is not None:
        charge = charge_on(account, start.amount_cents)
        if isinstance(charge, Refused):
            return charge
        ref, fee_cents, returns_fee = charge
    return Payment(
        id=start.payment_id,
        purpose=start.purpose,
        subject=start.subject,
        amount_cents=start.amount_cents,
        state=PaymentState.CREATED,
        created_at=now,
        expires_at=start.expires_at,
        account=ref,
        fee_cents=fee_cents,
        returns_fee=returns_fee,
    )


def is_valid_intent(start: PaymentIntent) -> bool:
    """Return whether the amount is valid."""
    return 0 < start.amount_cents <= AMOUNT_CENTS_MAX


def _begin_one(start: PaymentIntent, payment: Payment | None) -> Payment | Refused:
    if not is_valid_intent(start) or payment is None:
        return Refused(PaymentRefusal.AMOUNT_INVALID)
    asked = (start.purpose, start.subject, start.amount_cents)
    if asked != (payment.purpose, payment.subject, payment.amount_cents):
        return Refused(PaymentRefusal.PAYMENT_ID_TAKEN)
    return payment


def refund(
    requests: Sequence[RefundRequest], payments: Mapping[UUID, Payment], existing: Mapping[UUID, RefundRequest]
) -> list[RefundRequest | Refused]:
    """Return one answer per request, in order: accepted, known already, or refused.

    Accepted refunds count against the capture, so requests of one batch never exceed it together.
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
        return request if known == request else Refused(PaymentRefusal.REFUND_ID_TAKEN)
    if request.amount_cents <= 0:
        return Refused(PaymentRefusal.AMOUNT_INVALID)
    if payment is None:
        return Refused(PaymentRefusal.NOT_FOUND)
    if payment.captured_cents is None:
        return Refused(PaymentRefusal.NOT_CAPTURED)
    left = payment.captured_cents - taken[payment.id]
    if request.amount_cents > left:
        return Refused(PaymentRefusal.EXCEEDS_CAPTURE, {"left_cents": left})
    return request


class CallLane(StrEnum):
    """Who waits for a call to the provider. Each lane has its share of the account's rate."""

    FAN = "fan"  # a person, for a page or for tickets
    JOB = "job"


CALL_SHARES: Final[Mapping[CallLane, float]] = {CallLane.FAN: 0.8, CallLane.JOB: 0.2}
CALLS_BOOKED_MAX: Final = timedelta(minutes=1)
"""A lane that is booked further ahead was booked by a clock that ran ahead, and counts as free."""


class CallRequest(Struct, frozen=True):
    """Call to the provider, which waits for at most `patience`."""

    lane: CallLane
    patience: timedelta


def book_calls(
    free_at: Mapping[CallLane, datetime], calls: Iterable[CallRequest], now: datetime, calls_per_s: int
) -> tuple[dict[CallLane, datetime], list[timedelta]]:
    """Return when each lane is free after these calls, and how long each call waits, in order.

    The calls of a lane are evenly spaced. A call takes the moment of the other lane if only that one is free now. A
    call whose wait is longer than its patience is not booked.
    """
    lanes = {lane: at if at - now <= CALLS_BOOKED_MAX else now for lane, at in free_at.items()}
    waits = []
    for call in calls:
        lane = min(lanes, key=lambda one: (lanes[one] > now, one is not call.lane))
        at = max(lanes[lane], now)
        if at - now <= call.patience:
            lanes[lane] = at + timedelta(seconds=1 / (calls_per_s * CALL_SHARES[lane]))
        waits.append(at - now)
    return lanes, waits


DEBIT_ASKED_EVERY: Final = timedelta(hours=1)
"""How often the provider is asked about a debit; its webhook usually comes first."""
DEBIT_ENDS_WITHIN: Final = timedelta(days=30)
"""A bank pays or refuses a debit within 14 business days; one without an end after this time is overdue."""

REFUND_DELAY_MIN = timedelta(seconds=5)
REFUND_DELAY_MAX = timedelta(hours=1)
REFUND_DOUBLINGS_MAX = 16


def refund_due(attempts: int, now: datetime) -> datetime:
    """Return when to retry a refund or evidence: 5 s, doubled per attempt, at most an hour; attempts have no limit."""
    doublings = min(max(attempts - 1, 0), REFUND_DOUBLINGS_MAX)
    return now + min(REFUND_DELAY_MIN * (1 << doublings), REFUND_DELAY_MAX)


def split_by_expiry(payments: Iterable[OpenPayment], now: datetime) -> tuple[list[Reference], list[Reference]]:
    """Return the open payments to look up, and the expired ones to cancel."""
    look_up: list[Reference] = []
    cancel: list[Reference] = []
    for payment in payments:
        (cancel if payment.expires_at <= now else look_up).append(payment.reference)
    return look_up, cancel
