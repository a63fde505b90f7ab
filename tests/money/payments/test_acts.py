import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from virage.money.payments import acts, reads
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import (
    Captured,
    Failed,
    HostedPage,
    Outcome,
    Payment,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    RefundAnswer,
    RefundRequest,
    RefundState,
)
from virage.platform.data import journal
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)


async def begun(db: Database, *starts: PaymentIntent) -> list[Payment | Refused]:
    async with db.transaction() as conn:
        return await acts.begin(conn, starts, NOW)


async def settle(db: Database, handlers: Handlers, *outcomes: Outcome) -> int:
    async with db.transaction() as conn:
        return len(await acts.settle(conn, outcomes, NOW, handlers))


async def refund(db: Database, *requests: RefundRequest) -> list[RefundRequest | Refused]:
    async with db.transaction() as conn:
        return await acts.request_refund(conn, requests, NOW)


async def stored(conn: Connection, start: PaymentIntent) -> Payment:
    payment = await reads.payment(conn, start.payment_id)
    assert payment is not None
    return payment


async def facts(conn: Connection) -> list[str]:
    return [entry.what for entry in await journal.read_after(conn, "0-0")]


def captured(start: PaymentIntent, cents: int | None = None, event_id: str | None = None) -> Outcome:
    return Outcome(
        start.payment_id, PaymentState.CAPTURED, start.amount_cents if cents is None else cents, None, event_id
    )


def ended(start: PaymentIntent, state: PaymentState = PaymentState.EXPIRED, reason: str | None = None) -> Outcome:
    return Outcome(start.payment_id, state, start.amount_cents, reason)


