from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from virage.money.payments import rules
from virage.money.payments.rules import (
    FAILED,
    OPEN,
    PAID,
    UNPAID_PAGE,
    OpenPayment,
    Outcome,
    Payment,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    RefundRequest,
    Settlement,
    Unpaid,
    may_follow,
    refund_due,
    split_by_expiry,
)
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)


def a_payment(
    state: PaymentState = PaymentState.PENDING, *, captured: int | None = None, refund_cents: int = 0
) -> Payment:
    return Payment(
        id=new_id(),
        purpose="order",
        subject=new_id(),
        amount_cents=5000,
        state=state,
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        captured_cents=captured,
        refund_cents=refund_cents,
    )


def news(payment: Payment, state: PaymentState, cents: int = 5000, event_id: str | None = None) -> Outcome:
    return Outcome(payment.id, state, cents, event_id=event_id)


def steps(payment: Payment, *outcomes: Outcome) -> list[Settlement]:
    unpaid = Unpaid(payment.id, payment.purpose, payment.subject, payment.amount_cents, payment.state)
    return rules.settle({payment.id: unpaid}, outcomes)


def settled(payment: Payment, *outcomes: Outcome) -> list[PaymentState]:
    return [step.outcome.state for step in steps(payment, *outcomes)]


def test_a_capture_is_never_undone_by_later_outcomes() -> None:
    for before in PAID:
        assert not any(may_follow(before, after) for after in PaymentState)


def test_a_capture_counts_also_for_an_abandoned_payment() -> None:
    assert all(may_follow(before, PaymentState.CAPTURED) for before in OPEN | FAILED)


def test_a_payment_ends_without_money_once_only() -> None:
    assert all(may_follow(before, after) for before in OPEN for after in FAILED)
    assert not any(may_follow(before, after) for before in FAILED for after in FAILED)


def test_an_outcome_never_reopens_a_payment() -> None:
    assert not any(may_follow(before, after) for before in PaymentState for after in UNPAID_PAGE)


def test_a_debit_is_processed_after_its_page_only_and_then_paid_or_refused() -> None:
    processed_after = {before for before in PaymentState if may_follow(before, PaymentState.PROCESSING)}
    assert processed_after == UNPAID_PAGE
    payment = a_payment(PaymentState.PROCESSING)
    assert settled(payment, news(payment, PaymentState.DECLINED)) == [PaymentState.DECLINED]
    assert settled(payment, news(payment, PaymentState.CAPTURED)) == [PaymentState.CAPTURED]


ENDS = [PaymentState.PROCESSING, PaymentState.DECLINED, PaymentState.CAPTURED]


@given(st.lists(st.sampled_from(ENDS), min_size=1))
def test_in_any_order_a_capture_counts_before_a_failure_and_a_failure_before_a_debit_under_way(
    said: list[PaymentState],
) -> None:
    payment = a_payment()
    assert settled(payment, *(news(payment, state) for state in said)) == [max(said, key=ENDS.index)]


def test_the_same_event_twice_is_one_step() -> None:
    payment = a_payment()
    assert settled(payment, news(payment, PaymentState.CAPTURED), news(payment, PaymentState.CAPTURED)) == [
        PaymentState.CAPTURED
    ]


def test_a_capture_wins_over_the_end_that_comes_with_it() -> None:
    payment = a_payment()
    assert settled(payment, news(payment, PaymentState.EXPIRED), news(payment, PaymentState.CAPTURED)) == [
        PaymentState.CAPTURED
    ]
    assert settled(payment, news(payment, PaymentState.CAPTURED), news(payment, PaymentState.EXPIRED)) == [
        PaymentState.CAPTURED
    ]


def test_the_first_of_two_ends_counts() -> None:
    payment = a_payment()
    assert settled(payment, news(payment, PaymentState.DECLINED), news(payment, PaymentState.EXPIRED)) == [
        PaymentState.DECLINED
    ]


def test_an_outcome_of_an_unknown_payment_is_ignored() -> None:
    assert settled(a_payment(), news(a_payment(), PaymentState.CAPTURED)) == []


def test_a_wrong_amount_is_a_mismatch() -> None:
    payment = a_payment()
    (step,) = steps(payment, news(payment, PaymentState.CAPTURED, 4999))
    assert step.mismatch
    (step,) = steps(payment, news(payment, PaymentState.CAPTURED, 5000))
    assert not step.mismatch


