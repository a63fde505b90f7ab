"""Queries of payments, one typed function each."""

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.money.payments.rules import (
    DEBIT_ASKED_EVERY,
    DEBIT_ENDS_WITHIN,
    CallLane,
    Dispute,
    DisputeState,
    DueEvidence,
    DueRefund,
    Evidence,
    EvidenceFields,
    HostedPage,
    NewSavedCard,
    OpenPayment,
    PaidBy,
    PaidOtherwise,
    Payment,
    PaymentState,
    Refund,
    RefundAnswer,
    RefundRequest,
    RefundState,
    SavedCard,
    SavedCardState,
    SentEvidence,
    Settlement,
    Unpaid,
)
from virage.platform.data.database import Connection
from virage.platform.data.sql import load

_sql = load(__file__)
_STATES = {state.value: state for state in PaymentState}


class Overdue(Struct, frozen=True):
    """Number of overdue refunds and payments, and of what waits for a person: failed refunds, disputes, and accounts of
    organisers with a negative balance.
    """

    refunds: int
    failed_refunds: int
    disputes: int
    negative_balances: int
    payments: int


class Turnover(Struct, frozen=True):
    """Captured and refunded amounts in cents."""

    captured_cents: int
    refund_cents: int


def _payment(row: Mapping[str, Any]) -> Payment:
    return Payment(**{**row, "state": _STATES[row["state"]]})


def _refund(row: Mapping[str, Any]) -> Refund:
    return Refund(**{**row, "paid_by": PaidBy(row["paid_by"])})


def _dispute(row: Mapping[str, Any]) -> Dispute:
    return Dispute(**{**row, "state": DisputeState(row["state"])})


async def _payments(rows: AsyncIterable[Mapping[str, Any]]) -> dict[UUID, Payment]:
    return {row["id"]: _payment(row) async for row in rows}


async def insert_payments(conn: Connection, payments: Sequence[Payment]) -> set[UUID]:
    """Store payments; return the ids of the new ones."""
    rows = _sql.insert_payments(
        conn,
        ids=[payment.id for payment in payments],
        purposes=[payment.purpose for payment in payments],
        subjects=[payment.subject for payment in payments],
        amounts_cents=[payment.amount_cents for payment in payments],
        created_ats=[payment.created_at for payment in payments],
        expires_ats=[payment.expires_at for payment in payments],
        accounts=[payment.account for payment in payments],
        fees_cents=[payment.fee_cents for payment in payments],
        return_fees=[payment.returns_fee for payment in payments],
    )
    return {row["id"] async for row in rows}


