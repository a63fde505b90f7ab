"""One payment as a case, from its order to the bank, and the search for payments, payouts, items and bank lines."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct

from virage.money.payments import api as payments
from virage.money.payments.api import DisputeLine
from virage.money.payments.types import Dispute, PaidBy, Payment, PaymentState, Refund
from virage.money.settlement.reads.views import EntryLine, ItemLine, PayoutLine, entry_line, item_lines, payout_lines
from virage.money.settlement.rules.statements import cents_of
from virage.money.settlement.store import bank as bank_store
from virage.money.settlement.store import items as item_store
from virage.money.settlement.store import payouts as store
from virage.money.settlement.store.bank import BankLine
from virage.platform.data.database import Connection
from virage.platform.values.ids import id_of
from virage.platform.values.money import Currency

FOUND_MAX: Final = 20


class SubjectsByCode(Protocol):
    """Function that finds what was paid, by the code that people know, such as the code of an order."""

    async def __call__(self, conn: Connection, code: str) -> Sequence[UUID]:
        """Return ids of subjects of payments; none for a text that is no code."""
        ...


class CaseRefund(Struct, frozen=True):
    """Refund of a payment. `done_at` is when the bank had it, `reason` why it was postponed or failed at `failed_at`.

    `paid_by` is how it was paid, with the `paid_reference` of a payment that replaced it.
    """

    id: UUID
    amount_cents: int
    created_at: datetime
    done_at: datetime | None
    reason: str | None
    failed_at: datetime | None
    paid_by: PaidBy
    paid_reference: str | None


class CaseEvent(Struct, frozen=True):
    """What happened to a payment. `ref` names the refund, entry, payout or kind of item.

    `what` is `created`, the state that the payment reached, `refund_requested`, `refund_done`, `refund_failed`,
    `dispute_opened`, `dispute_` with its end, `entry_` with its kind, `payout`, `item_opened` or `item_resolved`.
    """

    at: datetime
    what: str
    cents: int
    ref: str | None = None


class PaymentCase(Struct, frozen=True):
    """A payment with all that is known of its money, oldest first. `subject` is the id of what was paid.

    `organiser` is whose account took the money, None for the operator's own; `application_fee_cents` is what the
    operator keeps of it.
    """

    id: UUID
    purpose: str
    subject: UUID
    state: PaymentState
    amount_cents: int
    captured_cents: int | None
    refund_cents: int
    created_at: datetime
    settled_at: datetime | None
    reason: str | None
    provider_ref: str | None
    refunds: list[CaseRefund]
    disputes: list[DisputeLine]
    entries: list[EntryLine]
    payouts: list[PayoutLine]
    items: list[ItemLine]
    history: list[CaseEvent]
    organiser: str | None
    application_fee_cents: int


class FoundPayment(Struct, frozen=True):
    """Payment in a search result."""

    id: UUID
    purpose: str
    state: PaymentState
    amount_cents: int
    created_at: datetime


class Found(Struct, frozen=True):
    """Search result, at most twenty of each kind."""

    payments: list[FoundPayment]
    payouts: list[PayoutLine]
    items: list[ItemLine]
    lines: list[BankLine]


async def case_of(conn: Connection, payment_id: UUID) -> PaymentCase | None:
    """Return a payment as a case, or None."""
    payment = await payments.payment(conn, payment_id)
    if payment is None:
        return None
    refunds = await payments.refunds_of(conn, [payment_id])
    disputes = await payments.disputes_of(conn, [payment_id])
    entries = [entry_line(stored) for stored in await store.entries_of_payments(conn, [payment_id])]
    payouts = await payout_lines(conn, list(dict.fromkeys(entry.payout_id for entry in entries)))
    items = await item_lines(conn, await item_store.items_about(conn, [], [payment_id]))
    return PaymentCase(
        payment.id,
        payment.purpose,
        payment.subject,
        payment.state,
        payment.amount_cents,
        payment.captured_cents,
        payment.refund_cents,
        payment.created_at,
        payment.settled_at,
        payment.reason,
        payment.provider_ref,
        [_refund(one) for one in refunds],
        await payments.dispute_lines(conn, disputes),
        entries,
        payouts,
        items,
        sorted(
            [*_history(payment, entries, payouts, items), *_of_refunds(refunds), *_of_disputes(disputes)],
            key=lambda event: event.at,
        ),
        None if payment.account is None else (await payments.sellers(conn, [payment.account]))[payment.account],
        payment.fee_cents,
    )


def _refund(one: Refund) -> CaseRefund:
    return CaseRefund(
        one.id,
        one.amount_cents,
        one.created_at,
        one.done_at,
        one.reason,
        one.failed_at,
        one.paid_by,
        one.paid_reference,
    )


def _of_refunds(refunds: Sequence[Refund]) -> Iterator[CaseEvent]:
    for refund in refunds:
        yield CaseEvent(refund.created_at, "refund_requested", refund.amount_cents, str(refund.id))
        if refund.done_at is not None:
            yield CaseEvent(refund.done_at, "refund_done", refund.amount_cents, str(refund.id))
        if refund.failed_at is not None:
            yield CaseEvent(refund.failed_at, "refund_failed", refund.amount_cents, str(refund.id))


def _of_disputes(disputes: Sequence[Dispute]) -> Iterator[CaseEvent]:
    for dispute in disputes:
        yield CaseEvent(dispute.opened_at, "dispute_opened", dispute.amount_cents, dispute.provider_ref)
        if dispute.closed_at is not None:
            yield CaseEvent(dispute.closed_at, f"dispute_{dispute.state}", dispute.amount_cents, dispute.provider_ref)


def _history(
    payment: Payment,
    entries: Sequence[EntryLine],
    payouts: Sequence[PayoutLine],
    items: Sequence[ItemLine],
) -> list[CaseEvent]:
    """Return what happened to the payment itself, in the provider's balance and to its differences."""
    events = [CaseEvent(payment.created_at, "created", payment.amount_cents)]
    if payment.settled_at is not None:
        state = payment.state if payment.captured_cents is None else PaymentState.CAPTURED
        events.append(CaseEvent(payment.settled_at, state, payment.captured_cents or payment.amount_cents))
    events += [CaseEvent(entry.created_at, f"entry_{entry.kind}", entry.amount_cents, entry.id) for entry in entries]
    events += [CaseEvent(payout.created_at, "payout", payout.amount_cents, payout.ref) for payout in payouts]
    for item in items:
        events.append(CaseEvent(item.opened_at, "item_opened", item.amount_cents, item.kind))
        if item.resolved_at is not None:
            events.append(CaseEvent(item.resolved_at, "item_resolved", item.amount_cents, item.resolution))
    return events


