import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from virage.app.building import build
from virage.money.payments import acts, reads, store
from virage.money.payments.checkout import Checkout, Deliveries, settle_all
from virage.money.payments.handlers import Handlers
from virage.money.payments.jobs import PAGE, PaymentJobs
from virage.money.payments.rules import HostedPage, Outcome, PaymentIntent, PaymentRefusal, PaymentState, RefundRequest
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused


@dataclass(frozen=True)
class Till:
    """The jobs of payments on a real database, with a provider and a shop set by the test."""

    db: Database
    conn: Connection
    clock: Any
    provider: Any
    shop: Any
    handlers: Handlers
    jobs: PaymentJobs

    async def begin(self, starts: Sequence[PaymentIntent]) -> None:
        async with self.db.transaction() as conn:
            await acts.begin(conn, starts, self.clock.now())

    async def capture(self, asked: PaymentIntent) -> None:
        await self.begin([asked])
        async with self.db.transaction() as conn:
            news = [Outcome(asked.payment_id, PaymentState.CAPTURED, 5000)]
            await acts.settle(conn, news, self.clock.now(), self.handlers)

    async def ask_refund(self, payment_id: UUID) -> UUID:
        request = RefundRequest(new_id(), payment_id, 5000)
        async with self.db.transaction() as conn:
            await acts.request_refund(conn, [request], self.clock.now())
        return request.refund_id

    async def states(self, starts: Sequence[PaymentIntent]) -> list[PaymentState]:
        payments = await store.payments(self.conn, [start.payment_id for start in starts])
        return [payments[start.payment_id].state for start in starts]


@pytest.fixture
def till(request: pytest.FixtureRequest, db: Database, conn: Connection, clock: Any, provider: Any) -> Till:
    handlers = request.getfixturevalue("handlers")
    jobs = PaymentJobs(db, clock, provider, handlers)
    return Till(db, conn, clock, provider, request.getfixturevalue("shop"), handlers, jobs)