def test_the_same_start_again_is_the_same_payment(start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    known = Payment(asked.payment_id, "order", asked.subject, 5000, PaymentState.PENDING, NOW, asked.expires_at)
    assert rules.begin([asked], {known.id: known}) == [known]


def test_a_payment_id_means_one_payment_for_ever(start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    known = Payment(asked.payment_id, "order", asked.subject, 4000, PaymentState.PENDING, NOW, asked.expires_at)
    assert rules.begin([asked], {known.id: known}) == [Refused(PaymentRefusal.PAYMENT_ID_TAKEN)]


def test_zero_and_negative_amounts_cannot_be_paid(start: Callable[..., PaymentIntent]) -> None:
    for cents in (0, -1, rules.AMOUNT_CENTS_MAX + 1):
        assert rules.begin([start(amount_cents=cents)], {}) == [Refused(PaymentRefusal.AMOUNT_INVALID)]


def refunds(payment: Payment, *amounts: int, existing: dict[UUID, RefundRequest] | None = None) -> list[object]:
    requests = [RefundRequest(new_id(), payment.id, cents) for cents in amounts]
    answers = rules.refund(requests, {payment.id: payment}, existing or {})
    return [answer.reason if isinstance(answer, Refused) else answer.amount_cents for answer in answers]


def test_refunds_go_up_to_the_capture_and_no_further() -> None:
    payment = a_payment(PaymentState.CAPTURED, captured=5000)
    assert refunds(payment, 3000, 2000, 1) == [3000, 2000, PaymentRefusal.EXCEEDS_CAPTURE]


def test_earlier_refunds_count_against_the_capture() -> None:
    assert refunds(a_payment(PaymentState.REFUNDING, captured=5000, refund_cents=4500), 501, 500) == [
        PaymentRefusal.EXCEEDS_CAPTURE,
        500,
    ]


def test_an_uncaptured_payment_is_not_refunded() -> None:
    assert refunds(a_payment(PaymentState.PENDING), 1) == [PaymentRefusal.NOT_CAPTURED]


def test_no_refund_is_zero_or_negative() -> None:
    assert refunds(a_payment(PaymentState.CAPTURED, captured=5000), 0, -5) == [PaymentRefusal.AMOUNT_INVALID] * 2


def test_the_same_refund_again_is_accepted_and_not_counted_again() -> None:
    payment = a_payment(PaymentState.CAPTURED, captured=5000)
    request = RefundRequest(new_id(), payment.id, 5000)
    assert rules.refund([request, request], {payment.id: payment}, {}) == [request, request]


def test_a_refund_id_means_one_refund_for_ever() -> None:
    payment = a_payment(PaymentState.CAPTURED, captured=5000)
    request = RefundRequest(new_id(), payment.id, 100)
    other = RefundRequest(request.refund_id, payment.id, 200)
    assert rules.refund([other], {payment.id: payment}, {request.refund_id: request}) == [
        Refused(PaymentRefusal.REFUND_ID_TAKEN)
    ]


@given(
    captured=st.integers(1, 10_000),
    before=st.integers(0, 10_000),
    amounts=st.lists(st.integers(-10, 10_000), max_size=20),
)
def test_accepted_refunds_never_exceed_the_capture_whatever_is_asked(
    captured: int, before: int, amounts: list[int]
) -> None:
    payment = a_payment(PaymentState.CAPTURED, captured=captured, refund_cents=min(before, captured))
    accepted = [cents for cents in refunds(payment, *amounts) if isinstance(cents, int)]
    assert all(cents > 0 for cents in accepted)
    assert payment.refund_cents + sum(accepted) <= captured


@given(st.lists(st.tuples(st.sampled_from(sorted(PaymentState)), st.integers(1, 3)), max_size=12))
def test_a_payment_is_captured_at_most_once_in_any_order_of_outcomes(said: list[tuple[PaymentState, int]]) -> None:
    payment = a_payment()
    captures = 0
    for state, _ in said:
        for step in steps(payment, news(payment, state)):
            captures += step.captured
            captured_cents = step.outcome.amount_cents if step.captured else None
            payment = a_payment(step.outcome.state, captured=captured_cents)
    assert captures <= 1
    assert (captures == 1) == any(state is PaymentState.CAPTURED for state, _ in said)


def test_a_refund_is_retried_with_growing_delay_without_end() -> None:
    waits = [refund_due(attempts, NOW) - NOW for attempts in range(1, 40)]
    assert waits[:3] == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)


def test_a_payment_whose_time_is_over_is_cancelled_and_not_only_looked_up() -> None:
    young = OpenPayment(new_id(), NOW, NOW + timedelta(seconds=1), 900)
    over = OpenPayment(new_id(), NOW, NOW, 900)
    look_up, cancel = split_by_expiry([young, over], NOW)
    assert [one.payment_id for one in look_up] == [young.id]
    assert [one.payment_id for one in cancel] == [over.id]