async def test_a_repeated_payment_never_waits_for_its_outcome(
    db: Database, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    (first,) = await begun(db, asked)
    async with asyncio.timeout(10), db.transaction() as conn:
        await acts.settle(conn, [captured(asked)], NOW, handlers)
        assert await begun(db, asked) == [first]


async def test_many_payments_begin_in_one_batch_each_with_its_answer(
    db: Database, conn: Connection, start: Callable[..., PaymentIntent]
) -> None:
    starts = [start(), start(amount_cents=0), start(amount_cents=1)]
    first, refused, last = await begun(db, *starts)
    assert isinstance(first, Payment)
    assert first.state is PaymentState.CREATED
    assert refused == Refused(PaymentRefusal.AMOUNT_INVALID)
    assert isinstance(last, Payment)
    assert last.amount_cents == 1


async def test_a_payment_begun_twice_is_begun_once(
    db: Database, conn: Connection, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    (first,) = await begun(db, asked)
    (again,) = await begun(db, asked)
    assert first == again
    assert await begun(db, start(payment_id=asked.payment_id)) == [Refused(PaymentRefusal.PAYMENT_ID_TAKEN)]


async def test_a_repeated_id_in_a_batch_is_one_payment(db: Database, start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    answers = await begun(db, asked, start(payment_id=asked.payment_id, amount_cents=1), asked)
    assert [isinstance(answer, Payment) for answer in answers] in ([True, False, True], [False, True, False])


async def test_an_opened_page_is_returned_again(db: Database, start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    await begun(db, asked)
    async with db.transaction() as conn:
        await acts.store_pages(conn, [HostedPage(asked.payment_id, "https://pay.example/1", "ref")])
    (again,) = await begun(db, asked)
    assert isinstance(again, Payment)
    assert (again.state, again.payment_url, again.provider_ref) == (
        PaymentState.PENDING,
        "https://pay.example/1",
        "ref",
    )


async def test_a_page_stored_after_the_capture_does_not_undo_it(
    db: Database, conn: Connection, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    await settle(db, handlers, captured(asked))
    async with db.transaction() as transaction:
        await acts.store_pages(transaction, [HostedPage(asked.payment_id, "https://pay.example/1", "ref")])
    payment = await stored(conn, asked)
    assert (payment.state, payment.captured_cents, payment.provider_ref) == (PaymentState.CAPTURED, 5000, "ref")


async def test_a_whole_delivery_reaches_the_handler_in_one_call(
    db: Database, handlers: Handlers, shop: Any, start: Callable[..., PaymentIntent], conn: Connection
) -> None:
    bought = [start() for _ in range(3)]
    declined = start()
    await begun(db, *bought, declined)
    await settle(
        db, handlers, *[captured(one) for one in bought], ended(declined, PaymentState.DECLINED, "card_declined")
    )
    assert shop.paid == [Captured(one.payment_id, one.subject, 5000) for one in bought]
    assert shop.lost == [Failed(declined.payment_id, declined.subject, PaymentState.DECLINED, "card_declined")]
    assert await facts(conn) == ["payment_captured"] * 3 + ["payment_declined"]


async def test_the_same_event_twice_has_one_effect(
    db: Database, conn: Connection, handlers: Handlers, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    assert await settle(db, handlers, captured(asked, event_id="evt_1"), captured(asked, event_id="evt_1")) == 1
    assert await settle(db, handlers, captured(asked, event_id="evt_1")) == 0
    assert len(shop.paid) == 1
    assert (await facts(conn)).count("payment_captured") == 1


async def test_webhook_and_reconciliation_at_once_settle_once(
    db: Database, handlers: Handlers, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    starts = [start() for _ in range(20)]
    await begun(db, *starts)
    news = [captured(one) for one in starts]
    steps = await asyncio.gather(*[settle(db, handlers, *order) for order in (news, news[::-1], news[5:], news[:15])])
    assert sum(steps) == 20
    assert sorted(one.payment_id for one in shop.paid) == sorted(one.payment_id for one in starts)


async def test_old_outcomes_after_a_capture_change_nothing(
    db: Database, conn: Connection, handlers: Handlers, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    await settle(db, handlers, captured(asked))
    before = await stored(conn, asked)
    assert await settle(db, handlers, ended(asked, PaymentState.DECLINED), ended(asked, PaymentState.EXPIRED)) == 0
    assert await stored(conn, asked) == before
    assert shop.lost == []


async def test_a_capture_after_abandoning_reaches_the_handler(
    db: Database, conn: Connection, handlers: Handlers, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    await settle(db, handlers, ended(asked))
    await settle(db, handlers, captured(asked))
    assert shop.paid == [Captured(asked.payment_id, asked.subject, 5000)]
    assert (await stored(conn, asked)).state is PaymentState.CAPTURED


async def test_a_capture_without_goods_is_refunded_in_the_same_transaction(
    db: Database, conn: Connection, handlers: Handlers, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    shop.has_goods = False
    await begun(db, asked)
    await settle(db, handlers, captured(asked))
    payment = await stored(conn, asked)
    assert (payment.state, payment.refund_cents) == (PaymentState.REFUNDING, 5000)
    assert [one.amount_cents for one in await reads.refunds_of(conn, [asked.payment_id])] == [5000]


async def test_a_wrong_amount_buys_nothing_and_is_refunded_in_full(
    db: Database, conn: Connection, handlers: Handlers, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    await settle(db, handlers, captured(asked, 4999))
    payment = await stored(conn, asked)
    assert (payment.state, payment.captured_cents, payment.refund_cents) == (PaymentState.REFUNDING, 4999, 4999)
    assert shop.paid == []
    assert [one.reason for one in shop.lost] == [PaymentRefusal.AMOUNT_MISMATCH]
    assert await facts(conn) == ["payment_amount_mismatch", "refund_requested"]


async def test_a_failing_handler_rolls_everything_back(
    db: Database, conn: Connection, handlers: Handlers, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    shop.poison = asked.payment_id
    with pytest.raises(RuntimeError):
        await settle(db, handlers, captured(asked))
    assert (await stored(conn, asked)).state is PaymentState.CREATED
    assert await facts(conn) == []


async def test_every_payment_of_a_subject_is_found(
    db: Database, conn: Connection, start: Callable[..., PaymentIntent]
) -> None:
    first = start()
    second = start(subject=first.subject)
    await begun(db, first)
    await begun(db, second, start())
    assert [one.id for one in await reads.of_subject(conn, first.subject)] == [first.payment_id, second.payment_id]


async def test_a_refund_asked_twice_is_one_refund(
    db: Database, conn: Connection, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    await settle(db, handlers, captured(asked))
    request = RefundRequest(new_id(), asked.payment_id, 2000)
    assert await refund(db, request) == [request]
    assert await refund(db, request, request) == [request, request]
    assert (await stored(conn, asked)).refund_cents == 2000
    assert await refund(db, RefundRequest(request.refund_id, asked.payment_id, 1)) == [
        Refused(PaymentRefusal.REFUND_ID_TAKEN)
    ]


async def test_concurrent_refunds_never_exceed_the_capture(
    db: Database, conn: Connection, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    await settle(db, handlers, captured(asked))
    answers = await asyncio.gather(*[refund(db, RefundRequest(new_id(), asked.payment_id, 1500)) for _ in range(8)])
    assert sum(isinstance(answer, RefundRequest) for (answer,) in answers) == 3
    assert (await stored(conn, asked)).refund_cents == 4500
    assert sum(one.amount_cents for one in await reads.refunds_of(conn, [asked.payment_id])) == 4500


async def test_two_payments_that_ask_with_one_refund_id_at_once_get_one_refund(
    db: Database, conn: Connection, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    starts = [start(), start()]
    await begun(db, *starts)
    await settle(db, handlers, *[captured(one) for one in starts])
    refund_id = new_id()
    await asyncio.gather(*[refund(db, RefundRequest(refund_id, one.payment_id, 5000)) for one in starts])
    payments = [await stored(conn, one) for one in starts]
    assert sorted(one.refund_cents for one in payments) == [0, 5000]


async def test_the_table_itself_refuses_more_refunds_than_were_captured(
    db: Database, conn: Connection, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    await settle(db, handlers, captured(asked))
    with pytest.raises(asyncpg.CheckViolationError):
        await conn.execute("update payments.payment set refund_cents = 5001")


async def test_a_payment_is_called_refunded_once_the_last_refund_is_confirmed(
    db: Database, conn: Connection, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await begun(db, asked)
    await settle(db, handlers, captured(asked))
    part, rest = (RefundRequest(new_id(), asked.payment_id, cents) for cents in (2000, 3000))

    async def confirm(request: RefundRequest) -> PaymentState:
        async with db.transaction() as transaction:
            answer = RefundAnswer(request.refund_id, RefundState.DONE)
            await acts.record_refunds(transaction, [answer], NOW, handlers)
        return (await stored(conn, asked)).state

    await refund(db, part)
    assert await confirm(part) is PaymentState.PARTLY_REFUNDED
    await refund(db, rest)
    assert (await stored(conn, asked)).state is PaymentState.REFUNDING
    assert await confirm(rest) is PaymentState.REFUNDED
    assert await confirm(rest) is PaymentState.REFUNDED
    assert (await facts(conn)).count("refund_done") == 2


async def test_an_abandoned_payment_expires_now(
    db: Database, conn: Connection, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    waiting, paid = start(), start()
    await begun(db, waiting, paid)
    await settle(db, handlers, captured(paid))
    async with db.transaction() as transaction:
        await acts.abandon(transaction, [waiting.payment_id, paid.payment_id], NOW)
    assert (await stored(conn, waiting)).expires_at == NOW
    assert (await stored(conn, paid)).expires_at == paid.expires_at


async def test_the_three_versions_of_a_payment_stay_on_one_page(
    conn: Connection, handlers: Handlers, start: Callable[..., PaymentIntent]
) -> None:
    starts = [start() for _ in range(200)]
    async with conn.transaction():
        await acts.begin(conn, starts, NOW)
    async with conn.transaction():
        pages = [HostedPage(one.payment_id, f"http://localhost:8001/pay/{one.payment_id}") for one in starts]
        await acts.store_pages(conn, pages)
    async with conn.transaction():
        await acts.settle(conn, [captured(one) for one in starts], NOW, handlers)
    await conn.execute("select pg_stat_force_next_flush()")
    statistics = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'payment'"
    updates, hot_updates = tuple(await conn.fetchrow(statistics) or ())
    assert updates == 400
    assert hot_updates >= 0.9 * updates