async def find(conn: Connection, query: str, currency: Currency, subjects_by_code: SubjectsByCode) -> Found:
    """Return what a text finds: an order code, an id of ours or of the provider, or an amount."""
    text = query.strip()
    amount = cents_of(text.replace(" ", "").replace(",", "."), currency)
    ids: list[UUID] = []
    payment_id = id_of(text)
    if payment_id is not None:
        ids.append(payment_id)
        ids += [payment.id for payment in await payments.of_subject(conn, payment_id)]
    for subject in await subjects_by_code(conn, text):
        ids += [payment.id for payment in await payments.of_subject(conn, subject)]
    entries = await store.find_entries(conn, text, amount, FOUND_MAX)
    items = [] if amount is None else await item_store.find_items(conn, amount, FOUND_MAX)
    ids += [stored.entry.payment_id for stored in entries if stored.entry.payment_id is not None]
    ids += [item.payment_id for item in items if item.payment_id is not None]
    known = await payments.payments(conn, list(dict.fromkeys(ids)))
    found = [known[id_] for id_ in dict.fromkeys(ids) if id_ in known][:FOUND_MAX]
    payout_ids = await store.find_payouts(conn, text, amount, FOUND_MAX)
    return Found(
        [FoundPayment(one.id, one.purpose, one.state, one.amount_cents, one.created_at) for one in found],
        await payout_lines(conn, payout_ids),
        await item_lines(conn, items),
        [] if amount is None else await bank_store.find_lines(conn, amount, FOUND_MAX),
    )
