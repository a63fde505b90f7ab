"""Acts on payments, in batches, in the caller's transaction. No act calls the provider."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.money.payments import methods, rules, store
from virage.money.payments.accounts import store as account_store
from virage.money.payments.accounts.rules import Account
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import (
    CLOSED,
    Captured,
    Dispute,
    DisputeChange,
    DisputeNotice,
    DisputeState,
    DueEvidence,
    Evidence,
    EvidenceAnswer,
    EvidenceState,
    Failed,
    FailedRefund,
    HostedPage,
    Outcome,
    PaidOtherwise,
    Payment,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    Processing,
    Refund,
    RefundAnswer,
    RefundRequest,
    RefundState,
    Settlement,
)
from virage.platform.data import journal
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused


async def begin(conn: Connection, starts: Sequence[PaymentIntent], now: datetime) -> list[Payment | Refused]:
    """Store payment intents before the provider is called; one answer each, in order.

    A repeated payment id returns its payment (with its page, once there is one); with another amount or subject it is
    refused, and with `seller_not_ready` if the organiser's account may not charge. The journal fact is written by the
    caller, which knows what is being paid.
    """
    possible = [start for start in starts if rules.is_valid_intent(start)]
    if not possible:
        return rules.begin(starts, {})
    organisers = {start.organiser_id for start in possible if start.organiser_id is not None}
    known = await account_store.accounts_of(conn, sorted(organisers)) if organisers else {}
    accounts: dict[UUID | None, Account] = dict(known.items())
    made = [rules.new_payment(start, accounts.get(start.organiser_id), now) for start in possible]
    new = await store.insert_payments(conn, [one for one in made if isinstance(one, Payment)])
    payments = {one.id: one for one in made if isinstance(one, Payment) and one.id in new}
    if len(payments) < len(possible):  # stored before, twice in the batch, or refused: read them
        payments |= await store.payments(conn, [start.payment_id for start in possible])
    refused = {start.payment_id: one for start, one in zip(possible, made, strict=True) if isinstance(one, Refused)}
    answers = rules.begin(starts, payments)
    return [
        refused.get(start.payment_id, answer) if start.payment_id not in payments else answer
        for start, answer in zip(starts, answers, strict=True)
    ]


async def store_pages(conn: Connection, opened: Sequence[HostedPage]) -> None:
    """Store hosted pages; the payments become pending, unless a later outcome has arrived already."""
    if opened:
        await store.open_pages(conn, opened)


async def hand_over(conn: Connection, payment_id: UUID, ref: str, now: datetime, *, pending: bool) -> bool:
    """Store the reader that gets a payment and, once it waits for the card (`pending`), the payment there.

    `ref` is made by `readers.ref_of`. It is stored before the provider is called, so that a lost answer is looked up.
    Returns whether the payment may still be paid: it may have been cancelled meanwhile.
    """
    return await store.hand_over(conn, payment_id, ref, now, pending=pending)


async def abandon(conn: Connection, payment_ids: Sequence[UUID], now: datetime) -> None:
    """Abandon payments; the reconcile job cancels them at the provider. A debit under way cannot be cancelled.

    A capture before that is still passed to the handler of the purpose. Idempotent.
    """
    if payment_ids:
        abandoned = await store.abandon(conn, payment_ids, now)
        await journal.append(conn, [Fact("payment_given_up", None, payment_id, {}) for payment_id in abandoned], now)


async def extend_unopened(conn: Connection, payment_ids: Sequence[UUID], until: datetime) -> set[UUID]:
    """Let payments without a page end later; return which ones have none. Lock the payments before their subjects."""
    return await store.extend_unopened(conn, sorted(payment_ids), until)


async def settle(conn: Connection, outcomes: Sequence[Outcome], now: datetime, handlers: Handlers) -> list[Settlement]:
    """Apply provider outcomes and call the handler of each purpose, in this transaction; return the steps taken.

    Repeated, concurrent or out-of-order outcomes move each payment once. A wrong amount buys nothing and is refunded in
    full.
    """
    if not outcomes:
        return []
    steps = await _settle_payments(conn, outcomes, now, handlers)
    await methods.settle(conn, outcomes, now)  # last: a change of a wallet's card locks the wallet first
    return steps


async def _settle_payments(
    conn: Connection, outcomes: Sequence[Outcome], now: datetime, handlers: Handlers
) -> list[Settlement]:
    asked = sorted({outcome.payment_id for outcome in outcomes})
    steps = rules.settle(await store.lock_without_money(conn, asked), outcomes)
    if not steps:
        return []
    await store.settle_payments(conn, steps, now)
    await journal.append(conn, [_fact(step) for step in steps], now)
    wrong = [RefundRequest(new_id(), step.payment.id, step.outcome.amount_cents) for step in steps if step.mismatch]
    await request_refund(conn, wrong, now)
    await _tell(conn, steps, now, handlers)
    return steps


def _fact(step: Settlement) -> Fact:
    what = "payment_amount_mismatch" if step.mismatch else f"payment_{step.outcome.state}"
    return Fact(what, None, step.payment.id, {"subject": str(step.payment.subject), "cents": step.outcome.amount_cents})


async def _tell(conn: Connection, steps: Sequence[Settlement], now: datetime, handlers: Handlers) -> None:
    """Call the handlers. Failures come first, because a late capture may buy what they release."""
    captured: dict[str, list[Captured]] = defaultdict(list)
    processing: dict[str, list[Processing]] = defaultdict(list)
    failed: dict[str, list[Failed]] = defaultdict(list)
    for step in steps:
        payment, outcome = step.payment, step.outcome
        if step.mismatch:
            failed[payment.purpose].append(
                Failed(payment.id, payment.subject, outcome.state, PaymentRefusal.AMOUNT_MISMATCH)
            )
        elif step.captured:
            captured[payment.purpose].append(Captured(payment.id, payment.subject, outcome.amount_cents))
        elif outcome.state is PaymentState.PROCESSING:
            processing[payment.purpose].append(Processing(payment.id, payment.subject))
        else:
            failed[payment.purpose].append(Failed(payment.id, payment.subject, outcome.state, outcome.reason))
    for purpose in sorted(failed.keys() | processing.keys() | captured.keys()):  # in the global lock order
        handler = handlers.of(purpose)
        ended, waiting, came = failed[purpose], processing[purpose], captured[purpose]
        if sum(map(bool, (ended, waiting, came))) > 1:
            subjects = {one.subject for one in ended} | {one.subject for one in waiting} | {one.subject for one in came}
            await handler.lock(conn, sorted(subjects))
        if ended:
            await handler.failed(conn, ended, now)
        if waiting:
            await handler.processing(conn, waiting, now)
        if came:
            await handler.captured(conn, came, now)


async def request_refund(
    conn: Connection, requests: Sequence[RefundRequest], now: datetime
) -> list[RefundRequest | Refused]:
    """Request refunds, one answer each, in order; the refund job sends them. Idempotent by refund id.

    Refusals: not_found, not_captured, amount_invalid, exceeds_capture (data.left_cents), refund_id_taken.
    """
    if not requests:
        return []
    payments = await store.lock_payments(conn, sorted({request.payment_id for request in requests}))
    stored = await store.refunds(conn, [request.refund_id for request in requests])
    existing = {known.id: RefundRequest(known.id, known.payment_id, known.amount_cents) for known in stored.values()}
    answers = rules.refund(requests, payments, existing)
    new = {
        answer.refund_id: answer
        for answer in answers
        if isinstance(answer, RefundRequest) and answer.refund_id not in existing
    }
    if new:
        made = await store.insert_refunds(conn, list(new.values()), now)
        taken = new.keys() - made
        answers = [_unless_taken(answer, taken) for answer in answers]
        await journal.append(
            conn, [_refund_fact("refund_requested", new[refund_id]) for refund_id in sorted(made)], now
        )
    return answers


def _unless_taken(answer: RefundRequest | Refused, taken: set[UUID]) -> RefundRequest | Refused:
    if isinstance(answer, RefundRequest) and answer.refund_id in taken:
        return Refused(PaymentRefusal.REFUND_ID_TAKEN)
    return answer


def _refund_fact(what: str, refund: RefundRequest) -> Fact:
    return Fact(what, None, refund.payment_id, {"refund": str(refund.refund_id), "cents": refund.amount_cents})


async def record_refunds(conn: Connection, answers: Sequence[RefundAnswer], now: datetime, handlers: Handlers) -> None:
    """Store what the provider says about refunds. Failed ones wait for a person, and the buyer is told.

    Repeated and late answers change nothing, nor do answers that were read on another account than the payment's.
    """
    if not answers:
        return
    await store.lock_payments_of_refunds(conn, [answer.refund_id for answer in answers])
    refunds = await store.refunds(conn, [answer.refund_id for answer in answers])
    payments = await store.payments(conn, sorted({refund.payment_id for refund in refunds.values()}))
    answers = [
        answer
        for answer in answers
        if (refund := refunds.get(answer.refund_id)) is not None
        and rules.is_of_refund(answer, refund, payments[refund.payment_id].account)
    ]
    by_state: dict[RefundState, list[RefundAnswer]] = defaultdict(list)
    for answer in answers:
        by_state[answer.state].append(answer)
    if done := by_state[RefundState.DONE]:
        finished = await store.finish_refunds(conn, done, now)
        await journal.append(conn, [_refund_fact("refund_done", refund) for refund in finished], now)
    if later := by_state[RefundState.LATER] + by_state[RefundState.SENT]:
        due_at = {one.refund_id: rules.refund_due(refunds[one.refund_id].attempts + 1, now) for one in later}
        await store.postpone_refunds(conn, later, due_at, now)
    failed = [one for one in by_state[RefundState.FAILED] if rules.may_fail(refunds[one.refund_id], one)]
    if failed:
        new = await store.fail_refunds(conn, failed, now)
        await journal.append(conn, [_refund_fact("refund_failed", refund) for refund in new], now)
        await _tell_failed(conn, new, now, handlers)


async def _tell_failed(conn: Connection, refunds: Sequence[RefundRequest], now: datetime, handlers: Handlers) -> None:
    payments = await store.payments(conn, [refund.payment_id for refund in refunds])
    by_purpose: dict[str, list[FailedRefund]] = defaultdict(list)
    for refund in refunds:
        payment = payments[refund.payment_id]
        failed = FailedRefund(refund.refund_id, payment.id, payment.subject, refund.amount_cents)
        by_purpose[payment.purpose].append(failed)
    for purpose in sorted(by_purpose):  # in the global lock order
        await handlers.of(purpose).refunds_failed(conn, by_purpose[purpose], now)


async def record_disputes(
    conn: Connection, notices: Sequence[DisputeNotice], now: datetime, handlers: Handlers
) -> None:
    """Store what the provider says about disputes, and call the handlers of those that open or are won.

    Repeated and late notices change nothing, nor do those of another account than the payment's. What the payments were
    for is locked first, so that the notices of a payment are handled one after another.
    """
    payments = await store.payments(conn, sorted({notice.payment_id for notice in notices}))
    for purpose in sorted({payment.purpose for payment in payments.values()}):  # in the global lock order
        subjects = sorted({payment.subject for payment in payments.values() if payment.purpose == purpose})
        await handlers.of(purpose).lock(conn, subjects)
    known = await store.disputes(conn, [notice.provider_ref for notice in notices])
    changed: dict[str, Dispute] = {}
    opened: list[DisputeChange] = []
    won: list[DisputeChange] = []
    for notice in notices:
        payment = payments.get(notice.payment_id)
        before = changed.get(notice.provider_ref) or known.get(notice.provider_ref)
        after = rules.update_dispute(before, notice, new_id(), now)
        if payment is None or after is None or payment.account != notice.account:
            continue
        changed[notice.provider_ref] = after
        change = DisputeChange(after, payment.purpose, payment.subject)
        if rules.has_opened(before, after):
            opened.append(change)
        if after.state is DisputeState.WON and not after.is_inquiry:
            won.append(change)
    for purpose in sorted({change.purpose for change in opened + won}):
        handler = handlers.of(purpose)
        if mine := [change for change in opened if change.purpose == purpose]:
            await handler.disputed(conn, mine, now)
        if mine := [change for change in won if change.purpose == purpose]:
            await handler.dispute_won(conn, mine, now)
    if changed:
        await store.put_disputes(conn, list(changed.values()))
        facts = [
            Fact(f"dispute_{one.state}", None, one.payment_id, {"dispute": str(one.id), "cents": one.amount_cents})
            for one in changed.values()
        ]
        await journal.append(conn, facts, now)


async def send_refund_again(conn: Connection, refund_id: UUID, who: UUID, now: datetime) -> Refused | None:
    """Let the provider try a failed refund once more. Refusals: not_found, refund_not_failed."""
    refund = await _lock_failed(conn, refund_id)
    if isinstance(refund, Refused):
        return refund
    await store.send_refund_again(conn, refund_id, who, now)
    fact = Fact("refund_sent_again", who, refund.payment_id, {"refund": str(refund_id)})
    await journal.append(conn, [fact], now)
    return None


async def pay_refund(
    conn: Connection, refund_id: UUID, payment: PaidOtherwise, who: UUID, now: datetime
) -> Refused | None:
    """Note that a failed refund was paid another way. Refusals: not_found, refund_not_failed."""
    refund = await _lock_failed(conn, refund_id)
    if isinstance(refund, Refused):
        return refund
    await store.pay_refund(conn, refund, payment, who, now)
    data = {"refund": str(refund_id), "paid_by": payment.paid_by.value, "cents": refund.amount_cents}
    await journal.append(conn, [Fact("refund_paid", who, refund.payment_id, data)], now)
    return None


async def _lock_failed(conn: Connection, refund_id: UUID) -> Refund | Refused:
    """Return a failed refund, under the lock of its payment."""
    await store.lock_payments_of_refunds(conn, [refund_id])
    refund = (await store.refunds(conn, [refund_id])).get(refund_id)
    if refund is None:
        return Refused(PaymentRefusal.NOT_FOUND)
    return refund if refund.failed_at is not None else Refused(PaymentRefusal.REFUND_NOT_FAILED)


async def assign_refund(
    conn: Connection, refund_id: UUID, assignee: UUID | None, who: UUID, now: datetime
) -> Refund | Refused:
    """Assign a failed refund to a person, or to none. Refusals: not_found, refund_not_failed."""
    refund = await _lock_failed(conn, refund_id)
    if isinstance(refund, Refused):
        return refund
    if refund.assignee_id != assignee:
        await store.assign_refund(conn, refund_id, assignee)
        data = {"refund": str(refund_id)} | ({} if assignee is None else {"assignee": str(assignee)})
        await journal.append(conn, [Fact("refund_assigned", who, refund.payment_id, data)], now)
    return replace(refund, assignee_id=assignee)


async def assign_dispute(
    conn: Connection, dispute_id: UUID, assignee: UUID | None, who: UUID, now: datetime
) -> Dispute | Refused:
    """Assign an open dispute to a person, or to none. Refusals: not_found, dispute_closed."""
    dispute = await store.lock_dispute(conn, dispute_id)
    if dispute is None:
        return Refused(PaymentRefusal.NOT_FOUND)
    if dispute.state in CLOSED:
        return Refused(PaymentRefusal.DISPUTE_CLOSED, {"state": dispute.state.value})
    if dispute.assignee_id != assignee:
        await store.assign_dispute(conn, dispute_id, assignee)
        data = {"dispute": str(dispute_id)} | ({} if assignee is None else {"assignee": str(assignee)})
        await journal.append(conn, [Fact("dispute_assigned", who, dispute.payment_id, data)], now)
    return replace(dispute, assignee_id=assignee)


async def send_evidence(
    conn: Connection, dispute_id: UUID, evidence: Evidence, who: UUID, now: datetime
) -> Dispute | Refused:
    """Store evidence of a dispute, once; the evidence job sends it. Idempotent by its id.

    Refusals: not_found, dispute_closed, evidence_sent, evidence_late.
    """
    dispute = await store.lock_dispute(conn, dispute_id)
    if dispute is None:
        return Refused(PaymentRefusal.NOT_FOUND)
    known = (await store.evidence_of(conn, [dispute_id])).get(dispute_id)
    if known is not None and known.id == evidence.id:
        return dispute
    if known is not None and known.state is not EvidenceState.FAILED:
        return Refused(PaymentRefusal.EVIDENCE_SENT)
    refusal = rules.check_evidence(dispute, now)
    if refusal is not None:
        return refusal
    await store.insert_evidence(conn, dispute_id, evidence, who, now)
    data = {"dispute": str(dispute_id), "evidence": str(evidence.id)}
    await journal.append(conn, [Fact("dispute_evidence_requested", who, dispute.payment_id, data)], now)
    return dispute


async def record_evidence(conn: Connection, due: DueEvidence, answer: EvidenceAnswer, now: datetime) -> None:
    """Store what the provider says about evidence; its content is dropped unless it is to be sent again."""
    locked = await store.lock_evidence(conn, due.id)
    if locked is None:
        return
    attempts, who = locked
    if answer.state is EvidenceState.WAITING:
        await store.postpone_evidence(conn, due.id, rules.refund_due(attempts + 1, now), answer.reason)
        return
    sent = answer.state is EvidenceState.SENT
    await store.end_evidence(conn, due.id, None if sent else answer.reason or "unknown", now)
    data = {"dispute": str(due.dispute_id), "evidence": str(due.id)}
    what = "dispute_evidence_sent" if sent else "dispute_evidence_failed"
    await journal.append(conn, [Fact(what, who, due.payment_id, data)], now)
