"""Fixtures: a recording handler, an in-memory provider, a sandbox process."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
import pytest
from aiohttp import web

from tests.ports import free_ports
from virage.money.payments import acts
from virage.money.payments.handlers import Handlers
from virage.money.payments.provider import Unreachable
from virage.money.payments.rules import (
    Captured,
    Charge,
    DisputeChange,
    DueRefund,
    Failed,
    FailedRefund,
    HostedPage,
    News,
    NewSavedCard,
    Outcome,
    PaymentIntent,
    PaymentState,
    Processing,
    Reference,
    RefundAnswer,
    RefundRequest,
    RefundState,
)
from virage.money.payments.sandbox_provider import SandboxProvider
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage_sandbox import Settings, signatures, wire

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
WEBHOOK_SECRET = "the secret of the tests' webhooks"
KEY = "the key of the tests"


class Shop:
    """Handler that records its calls and refunds late captures."""

    def __init__(self) -> None:
        self.paid: list[Captured] = []
        self.debited: list[Processing] = []
        self.lost: list[Failed] = []
        self.refunds_lost: list[FailedRefund] = []
        self.disputed_with: list[DisputeChange] = []
        self.disputes_won: list[DisputeChange] = []
        self.has_goods = True
        self.poison: UUID | None = None

    async def captured(self, conn: Connection, payments: Sequence[Captured], now: datetime) -> None:
        if any(payment.payment_id == self.poison for payment in payments):
            raise RuntimeError("the goods cannot be made")
        self.paid += payments
        if not self.has_goods:
            refunds = [RefundRequest(new_id(), payment.payment_id, payment.amount_cents) for payment in payments]
            await acts.request_refund(conn, refunds, now)

    async def processing(self, conn: Connection, payments: Sequence[Processing], now: datetime) -> None:  # noqa: ARG002 - the protocol's form
        self.debited += payments

    async def failed(self, conn: Connection, payments: Sequence[Failed], now: datetime) -> None:  # noqa: ARG002 - the protocol's form
        self.lost += payments

    async def refunds_failed(self, conn: Connection, refunds: Sequence[FailedRefund], now: datetime) -> None:  # noqa: ARG002 - as above
        self.refunds_lost += refunds

    async def disputed(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:  # noqa: ARG002 - as above
        self.disputed_with += disputes

    async def dispute_won(self, conn: Connection, disputes: Sequence[DisputeChange], now: datetime) -> None:  # noqa: ARG002 - as above
        self.disputes_won += disputes

    async def lock(self, conn: Connection, subjects: Sequence[UUID]) -> None:
        """No lock: the shop has no tables."""


class MemoryProvider:
    """In-memory provider with answers set by the test."""

    name = "sandbox"
    opens_many = True

    def __init__(self) -> None:
        self.states: dict[UUID, Outcome] = {}
        self.calls: list[tuple[str, int]] = []
        self.refunded: dict[UUID, int] = {}
        self.refusals_left = 0
        self.away = False

    def _called(self, what: str, count: int) -> None:
        self.calls.append((what, count))
        if self.away:
            raise Unreachable(what)

    async def create(self, starts: Sequence[PaymentIntent]) -> Sequence[HostedPage | Refused]:
        self._called("create", len(starts))
        return [HostedPage(start.payment_id, f"https://pay.example/{start.payment_id}") for start in starts]

    async def keep(self, methods: Sequence[NewSavedCard]) -> Sequence[HostedPage | Refused]:
        self._called("keep", len(methods))
        return [HostedPage(method.method_id, f"https://pay.example/{method.method_id}") for method in methods]

    async def charge(self, charges: Sequence[Charge]) -> Sequence[Outcome]:
        self._called("charge", len(charges))
        return [self.states[one.payment_id] for one in charges if one.payment_id in self.states]

    async def forget(self, cards: Sequence[Reference]) -> None:
        self._called("forget", len(cards))

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        self._called("fetch", len(references))
        return [self.states[one.payment_id] for one in references if one.payment_id in self.states]

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        self._called("cancel", len(references))
        return [
            self.states.get(one.payment_id) or Outcome(one.payment_id, PaymentState.EXPIRED, 0) for one in references
        ]

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        self._called("refund", len(refunds))
        if self.refusals_left:
            self.refusals_left -= 1
            return [RefundAnswer(refund.id, RefundState.LATER, "bank_refused") for refund in refunds]
        self.refunded |= {refund.id: refund.amount_cents for refund in refunds}
        return [RefundAnswer(refund.id, RefundState.DONE) for refund in refunds]

    async def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[News] | Refused:  # noqa: ARG002 - as above
        return msgspec.json.decode(body, type=list[Outcome])

    async def defects(self, webhook_url: str) -> Sequence[str]:  # noqa: ARG002 - as above
        return []

    async def close(self) -> None:
        self.states.clear()


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def handlers(shop: Shop) -> Handlers:
    return Handlers({"order": shop})


@pytest.fixture
def provider() -> MemoryProvider:
    return MemoryProvider()


@pytest.fixture
def start() -> Callable[..., PaymentIntent]:
    """A payment of 50 euros for an order, unless the test says otherwise."""

    def make(**changes: Any) -> PaymentIntent:
        values: dict[str, Any] = {
            "payment_id": new_id(),
            "purpose": "order",
            "subject": new_id(),
            "amount_cents": 5000,
            "return_url": "https://club.example/orders/1",
            "expires_at": NOW + timedelta(minutes=10),
        }
        return PaymentIntent(**(values | changes))

    return make


class ListeningShop:
    """The shop's webhook endpoint, over real HTTP: it checks every signature, and responds as the
    test sets.
    """

    def __init__(self) -> None:
        self.deliveries: asyncio.Queue[list[wire.Event]] = asyncio.Queue()
        self.statuses: list[int] = []
        self.url = ""

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        header = request.headers[signatures.HEADER]
        assert signatures.verify(WEBHOOK_SECRET, body, header, datetime.now(UTC).timestamp())
        status = self.statuses.pop(0) if self.statuses else 204
        await self.deliveries.put(msgspec.json.decode(body, type=wire.Delivery).events)
        return web.Response(status=status)

    async def next_events(self) -> list[wire.Event]:
        async with asyncio.timeout(20):
            return await self.deliveries.get()


@pytest.fixture
async def listening_shop() -> AsyncIterator[ListeningShop]:
    shop = ListeningShop()
    application = web.Application()
    application.router.add_post("/webhooks", shop.receive)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks"
    yield shop
    await runner.cleanup()


class SandboxProcess:
    """A sandbox as in production: its own process, killed and restarted by the test."""

    def __init__(self, folder: Path, webhook_url: str) -> None:
        self.url = f"http://127.0.0.1:{free_ports(1)[0]}"
        self.settings = Settings(
            self.url, KEY, WEBHOOK_SECRET, webhook_url, str(folder), "Club", late_s=0.3, debit_s=0.3
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = (
            "import sys, msgspec; from virage_sandbox import Settings, run;"
            "run(msgspec.json.decode(sys.argv[1], type=Settings))"
        )
        arguments = [sys.executable, "-c", program, msgspec.json.encode(self.settings).decode()]
        self._process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, env=dict(os.environ))  # noqa: S603 - our own

    async def ready(self) -> None:
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(self.url + "/healthz") as answer:
                        assert answer.status == 200
                        return
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.02)

    def end(self, how: int = signal.SIGTERM) -> int:
        process = self._process
        assert process is not None
        process.send_signal(how)
        self._process = None
        return process.wait(20)

    def stop(self) -> None:
        if self._process is not None:
            self.end(signal.SIGKILL)


@pytest.fixture
def make_sandbox(tmp_path: Path) -> Iterator[Callable[[str], SandboxProcess]]:
    made: list[SandboxProcess] = []

    def make(webhook_url: str) -> SandboxProcess:
        process = SandboxProcess(tmp_path / "sandbox", webhook_url)
        made.append(process)
        process.start()
        return process

    yield make
    for process in made:
        process.stop()


@pytest.fixture
async def sandbox(make_sandbox: Callable[[str], SandboxProcess], listening_shop: ListeningShop) -> SandboxProcess:
    process = make_sandbox(listening_shop.url)
    await process.ready()
    return process


@pytest.fixture
async def sandbox_provider(sandbox: SandboxProcess) -> AsyncIterator[SandboxProvider]:
    provider = SandboxProvider(sandbox.url, KEY, WEBHOOK_SECRET, "EUR")
    yield provider
    await provider.close()


@pytest.fixture
async def buyer() -> AsyncIterator[aiohttp.ClientSession]:
    """A buyer: pays at the hosted page, and does not follow redirects."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
