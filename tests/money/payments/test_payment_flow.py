"""Virage and the sandbox together: a real database, a real process, HTTP between them."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import aiohttp
import msgspec
import pytest

from virage.money.payments import acts, reads
from virage.money.payments.checkout import Checkout, settle_all
from virage.money.payments.handlers import Handlers
from virage.money.payments.jobs import PaymentJobs
from virage.money.payments.provider import PaymentProvider
from virage.money.payments.rules import HostedPage, PaymentIntent, PaymentState, RefundRequest
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage_sandbox import signatures
from virage_sandbox.cards import Card
from virage_sandbox.wire import Delivery


class Till:
    """A shop with its provider, limited to payments."""

    def __init__(self, db: Database, clock: Any, provider: PaymentProvider, handlers: Handlers, buyer: Any) -> None:
        self.db = db
        self.clock = clock
        self.provider = provider
        self.handlers = handlers
        self.buyer = buyer
        self.checkout = Checkout(db, provider)
        self.jobs = PaymentJobs(db, clock, provider, handlers)

    async def open(self, asked: PaymentIntent) -> HostedPage:
        async with self.db.transaction() as conn:
            await acts.begin(conn, [asked], self.clock.now())
        page = await self.checkout.open(asked)
        assert isinstance(page, HostedPage)
        return page

    async def pay(self, asked: PaymentIntent, card: Card) -> str:
        async with self.buyer.post((await self.open(asked)).payment_url, json={"card": card}) as answer:
            state: str = (await answer.json())["state"]
            return state

    async def receive(self, events: Sequence[Any], secret: str) -> None:
        """A webhook as the route receives it: verified, then settled."""
        body = msgspec.json.encode(Delivery(list(events)))
        headers = {signatures.HEADER: signatures.sign(secret, body, int(time.time()))}
        outcomes = await self.provider.read_webhook(headers, body)
        assert isinstance(outcomes, list)
        assert await settle_all(self.db, self.clock, self.handlers, outcomes)

    async def state(self, asked: PaymentIntent) -> PaymentState:
        async with self.db.connection() as conn:
            payment = await reads.payment(conn, asked.payment_id)
        assert payment is not None
        return payment.state

    async def settle_later(self, by: timedelta = timedelta(seconds=11)) -> None:
        self.clock.advance(by)
        await self.jobs.reconcile(self.db)
        await self.jobs.send_refunds(self.db)


@pytest.fixture
def till(
    db: Database, clock: Any, sandbox_provider: SandboxProvider, handlers: Handlers, buyer: aiohttp.ClientSession
) -> Till:
    return Till(db, clock, sandbox_provider, handlers, buyer)


async def test_a_paid_card_reaches_the_handler_by_webhook(
    till: Till, sandbox: Any, listening_shop: Any, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    assert await till.pay(asked, Card.ACCEPTED) == "captured"
    assert await till.state(asked) is PaymentState.PENDING
    await till.receive(await listening_shop.next_events(), sandbox.settings.webhook_secret)
    assert await till.state(asked) is PaymentState.CAPTURED
    assert [one.payment_id for one in shop.paid] == [asked.payment_id]


@pytest.mark.parametrize("card", [Card.WEBHOOK_NEVER, Card.AMOUNT_WRONG, Card.REFUND_FAILS_FIRST])
async def test_every_capture_ends_in_goods_or_a_refund(
    till: Till, shop: Any, start: Callable[..., PaymentIntent], card: Card
) -> None:
    asked = start()
    shop.has_goods = card is Card.WEBHOOK_NEVER
    await till.pay(asked, card)
    await till.settle_later()
    await till.settle_later()
    if shop.has_goods:
        assert await till.state(asked) is PaymentState.CAPTURED
        assert [one.payment_id for one in shop.paid] == [asked.payment_id]
    else:
        assert await till.state(asked) is PaymentState.REFUNDED


async def test_an_abandoned_payment_can_no_longer_be_paid(till: Till, start: Callable[..., PaymentIntent]) -> None:
    asked = start()
    await till.open(asked)
    async with till.db.transaction() as conn:
        await acts.abandon(conn, [asked.payment_id], till.clock.now())
    await till.settle_later()
    assert await till.state(asked) is PaymentState.EXPIRED
    assert await till.pay(asked, Card.ACCEPTED) == "expired"


async def test_a_capture_that_races_abandoning_buys_goods_or_is_refunded(
    till: Till, shop: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    shop.has_goods = False
    await till.pay(asked, Card.WEBHOOK_NEVER)
    await till.settle_later(timedelta(minutes=11))
    assert [one.payment_id for one in shop.paid] == [asked.payment_id]
    assert await till.state(asked) is PaymentState.REFUNDED


async def test_a_partial_refund_reaches_the_bank_once(
    till: Till, sandbox: Any, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await till.pay(asked, Card.WEBHOOK_NEVER)
    await till.settle_later()
    request = RefundRequest(new_id(), asked.payment_id, 1200)
    async with till.db.transaction() as conn:
        await acts.request_refund(conn, [request], till.clock.now())
    await till.settle_later()
    await till.settle_later()
    assert await till.state(asked) is PaymentState.PARTLY_REFUNDED
    headers = {"authorization": f"Bearer {sandbox.settings.key}"}
    async with till.buyer.get(f"{sandbox.url}/v1/payments?state=captured", headers=headers) as answer:
        (status,) = (await answer.json())["payments"]
    assert status["refunded_cents"] == 1200
