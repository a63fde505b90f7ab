import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from virage.app import domains
from virage.app.building import build
from virage.money.payments import acts, reads
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import PaymentIntent, PaymentState
from virage.money.payments.settings import PaymentSettings
from virage.platform.data.database import Connection, Database
from virage.platform.web.http import Application
from virage_sandbox import signatures
from virage_sandbox.wire import Delivery, Event, Stage

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
PATH = "/api/payments/webhooks/sandbox"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, config: Any, db: Database, clock: Any, handlers: Handlers) -> Application:
    """The whole application, with the test shop's payments."""
    monkeypatch.setattr(domains, "payment_handlers", lambda _config: handlers)
    return build(config, db, clock)


@pytest.fixture
async def asked(db: Database, start: Callable[..., PaymentIntent]) -> PaymentIntent:
    made = start(expires_at=NOW + timedelta(minutes=10))
    async with db.transaction() as conn:
        await acts.begin(conn, [made], NOW)
    return made


def news_of(*starts: PaymentIntent, count: int = 1) -> bytes:
    events = [Event(f"evt_{n}", one.payment_id, Stage.CAPTURED, 5000) for one in starts for n in range(count)]
    return msgspec.json.encode(Delivery(events))


async def deliver(client: httpx.AsyncClient, body: bytes, secret: str, at_s: float | None = None) -> Any:
    header = signatures.sign(secret, body, int(time.time() if at_s is None else at_s))
    headers = {signatures.HEADER: header, "content-type": "application/json"}
    return await client.post(PATH, content=body, headers=headers)


async def state(conn: Connection, asked: PaymentIntent) -> PaymentState:
    payment = await reads.payment(conn, asked.payment_id)
    assert payment is not None
    return payment.state


async def test_a_signed_delivery_settles_its_payments(
    client: httpx.AsyncClient, config: Any, conn: Connection, shop: Any, asked: PaymentIntent
) -> None:
    answer = await deliver(client, news_of(asked), config.of(PaymentSettings).sandbox_webhook_secret)
    assert answer.status_code == 204
    assert await state(conn, asked) is PaymentState.CAPTURED
    assert [one.payment_id for one in shop.paid] == [asked.payment_id]


async def test_the_same_delivery_again_is_harmless(
    client: httpx.AsyncClient, config: Any, shop: Any, asked: PaymentIntent
) -> None:
    for _ in range(2):
        answer = await deliver(client, news_of(asked), config.of(PaymentSettings).sandbox_webhook_secret)
        assert answer.status_code == 204
    assert len(shop.paid) == 1


async def test_a_delivery_with_a_wrong_signature_changes_nothing(
    client: httpx.AsyncClient, conn: Connection, asked: PaymentIntent
) -> None:
    answer = await deliver(client, news_of(asked), "another secret")
    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
    assert await state(conn, asked) is PaymentState.CREATED


async def test_a_delivery_without_a_signature_changes_nothing(
    client: httpx.AsyncClient, conn: Connection, asked: PaymentIntent
) -> None:
    answer = await client.post(PATH, content=news_of(asked))
    assert answer.status_code == 401
    assert await state(conn, asked) is PaymentState.CREATED


async def test_an_old_delivery_changes_nothing(
    client: httpx.AsyncClient, config: Any, conn: Connection, asked: PaymentIntent
) -> None:
    answer = await deliver(client, news_of(asked), config.of(PaymentSettings).sandbox_webhook_secret, time.time() - 301)
    assert answer.status_code == 401
    assert await state(conn, asked) is PaymentState.CREATED


async def test_a_large_delivery_is_taken_and_a_huge_one_is_not(
    client: httpx.AsyncClient, config: Any, conn: Connection, asked: PaymentIntent
) -> None:
    huge = await deliver(client, news_of(asked, count=10_000), config.of(PaymentSettings).sandbox_webhook_secret)
    assert huge.status_code == 413
    assert await state(conn, asked) is PaymentState.CREATED
    large = await deliver(client, news_of(asked, count=5_000), config.of(PaymentSettings).sandbox_webhook_secret)
    assert large.status_code == 204
    assert await state(conn, asked) is PaymentState.CAPTURED


async def test_a_signed_body_that_is_no_delivery_is_refused(client: httpx.AsyncClient, config: Any) -> None:
    answer = await deliver(client, b'{"events": [{}]}', config.of(PaymentSettings).sandbox_webhook_secret)
    assert answer.status_code == 400


@pytest.mark.parametrize(("cents", "status"), [(0, 204), (-1, 400), (2**63, 400), (10**30, 400)])
async def test_a_signed_invalid_amount_moves_nothing(  # noqa: PLR0917 - the parts of a delivery
    client: httpx.AsyncClient, config: Any, conn: Connection, asked: PaymentIntent, cents: int, status: int
) -> None:
    body = news_of(asked).replace(b'"amount_cents":5000', b'"amount_cents":%d' % cents)
    assert (await deliver(client, body, config.of(PaymentSettings).sandbox_webhook_secret)).status_code == status
    assert await state(conn, asked) is PaymentState.CREATED


async def test_a_delivery_that_was_not_fully_settled_is_requested_again(
    client: httpx.AsyncClient, config: Any, conn: Connection, shop: Any, asked: PaymentIntent
) -> None:
    shop.poison = asked.payment_id
    answer = await deliver(client, news_of(asked), config.of(PaymentSettings).sandbox_webhook_secret)
    assert answer.status_code == 500
    assert await state(conn, asked) is PaymentState.CREATED