async def test_a_payment_whose_webhook_never_came_is_found(till: Till, start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    await till.begin([asked])
    till.provider.states[asked.payment_id] = Outcome(asked.payment_id, PaymentState.CAPTURED, 5000)
    till.clock.advance(timedelta(seconds=11))
    await till.jobs.reconcile(till.db)
    assert await till.states([asked]) == [PaymentState.CAPTURED]
    assert [one.payment_id for one in till.shop.paid] == [asked.payment_id]


async def test_young_payments_are_left_to_their_webhook(till: Till, start: Callable[..., PaymentIntent]) -> None:
    await till.begin([start()])
    till.clock.advance(timedelta(seconds=9))
    await till.jobs.reconcile(till.db)
    assert till.provider.calls == []


async def test_many_open_payments_are_asked_for_in_pages(till: Till, start: Callable[..., PaymentIntent]) -> None:
    starts = [start() for _ in range(PAGE + 1)]
    await till.begin(starts)
    till.provider.states |= {one.payment_id: Outcome(one.payment_id, PaymentState.CAPTURED, 5000) for one in starts}
    till.clock.advance(timedelta(seconds=11))
    await till.jobs.reconcile(till.db)
    assert till.provider.calls == [("fetch", PAGE), ("fetch", 1)]
    assert set(await till.states(starts)) == {PaymentState.CAPTURED}


async def test_an_expired_payment_is_cancelled_at_the_provider(till: Till, start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    await till.begin([asked])
    till.clock.advance(timedelta(minutes=11))
    await till.jobs.reconcile(till.db)
    assert till.provider.calls == [("cancel", 1)]
    assert await till.states([asked]) == [PaymentState.EXPIRED]
    assert [one.payment_id for one in till.shop.lost] == [asked.payment_id]


async def test_a_payment_made_just_before_its_end_is_captured_and_not_expired(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await till.begin([asked])
    till.provider.states[asked.payment_id] = Outcome(asked.payment_id, PaymentState.CAPTURED, 5000)
    till.clock.advance(timedelta(minutes=11))
    await till.jobs.reconcile(till.db)
    assert await till.states([asked]) == [PaymentState.CAPTURED]


async def test_nothing_expires_while_the_provider_is_unreachable(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await till.begin([asked])
    till.provider.away = True
    till.clock.advance(timedelta(hours=5))
    await till.jobs.reconcile(till.db)
    assert await till.states([asked]) == [PaymentState.CREATED]
    till.provider.away = False
    await till.jobs.reconcile(till.db)
    assert await till.states([asked]) == [PaymentState.EXPIRED]


async def test_reconciliation_looks_no_further_back_than_the_oldest_open_payment(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start(expires_at=till.clock.now() + timedelta(days=2))
    began_at = till.clock.now()
    await till.begin([asked])
    till.clock.advance(timedelta(hours=3))
    await till.jobs.reconcile(till.db)
    assert await store.open_since(till.conn) == began_at
    till.provider.states[asked.payment_id] = Outcome(asked.payment_id, PaymentState.DECLINED, 5000)
    await till.jobs.reconcile(till.db)
    await till.jobs.reconcile(till.db)
    assert await store.open_since(till.conn) == till.clock.now() - timedelta(hours=1)


async def under_way(till: Till, asked: PaymentIntent) -> None:
    """A debit that the buyer authorised."""
    await till.begin([asked])
    till.provider.states[asked.payment_id] = Outcome(asked.payment_id, PaymentState.PROCESSING, 5000)
    till.clock.advance(timedelta(seconds=11))
    await till.jobs.reconcile(till.db)
    assert await till.states([asked]) == [PaymentState.PROCESSING]
    assert [one.payment_id for one in till.shop.debited] == [asked.payment_id]
    till.provider.calls.clear()


async def test_a_debit_under_way_is_asked_about_once_an_hour_and_neither_expires_nor_is_cancelled(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await under_way(till, asked)
    for _ in range(3):
        till.clock.advance(timedelta(minutes=61))
        for _ in range(2):
            await till.jobs.reconcile(till.db)
            await till.jobs.ask_about_debits(till.db)
    assert till.provider.calls == [("fetch", 1)] * 3
    assert await till.states([asked]) == [PaymentState.PROCESSING]
    assert len(till.shop.debited) == 1
    assert till.shop.lost == []


@pytest.mark.parametrize("state", [PaymentState.CAPTURED, PaymentState.DECLINED])
async def test_a_debit_whose_webhook_never_came_is_found_and_is_not_asked_about_again(
    till: Till, start: Callable[..., PaymentIntent], state: PaymentState
) -> None:
    asked = start()
    await under_way(till, asked)
    till.provider.states[asked.payment_id] = Outcome(asked.payment_id, state, 5000)
    till.clock.advance(timedelta(days=3))
    for _ in range(2):
        await till.jobs.ask_about_debits(till.db)
        till.clock.advance(timedelta(hours=2))
    assert await till.states([asked]) == [state]
    assert [one.payment_id for one in till.shop.paid + till.shop.lost] == [asked.payment_id]
    assert till.provider.calls == [("fetch", 1)]


async def test_a_debit_is_asked_about_again_soon_after_the_provider_was_away(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await under_way(till, asked)
    till.clock.advance(timedelta(hours=2))
    till.provider.away = True
    await till.jobs.ask_about_debits(till.db)
    till.provider.away = False
    till.provider.states[asked.payment_id] = Outcome(asked.payment_id, PaymentState.CAPTURED, 5000)
    await till.jobs.ask_about_debits(till.db)
    assert await till.states([asked]) == [PaymentState.CAPTURED]


async def test_a_debit_without_an_end_is_overdue_after_a_month(till: Till, start: Callable[..., PaymentIntent]) -> None:
    await under_way(till, start())
    till.clock.advance(timedelta(days=29))
    assert (await reads.overdue(till.conn, till.clock.now())).payments == 0
    till.clock.advance(timedelta(days=1, minutes=11))
    assert (await reads.overdue(till.conn, till.clock.now())).payments == 1


async def test_a_debit_under_way_cannot_be_abandoned_or_refunded(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await under_way(till, asked)
    async with till.db.transaction() as conn:
        await acts.abandon(conn, [asked.payment_id], till.clock.now())
        (answer,) = await acts.request_refund(conn, [RefundRequest(new_id(), asked.payment_id, 1)], till.clock.now())
    assert answer == Refused(PaymentRefusal.NOT_CAPTURED)
    await till.jobs.reconcile(till.db)
    assert till.provider.calls == []
    assert await till.states([asked]) == [PaymentState.PROCESSING]


async def test_a_refund_is_sent_once_and_confirmed(till: Till, start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    await till.capture(asked)
    refund_id = await till.ask_refund(asked.payment_id)
    await till.jobs.send_refunds(till.db)
    await till.jobs.send_refunds(till.db)
    assert till.provider.refunded == {refund_id: 5000}
    assert till.provider.calls == [("refund", 1)]
    assert await till.states([asked]) == [PaymentState.REFUNDED]


async def test_a_refund_that_the_bank_refuses_is_tried_again_later(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await till.capture(asked)
    await till.ask_refund(asked.payment_id)
    till.provider.refusals_left = 1
    await till.jobs.send_refunds(till.db)
    await till.jobs.send_refunds(till.db)
    assert till.provider.calls == [("refund", 1)]
    (waiting,) = await reads.refunds_of(till.conn, [asked.payment_id])
    assert (waiting.attempts, waiting.reason) == (1, "bank_refused")
    till.clock.advance(timedelta(seconds=5))
    await till.jobs.send_refunds(till.db)
    assert await till.states([asked]) == [PaymentState.REFUNDED]


async def test_overdue_refunds_and_payments_are_logged(till: Till, start: Callable[..., PaymentIntent]) -> None:
    asked, left_open = start(), start(expires_at=till.clock.now() + timedelta(minutes=5))
    await till.capture(asked)
    await till.ask_refund(asked.payment_id)
    await till.begin([left_open])
    with capture_logs() as logged:
        till.clock.advance(timedelta(minutes=10))
        await till.jobs.audit()
        assert logged == []
        till.clock.advance(timedelta(seconds=1))
        await till.jobs.audit()
        till.clock.advance(timedelta(minutes=5))
        await till.jobs.audit()
    assert [(one["event"], one["log_level"], one["refunds"], one["payments"]) for one in logged] == [
        ("payments_overdue", "error", 1, 0),
        ("payments_overdue", "error", 1, 1),
    ]
    till.clock.advance(timedelta(minutes=1))
    await till.jobs.send_refunds(till.db)
    await till.jobs.reconcile(till.db)
    with capture_logs() as logged:
        await till.jobs.audit()
    assert logged == []


async def test_overdue_payments_are_a_gauge(
    till: Till, start: Callable[..., PaymentIntent], config: Config, db: Database
) -> None:
    paid, open_still = start(), start()
    await till.capture(paid)
    await till.begin([open_still])
    await till.ask_refund(paid.payment_id)
    app = build(replace(config, public_url="http://localhost"), db, till.clock)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as operator:
        before = (await operator.get("/metrics")).text
        till.clock.advance(timedelta(hours=1))
        after = (await operator.get("/metrics")).text
    for what in ("refunds", "payments"):
        assert f'virage_payments_overdue{{what="{what}"}} 0.0' in before
        assert f'virage_payments_overdue{{what="{what}"}} 1.0' in after


async def test_a_refund_stays_due_while_the_provider_is_away(till: Till, start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    await till.capture(asked)
    await till.ask_refund(asked.payment_id)
    till.provider.away = True
    await till.jobs.send_refunds(till.db)
    assert await till.states([asked]) == [PaymentState.REFUNDING]
    till.provider.away = False
    await till.jobs.send_refunds(till.db)
    assert await till.states([asked]) == [PaymentState.REFUNDED]


async def test_one_payment_that_cannot_be_settled_does_not_hold_up_the_others(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    good, bad, other = start(), start(), start()
    await till.begin([good, bad, other])
    till.shop.poison = bad.payment_id
    news = [Outcome(one.payment_id, PaymentState.CAPTURED, 5000) for one in (good, bad, other)]
    assert not await settle_all(till.db, till.clock, till.handlers, news)
    assert await till.states([good, bad, other]) == [PaymentState.CAPTURED, PaymentState.CREATED, PaymentState.CAPTURED]
    till.shop.poison = None
    assert await settle_all(till.db, till.clock, till.handlers, news)
    assert await till.states([bad]) == [PaymentState.CAPTURED]


async def test_deliveries_that_come_together_share_a_transaction_and_a_bad_one_fails_alone(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    deliveries = Deliveries(till.db, till.clock, till.handlers)

    async def deliver(starts: Sequence[PaymentIntent]) -> list[bool]:
        """Each payment in a delivery of its own, all at the same time."""
        news = [[Outcome(one.payment_id, PaymentState.CAPTURED, 5000)] for one in starts]
        return await asyncio.gather(*(deliveries.settle(outcomes) for outcomes in news))

    good = [start() for _ in range(8)]
    await till.begin(good)
    assert await deliver(good) == [True] * 8
    assert deliveries.batcher.largest > 1
    mixed = [start() for _ in range(4)]
    await till.begin(mixed)
    till.shop.poison = mixed[2].payment_id
    assert await deliver(mixed) == [True, True, False, True]
    assert [state is PaymentState.CAPTURED for state in await till.states(mixed)] == [True, True, False, True]


async def test_a_slow_page_holds_up_no_other_at_a_provider_that_opens_one_with_each_call(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    slow, fast = start(), start()
    await till.begin([slow, fast])
    answered = asyncio.Event()
    create = till.provider.create

    async def one_by_one(starts: Sequence[PaymentIntent]) -> Any:
        assert len(starts) == 1
        if starts[0] is slow:
            await answered.wait()
        return await create(starts)

    till.provider.create, till.provider.opens_many = one_by_one, False
    checkout = Checkout(till.db, till.provider)
    waiting = asyncio.create_task(checkout.open(slow))
    page = await checkout.open(fast)
    assert isinstance(page, HostedPage)
    assert await till.states([slow, fast]) == [PaymentState.CREATED, PaymentState.PENDING]
    answered.set()
    assert isinstance(await waiting, HostedPage)
    assert await till.states([slow]) == [PaymentState.PENDING]


async def test_pages_are_opened_in_one_call_and_stored(till: Till, start: Callable[..., PaymentIntent]) -> None:
    starts = [start() for _ in range(3)]
    await till.begin(starts)
    answers = await Checkout(till.db, till.provider).open_many(starts)
    assert [answer.payment_id for answer in answers if isinstance(answer, HostedPage)] == [
        one.payment_id for one in starts
    ]
    assert till.provider.calls == [("create", 3)]
    payment = await reads.payment(till.conn, starts[0].payment_id)
    assert payment is not None
    assert payment.payment_url == f"https://pay.example/{payment.id}"


async def test_an_unreachable_provider_is_reported_and_soon_no_longer_called(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await till.begin([asked])
    checkout = Checkout(till.db, till.provider)
    till.provider.away = True
    for _ in range(5):
        assert await checkout.open(asked) == Refused(PaymentRefusal.PROVIDER_UNAVAILABLE)
    assert till.provider.calls == [("create", 1)] * 2


async def test_the_same_payment_can_be_tried_again_when_the_provider_is_back(
    till: Till, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await till.begin([asked])
    checkout = Checkout(till.db, till.provider)
    till.provider.away = True
    await checkout.open(asked)
    till.provider.away = False
    assert isinstance(await checkout.open(asked), HostedPage)
    assert await till.states([asked]) == [PaymentState.PENDING]
