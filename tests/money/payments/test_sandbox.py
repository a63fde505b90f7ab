"""The sandbox in a separate process, over HTTP: the behaviour of each card."""

import signal
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from virage.money.payments.provider import Unreachable
from virage.money.payments.rules import (
    DueRefund,
    HostedPage,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    Reference,
    RefundState,
)
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage_sandbox.cards import Card
from virage_sandbox.wire import Event, Stage


async def opened(provider: SandboxProvider, asked: PaymentIntent) -> str:
    (page,) = await provider.create([asked])
    assert isinstance(page, HostedPage)
    return page.payment_url


async def pay(buyer: aiohttp.ClientSession, url: str, card: str, code: str | None = None) -> Any:
    body = {"card": card} if code is None else {"card": card, "code": code}
    async with buyer.post(url, json=body) as answer:
        return await answer.json()


async def state(provider: SandboxProvider, payment_id: UUID) -> PaymentState:
    (outcome,) = await provider.fetch([Reference(payment_id)])
    return outcome.state


def due(asked: PaymentIntent, cents: int = 5000) -> DueRefund:
    return DueRefund(new_id(), asked.payment_id, cents, 0)


async def test_an_accepted_card_captures_and_the_shop_is_notified(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    asked = start()
    answer = await pay(buyer, await opened(sandbox_provider, asked), "4242 4242 4242 4242")
    assert answer == {"state": "captured", "return_url": f"https://club.example/orders/1?payment={asked.payment_id}"}
    (event,) = await listening_shop.next_events()
    assert (event.payment_id, event.state, event.amount_cents) == (asked.payment_id, Stage.CAPTURED, 5000)
    assert await state(sandbox_provider, asked.payment_id) is PaymentState.CAPTURED


@pytest.mark.parametrize(
    ("card", "reason"), [(Card.DECLINED, "card_declined"), (Card.INSUFFICIENT, "insufficient_funds")]
)
async def test_a_declined_card_captures_nothing_and_says_why(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
    *,
    card: Card,
    reason: str,
) -> None:
    asked = start()
    answer = await pay(buyer, await opened(sandbox_provider, asked), card)
    assert (answer["state"], answer["reason"]) == ("declined", reason)
    (event,) = await listening_shop.next_events()
    assert (event.state, event.reason) == (Stage.DECLINED, reason)


async def test_a_challenged_card_is_captured_by_the_code(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    asked = start()
    url = await opened(sandbox_provider, asked)
    assert (await pay(buyer, url, Card.CHALLENGE))["state"] == "challenged"
    assert await state(sandbox_provider, asked.payment_id) is PaymentState.PENDING
    assert (await pay(buyer, url, Card.CHALLENGE, "1234"))["state"] == "captured"
    (event,) = await listening_shop.next_events()
    assert event.state is Stage.CAPTURED


async def test_three_wrong_codes_decline(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    url = await opened(sandbox_provider, start())
    answers = [await pay(buyer, url, Card.CHALLENGE, "9999") for _ in range(3)]
    assert [answer["state"] for answer in answers] == ["challenged", "challenged", "declined"]
    (event,) = await listening_shop.next_events()
    assert event.reason == "challenge_failed"


async def test_a_payment_with_a_lost_answer_is_captured(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    asked = start()
    url = await opened(sandbox_provider, asked)
    with pytest.raises(aiohttp.ClientConnectionError):
        await pay(buyer, url, Card.ANSWER_LOST)
    (event,) = await listening_shop.next_events()
    assert (event.payment_id, event.state) == (asked.payment_id, Stage.CAPTURED)
    assert (await pay(buyer, url, Card.ANSWER_LOST))["state"] == "captured"


async def test_a_late_webhook_arrives_after_later_events(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    late, prompt = start(), start()
    await pay(buyer, await opened(sandbox_provider, late), Card.WEBHOOK_LATE)
    await pay(buyer, await opened(sandbox_provider, prompt), Card.ACCEPTED)
    arrived = [event.payment_id for _ in range(2) for event in await listening_shop.next_events()]
    assert arrived == [prompt.payment_id, late.payment_id]


async def test_a_doubled_webhook_brings_the_same_event_in_two_deliveries(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    await pay(buyer, await opened(sandbox_provider, start()), Card.WEBHOOK_TWICE)
    assert await listening_shop.next_events() == await listening_shop.next_events()


async def test_a_capture_without_a_webhook_is_found_by_fetching(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    silent, notified = start(), start()
    await pay(buyer, await opened(sandbox_provider, silent), Card.WEBHOOK_NEVER)
    await pay(buyer, await opened(sandbox_provider, notified), Card.ACCEPTED)
    assert [event.payment_id for event in await listening_shop.next_events()] == [notified.payment_id]
    assert await state(sandbox_provider, silent.payment_id) is PaymentState.CAPTURED


async def test_the_wrong_amount_card_captures_one_cent_less(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    await pay(buyer, await opened(sandbox_provider, start()), Card.AMOUNT_WRONG)
    (event,) = await listening_shop.next_events()
    assert (event.state, event.amount_cents) == (Stage.CAPTURED, 4999)


async def test_a_refund_that_fails_first_succeeds_the_second_time(
    sandbox_provider: SandboxProvider, buyer: aiohttp.ClientSession, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await pay(buyer, await opened(sandbox_provider, asked), Card.REFUND_FAILS_FIRST)
    refund = due(asked)
    assert [(answer.state, answer.reason) for answer in await sandbox_provider.refund([refund])] == [
        (RefundState.LATER, "bank_refused")
    ]
    assert [answer.state for answer in await sandbox_provider.refund([refund])] == [RefundState.DONE]


async def test_a_refund_sent_twice_is_paid_back_once(
    sandbox: Any, sandbox_provider: SandboxProvider, buyer: aiohttp.ClientSession, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    await pay(buyer, await opened(sandbox_provider, asked), Card.ACCEPTED)
    refund = due(asked, 3000)
    answers = [*await sandbox_provider.refund([refund, refund]), *await sandbox_provider.refund([refund])]
    assert [answer.state for answer in answers] == [RefundState.DONE] * 3
    assert [answer.reason for answer in await sandbox_provider.refund([due(asked, 2001)])] == ["exceeds_capture"]
    (status,) = (await listed(sandbox, buyer, "?state=captured"))["payments"]
    assert (status["captured_cents"], status["refunded_cents"]) == (5000, 3000)


async def test_a_payment_opened_twice_has_one_page_and_another_amount_is_refused(
    sandbox_provider: SandboxProvider, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    first, again = await sandbox_provider.create([asked, asked])
    assert first == again
    (refused,) = await sandbox_provider.create([start(payment_id=asked.payment_id, amount_cents=1)])
    assert isinstance(refused, Refused)
    assert refused.reason == PaymentRefusal.PAYMENT_ID_TAKEN


async def test_a_cancelled_payment_cannot_be_paid_and_a_paid_one_cannot_be_cancelled(
    sandbox_provider: SandboxProvider, buyer: aiohttp.ClientSession, start: Callable[..., PaymentIntent]
) -> None:
    over, paid, unknown = start(), start(), start()
    over_url = await opened(sandbox_provider, over)
    await pay(buyer, await opened(sandbox_provider, paid), Card.ACCEPTED)
    outcomes = await sandbox_provider.cancel([Reference(one.payment_id) for one in (over, paid, unknown)])
    assert [one.state for one in outcomes] == [PaymentState.EXPIRED, PaymentState.CAPTURED, PaymentState.EXPIRED]
    assert (await pay(buyer, over_url, Card.ACCEPTED))["state"] == "expired"


async def listed(sandbox: Any, buyer: aiohttp.ClientSession, query: str, key: str | None = None) -> Any:
    headers = {"authorization": f"Bearer {key or sandbox.settings.key}"}
    async with buyer.get(f"{sandbox.url}/v1/payments{query}", headers=headers) as answer:
        return await answer.json()


async def test_every_capture_is_listed_for_the_auditor(
    sandbox: Any, sandbox_provider: SandboxProvider, buyer: aiohttp.ClientSession, start: Callable[..., PaymentIntent]
) -> None:
    paid, waiting = start(), start()
    await pay(buyer, await opened(sandbox_provider, paid), Card.ACCEPTED)
    await opened(sandbox_provider, waiting)
    captures = (await listed(sandbox, buyer, "?state=captured"))["payments"]
    assert [one["id"] for one in captures] == [str(paid.payment_id)]
    assert len((await listed(sandbox, buyer, ""))["payments"]) == 2
    assert (await listed(sandbox, buyer, f"?after={waiting.payment_id}"))["payments"] == []


async def test_the_api_of_the_shop_requires_its_key(sandbox: Any, buyer: aiohttp.ClientSession) -> None:
    assert await listed(sandbox, buyer, "", "a wrong key") == {"error": "unauthenticated"}
    stranger = SandboxProvider(sandbox.url, "a wrong key", "", "EUR")
    with pytest.raises(Unreachable):
        await stranger.fetch([])
    await stranger.close()


async def test_malformed_requests_are_refused_and_change_nothing(sandbox: Any, buyer: aiohttp.ClientSession) -> None:
    unknown = f"{sandbox.url}/pay/{new_id()}"
    for url, body, status in [
        (unknown, b'{"card": "4242424242424242"}', 404),
        (f"{sandbox.url}/pay/nonsense", b"{}", 404),
        (f"{sandbox.url}/v1/payments", b"{", 401),
        (f"{sandbox.url}/elsewhere", b"", 404),
    ]:
        async with buyer.post(url, data=body, headers={"content-type": "application/json"}) as answer:
            assert answer.status == status
    shop = {"authorization": f"Bearer {sandbox.settings.key}", "content-type": "application/json"}
    for sent, status in [(b"{", 400), (BytesIO(b"x" * 1_100_000), 413)]:
        async with buyer.post(f"{sandbox.url}/v1/payments", data=sent, headers=shop) as answer:
            assert answer.status == status
    await sandbox.ready()


async def test_a_card_that_is_not_a_test_card_changes_nothing(
    sandbox_provider: SandboxProvider, buyer: aiohttp.ClientSession, start: Callable[..., PaymentIntent]
) -> None:
    asked = start()
    assert await pay(buyer, await opened(sandbox_provider, asked), "5555 5555 5555 4444") == {"error": "card_unknown"}
    assert await state(sandbox_provider, asked.payment_id) is PaymentState.PENDING


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_answered_requests_survive_the_end_of_the_process(
    sandbox: Any,
    sandbox_provider: SandboxProvider,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
    how: signal.Signals,
) -> None:
    paid, declined, waiting = start(), start(), start()
    await pay(buyer, await opened(sandbox_provider, paid), Card.ACCEPTED)
    await pay(buyer, await opened(sandbox_provider, declined), Card.DECLINED)
    url = await opened(sandbox_provider, waiting)
    refund = due(paid, 1000)
    await sandbox_provider.refund([refund])
    sandbox.end(how)
    sandbox.start()
    await sandbox.ready()
    states = [await state(sandbox_provider, one.payment_id) for one in (paid, declined, waiting)]
    assert states == [PaymentState.CAPTURED, PaymentState.DECLINED, PaymentState.PENDING]
    assert [answer.state for answer in await sandbox_provider.refund([refund])] == [RefundState.DONE]
    (status,) = (await listed(sandbox, buyer, "?state=captured"))["payments"]
    assert status["refunded_cents"] == 1000
    assert (await pay(buyer, url, Card.ACCEPTED))["state"] == "captured"


async def test_unconfirmed_events_are_delivered_after_a_restart(
    sandbox: Any,
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    asked = start()
    listening_shop.statuses = [500]
    await pay(buyer, await opened(sandbox_provider, asked), Card.ACCEPTED)
    await listening_shop.next_events()
    sandbox.end(signal.SIGKILL)
    sandbox.start()
    (event,) = await listening_shop.next_events()
    assert event.payment_id == asked.payment_id


async def test_a_refused_delivery_is_sent_again_until_it_is_confirmed(
    sandbox_provider: SandboxProvider,
    listening_shop: Any,
    buyer: aiohttp.ClientSession,
    start: Callable[..., PaymentIntent],
) -> None:
    listening_shop.statuses = [503, 500]
    asked = start()
    await pay(buyer, await opened(sandbox_provider, asked), Card.ACCEPTED)
    events: list[Event] = [event for _ in range(3) for event in await listening_shop.next_events()]
    assert {event.payment_id for event in events} == {asked.payment_id}
    assert len({event.id for event in events}) == 1


async def test_many_payments_are_created_in_one_call(
    sandbox_provider: SandboxProvider, start: Callable[..., PaymentIntent]
) -> None:
    starts = [start() for _ in range(256)]
    pages = await sandbox_provider.create(starts)
    assert [page.payment_id for page in pages if isinstance(page, HostedPage)] == [one.payment_id for one in starts]