async def payments(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Return payments by id."""
    return await _payments(_sql.payments(conn, ids=ids))


async def payments_of_intents(conn: Connection, refs: Sequence[str]) -> dict[str, UUID]:
    """Return payments on organisers' accounts, by the provider's id of them."""
    return {row["provider_ref"]: row["id"] async for row in _sql.payments_of_intents(conn, refs=refs)}


async def payments_of_subject(conn: Connection, subject: UUID) -> list[Payment]:
    """Return all payments of a subject, oldest first."""
    return [_payment(row) async for row in _sql.payments_of_subject(conn, subject=subject)]


async def open_pages(conn: Connection, opened: Sequence[HostedPage]) -> None:
    """Store hosted pages."""
    await _sql.open_pages(
        conn,
        ids=[page.payment_id for page in opened],
        urls=[page.payment_url for page in opened],
        refs=[page.provider_ref for page in opened],
    )


async def hand_over(conn: Connection, payment_id: UUID, ref: str, now: datetime, *, pending: bool) -> bool:
    """Store where a card reader has a payment, unless it has ended; return whether it may still be paid."""
    return bool(await _sql.hand_over(conn, id=payment_id, ref=ref, pending=pending, now=now))


async def lock_without_money(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Unpaid]:
    """Return payments that are not captured, locked in the order of their ids."""
    rows = _sql.lock_without_money(conn, ids=ids)
    return {row[0]: Unpaid(row[0], row[1], row[2], row[3], _STATES[row[4]], row[5], row[6]) async for row in rows}


async def settle_payments(conn: Connection, steps: Sequence[Settlement], now: datetime) -> None:
    """Store the outcomes."""
    await _sql.settle_payments(
        conn,
        ids=[step.payment.id for step in steps],
        states=[step.outcome.state for step in steps],
        captured_cents=[step.outcome.amount_cents if step.captured else None for step in steps],
        reasons=[step.outcome.reason for step in steps],
        refs=[step.outcome.provider_ref for step in steps],
        ask_ats=[now + DEBIT_ASKED_EVERY if step.processing else None for step in steps],
        expires_ats=[now + DEBIT_ENDS_WITHIN if step.processing else None for step in steps],
        now=now,
    )


async def due_debits(conn: Connection, now: datetime, wanted: int) -> list[OpenPayment]:
    """Return the debits under way that the provider is to be asked about."""
    return [OpenPayment(**row) async for row in _sql.due_debits(conn, now=now, wanted=wanted)]


async def postpone_debits(conn: Connection, ids: Sequence[UUID], now: datetime) -> None:
    """Ask later about those of these debits that are still under way."""
    await _sql.postpone_debits(conn, ids=ids, ask_at=now + DEBIT_ASKED_EVERY)


async def lock_payments(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Payment]:
    """Return payments by id, locked in order."""
    return await _payments(_sql.lock_payments(conn, ids=ids))


async def abandon(conn: Connection, ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Expire open payments now; return those that had not expired before."""
    return sorted([row["id"] async for row in _sql.abandon(conn, ids=ids, now=now)])


async def extend_unopened(conn: Connection, ids: Sequence[UUID], until: datetime) -> set[UUID]:
    """Let payments without a page end later; return the ids of all those without a page."""
    return {row["id"] async for row in _sql.extend_unopened(conn, ids=ids, until=until)}


async def refunds(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Refund]:
    """Return refunds by id."""
    return {row["id"]: _refund(row) async for row in _sql.refunds(conn, ids=ids)}


async def refunds_of(conn: Connection, payment_ids: Sequence[UUID]) -> list[Refund]:
    """Every refund of some payments, oldest first."""
    return [_refund(row) async for row in _sql.refunds_of(conn, payment_ids=payment_ids)]


async def failed_refunds(conn: Connection) -> list[Refund]:
    """Return the refunds that wait for a person, the longest waiting first."""
    return [_refund(row) async for row in _sql.failed_refunds(conn)]


async def insert_refunds(conn: Connection, requests: Sequence[RefundRequest], now: datetime) -> set[UUID]:
    """Store refunds; return the ids of the new ones, without ids that another payment has taken meanwhile."""
    rows = _sql.insert_refunds(
        conn,
        ids=[request.refund_id for request in requests],
        payment_ids=[request.payment_id for request in requests],
        amounts_cents=[request.amount_cents for request in requests],
        now=now,
    )
    return {row["id"] async for row in rows}


async def due_refunds(conn: Connection, now: datetime, wanted: int) -> list[DueRefund]:
    """Return refunds that are due."""
    return [DueRefund(**row) async for row in _sql.due_refunds(conn, now=now, wanted=wanted)]


async def lock_payments_of_refunds(conn: Connection, refund_ids: Sequence[UUID]) -> None:
    """Lock the payments of some refunds, before the refunds are written."""
    async for _ in _sql.lock_payments_of_refunds(conn, refund_ids=refund_ids):
        pass


async def finish_refunds(conn: Connection, answers: Sequence[RefundAnswer], now: datetime) -> list[RefundRequest]:
    """Mark refunds as done and update their locked payments; return those that were not done before."""
    ids, refs = [one.refund_id for one in answers], [one.provider_ref for one in answers]
    rows = [row async for row in _sql.finish_refunds(conn, ids=ids, refs=refs, now=now)]
    await _sql.name_refunded(conn, payment_ids=[row["payment_id"] for row in rows])
    return [RefundRequest(row["id"], row["payment_id"], row["amount_cents"]) for row in rows]


async def fail_refunds(conn: Connection, answers: Sequence[RefundAnswer], now: datetime) -> list[RefundRequest]:
    """Mark refunds as failed and update their locked payments; return those that had not failed before."""
    rows = [
        row
        async for row in _sql.fail_refunds(
            conn,
            ids=[one.refund_id for one in answers],
            refs=[one.provider_ref for one in answers],
            reasons=[one.reason for one in answers],
            now=now,
        )
    ]
    await _sql.name_refunding(conn, payment_ids=[row["payment_id"] for row in rows])
    return [RefundRequest(row["id"], row["payment_id"], row["amount_cents"]) for row in rows]


async def send_refund_again(conn: Connection, refund_id: UUID, who: UUID, now: datetime) -> None:
    """Make a failed refund due again."""
    await _sql.send_refund_again(conn, id=refund_id, who=who, now=now)


async def pay_refund(conn: Connection, refund: Refund, payment: PaidOtherwise, who: UUID, now: datetime) -> None:
    """Mark a failed refund as paid another way, and update its locked payment."""
    await _sql.pay_refund(
        conn, id=refund.id, paid_by=payment.paid_by, paid_reference=payment.reference, who=who, now=now
    )
    await _sql.name_refunded(conn, payment_ids=[refund.payment_id])


async def postpone_refunds(
    conn: Connection, answers: Sequence[RefundAnswer], due_at: Mapping[UUID, datetime], now: datetime
) -> None:
    """Store when to ask again about refunds, with what the provider said."""
    await _sql.postpone_refunds(
        conn,
        ids=[one.refund_id for one in answers],
        due_ats=[due_at[one.refund_id] for one in answers],
        reasons=[one.reason for one in answers],
        refs=[one.provider_ref for one in answers],
        sent_ats=[now if one.state is RefundState.SENT else None for one in answers],
    )


async def disputes(conn: Connection, refs: Sequence[str]) -> dict[str, Dispute]:
    """Return disputes by the provider's id."""
    return {row["provider_ref"]: _dispute(row) async for row in _sql.disputes(conn, refs=refs)}


async def disputes_of(conn: Connection, payment_ids: Sequence[UUID]) -> list[Dispute]:
    """Return the disputes of some payments, oldest first."""
    return [_dispute(row) async for row in _sql.disputes_of(conn, payment_ids=payment_ids)]


async def open_disputes(conn: Connection) -> list[Dispute]:
    """Return open disputes, the most urgent first."""
    return [_dispute(row) async for row in _sql.open_disputes(conn)]


async def put_disputes(conn: Connection, disputes: Sequence[Dispute]) -> None:
    """Store new and changed disputes."""
    await _sql.put_disputes(
        conn,
        ids=[one.id for one in disputes],
        payment_ids=[one.payment_id for one in disputes],
        refs=[one.provider_ref for one in disputes],
        amounts_cents=[one.amount_cents for one in disputes],
        reasons=[one.reason for one in disputes],
        states=[one.state for one in disputes],
        inquiries=[one.is_inquiry for one in disputes],
        opened_ats=[one.opened_at for one in disputes],
        due_ats=[one.due_at for one in disputes],
        closed_ats=[one.closed_at for one in disputes],
    )


async def dispute(conn: Connection, dispute_id: UUID) -> Dispute | None:
    """Return a dispute, or None."""
    row = await _sql.dispute(conn, id=dispute_id)
    return None if row is None else _dispute(row)


async def lock_dispute(conn: Connection, dispute_id: UUID) -> Dispute | None:
    """Return a dispute, locked until the transaction ends."""
    row = await _sql.lock_dispute(conn, id=dispute_id)
    return None if row is None else _dispute(row)


async def assign_dispute(conn: Connection, dispute_id: UUID, assignee: UUID | None) -> None:
    """Store who works on a locked dispute."""
    await _sql.assign_dispute(conn, id=dispute_id, assignee=assignee)


async def assign_refund(conn: Connection, refund_id: UUID, assignee: UUID | None) -> None:
    """Store who works on a failed refund, whose payment is locked."""
    await _sql.assign_refund(conn, id=refund_id, assignee=assignee)


async def insert_evidence(conn: Connection, dispute_id: UUID, evidence: Evidence, who: UUID, now: datetime) -> None:
    """Store evidence to send for a locked dispute."""
    await _sql.insert_evidence(
        conn,
        id=evidence.id,
        dispute_id=dispute_id,
        sha256=sha256(evidence.pdf).digest(),
        pdf=evidence.pdf,
        fields=msgspec.to_builtins(evidence.fields),
        who=who,
        now=now,
    )


async def evidence_of(conn: Connection, dispute_ids: Sequence[UUID]) -> dict[UUID, SentEvidence]:
    """Return the latest evidence of disputes, by dispute."""
    rows = _sql.evidence_of(conn, dispute_ids=dispute_ids)
    return {row["dispute_id"]: SentEvidence(**row) async for row in rows}


async def due_evidence(conn: Connection, now: datetime) -> DueEvidence | None:
    """Return the evidence that is due for the longest time."""
    row = await _sql.due_evidence(conn, now=now)
    return None if row is None else DueEvidence(**{**row, "fields": msgspec.convert(row["fields"], EvidenceFields)})


async def lock_evidence(conn: Connection, evidence_id: UUID) -> tuple[int, UUID] | None:
    """Return the attempts and the sender of evidence that is not sent yet, locked; None if it is not waiting."""
    row = await _sql.lock_evidence(conn, id=evidence_id)
    return None if row is None else (row["attempts"], row["requested_by"])


async def end_evidence(conn: Connection, evidence_id: UUID, reason: str | None, now: datetime) -> None:
    """Mark locked evidence as sent or, with a reason, as failed; its content is dropped."""
    sent, failed = (now, None) if reason is None else (None, now)
    await _sql.end_evidence(conn, id=evidence_id, sent_at=sent, failed_at=failed, reason=reason)


async def postpone_evidence(conn: Connection, evidence_id: UUID, due_at: datetime, reason: str | None) -> None:
    """Store when to send locked evidence again."""
    await _sql.postpone_evidence(conn, id=evidence_id, due_at=due_at, reason=reason)


async def count_overdue(conn: Connection, refunds_before: datetime, payments_before: datetime) -> Overdue:
    """Return counts of unconfirmed refunds requested before a time, and of open payments expired before a time."""
    row = await _sql.count_overdue(conn, refunds_before=refunds_before, payments_before=payments_before)
    return Overdue(**row)


async def open_payments(
    conn: Connection, since: datetime, until: datetime, after: UUID, wanted: int
) -> list[OpenPayment]:
    """Return open payments created from `since` (and after that id) until `until`, by age."""
    rows = _sql.open_payments(conn, since=since, until=until, after=after, wanted=wanted)
    return [OpenPayment(**row) async for row in rows]


async def open_since(conn: Connection) -> datetime:
    """Return the watermark: no open payment is older."""
    moment: datetime = await _sql.open_since(conn)
    return moment


async def move_watermark(conn: Connection, open_since: datetime) -> None:
    """Move the watermark; it only moves forward."""
    await _sql.move_watermark(conn, open_since=open_since)


def _method(row: Any) -> SavedCard:
    return SavedCard(**{**row, "state": SavedCardState(row["state"])})


async def insert_method(conn: Connection, method: NewSavedCard, now: datetime) -> bool:
    """Store a saved card; return whether it is new."""
    return bool(
        await _sql.insert_method(
            conn, id=method.method_id, subject=method.subject, return_url=method.return_url, now=now
        )
    )


async def methods(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, SavedCard]:
    """Return saved cards by id."""
    return {row["id"]: _method(row) async for row in _sql.methods(conn, ids=ids)}


async def lock_methods(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, SavedCard]:
    """Return saved cards by id, locked in order."""
    return {row["id"]: _method(row) async for row in _sql.lock_methods(conn, ids=ids)}


async def methods_of(conn: Connection, subject: UUID) -> list[SavedCard]:
    """Return the saved cards of a subject that are not forgotten, oldest first."""
    return [_method(row) async for row in _sql.methods_of(conn, subject=subject)]


async def put_methods(conn: Connection, methods: Sequence[SavedCard], now: datetime) -> None:
    """Update locked saved cards."""
    await _sql.put_methods(
        conn,
        ids=[method.id for method in methods],
        states=[method.state for method in methods],
        labels=[method.label for method in methods],
        reasons=[method.reason for method in methods],
        page_urls=[method.page_url for method in methods],
        refs=[method.provider_ref for method in methods],
        now=now,
    )


async def methods_in_state(conn: Connection, state: SavedCardState, before: datetime, wanted: int) -> list[SavedCard]:
    """Return saved cards that have been in a state since before a time, by age."""
    rows = _sql.methods_in_state(conn, state=state, before=before, wanted=wanted)
    return [_method(row) async for row in rows]


async def turnover(conn: Connection, purpose: str) -> Turnover:
    """Return captured and refunded amounts of a purpose."""
    row = await _sql.turnover(conn, purpose=purpose)
    return Turnover(row["captured_cents"], row["refund_cents"])


async def lock_call_lanes(conn: Connection) -> dict[CallLane, datetime]:
    """Return when the next call of each lane may be made, locked."""
    return {CallLane(row["lane"]): row["free_at"] async for row in _sql.lock_call_lanes(conn)}


async def put_call_lanes(conn: Connection, free_at: Mapping[CallLane, datetime]) -> None:
    """Update the locked lanes."""
    await _sql.put_call_lanes(conn, lanes=list(free_at), free_ats=list(free_at.values()))


class Capture(Struct, frozen=True):
    """Captured payment with its amount in cents. `at` is when it was created or, for a debit, when its money came.

    `account` took the money, and the application fee of it is `fee_cents`.
    """

    id: UUID
    at: datetime
    captured_cents: int
    account: str | None
    fee_cents: int


async def captures(conn: Connection, since: datetime, until: datetime, after: UUID, wanted: int) -> list[Capture]:
    """Return captured payments of a period, oldest first, from after an id at `since`."""
    rows = _sql.captures(conn, since=since, until=until, after=after, wanted=wanted)
    return [Capture(**row) async for row in rows]


async def refunds_done(conn: Connection, since: datetime, until: datetime, after: UUID, wanted: int) -> list[Refund]:
    """Return refunds that the provider accepted in a period, oldest first, from after an id at `since`."""
    rows = _sql.refunds_done(conn, since=since, until=until, after=after, wanted=wanted)
    return [_refund(row) async for row in rows]


async def first_payment_at(conn: Connection) -> datetime | None:
    """Return when the first payment was created."""
    found: datetime | None = await _sql.first_payment_at(conn)
    return found
