"""Shared parts of the ticketing tests: an event on sale, buyers with a browser, a provider in
memory.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from virage.app import domains
from virage.app.building import build
from virage.demo.venues.drawing import stadium
from virage.identity.people import acts as people
from virage.identity.people.rules.sign_in import Opening
from virage.identity.people.store import sessions
from virage.money.payments import configured
from virage.money.payments.accounts.rules import AccountReport, NewAccount
from virage.money.payments.provider import Unreachable
from virage.money.payments.rules import (
    DueRefund,
    HostedPage,
    Outcome,
    PaymentIntent,
    PaymentRefusal,
    PaymentState,
    Reference,
    RefundAnswer,
    RefundState,
)
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Tail
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.values.tokens import new_token
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application
from virage.platform.web.security import COOKIE
from virage.sale.ticketing import module as ticketing_module
from virage.sale.ticketing.acts import refunding
from virage.sale.ticketing.acts.holding import MembersWindows
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.reads.open_sales import OpenSales
from virage.sale.ticketing.routes.order_service import OrderService
from virage.sale.ticketing.rules.pricing import AreaPricing, PriceCategory, Pricing
from virage.sale.ticketing.rules.terms import Tariff
from virage.site.programme import acts as programme
from virage.site.programme.rules import EventRules, NewEvent, Organiser
from virage.site.venue.types import Venue

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
HOUR = timedelta(hours=1)
GOLD, BLUE = new_id(), new_id()
GOLD_BLOCK, BLUE_BLOCK, AREA = "113", "103", "PEL"
SITE = "https://virage.local"
PROCESSES = 3


class MemoryProvider:
    """A provider without a network: pages open at once, and the test triggers the payment."""

    name = "sandbox"
    opens_many = True

    async def open_account(self, new: NewAccount) -> AccountReport:
        """A new account, which may not charge yet."""
        self.opened.append(new)
        return AccountReport("acct_new", may_charge=False, may_pay_out=False)

    async def onboarding_url(self, account: str, _refresh_url: str, return_url: str) -> str:
        """An address of a form."""
        return f"https://form.example/{account}?to={return_url}"

    def __init__(self) -> None:
        self.started: dict[UUID, PaymentIntent] = {}
        self.refunded: dict[UUID, int] = {}
        self.opened: list[NewAccount] = []
        self.cards: dict[UUID, str] = {}
        self.away = False
        self.busy = False
        self.refunds_are = RefundState.DONE

    async def create(self, starts: Sequence[PaymentIntent]) -> Sequence[HostedPage | Refused]:
        if self.away:
            raise Unreachable("create")
        if self.busy:
            return [Refused(PaymentRefusal.PROVIDER_BUSY, {"retry_after_s": 3}) for _ in starts]
        self.started |= {start.payment_id: start for start in starts}
        return [HostedPage(start.payment_id, f"https://pay.example/{start.payment_id}") for start in starts]

    async def fetch(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        if self.away:
            raise Unreachable("fetch")
        return [
            Outcome(one.payment_id, PaymentState.CAPTURED, 0, card_ref=self.cards[one.payment_id])
            for one in references
            if one.payment_id in self.cards
        ]

    async def cancel(self, references: Sequence[Reference]) -> Sequence[Outcome]:
        return [Outcome(one.payment_id, PaymentState.EXPIRED, 0) for one in references]

    async def refund(self, refunds: Sequence[DueRefund]) -> Sequence[RefundAnswer]:
        self.refunded |= {refund.payment_id: refund.amount_cents for refund in refunds}
        return [RefundAnswer(refund.id, self.refunds_are) for refund in refunds]

    async def read_webhook(self, _headers: Mapping[str, str], body: bytes) -> Sequence[Outcome] | Refused:
        return msgspec.json.decode(body, type=list[Outcome])

    async def close(self) -> None:
        self.started.clear()


def a_pricing(**changes: Any) -> Pricing:
    """Two categories on two blocks, and a standing area of fifty places."""
    content: dict[str, Any] = {
        "categories": [
            PriceCategory(GOLD, {"fr": "Or", "en": "Gold"}, "#c9a227", prices_from(8000)),
            PriceCategory(BLUE, {"fr": "Bleu", "en": "Blue"}, "#14387f", prices_from(3000)),
        ],
        "blocks": {GOLD_BLOCK: GOLD, BLUE_BLOCK: BLUE},
        "areas": [AreaPricing(AREA, BLUE, 50)],
        "fee_cents": 150,
    }
    return Pricing(**(content | changes))


def prices_from(full: int) -> dict[Tariff, int]:
    return {Tariff.FULL: full, Tariff.CHILD: full // 4, Tariff.REDUCED: full // 2, Tariff.ACCESS: full // 2}


def a_match(organiser_id: UUID, **changes: Any) -> NewEvent:
    """A match tomorrow, on sale now."""
    starts = NOW + timedelta(days=1)
    content: dict[str, Any] = {
        "kind": "match",
        "title": {"fr": "Virage contre Visiteurs", "en": "Virage against Visitors"},
        "doors_at": starts - 2 * HOUR,
        "starts_at": starts,
        "ends_at": starts + 2 * HOUR,
        "sale_opens_at": NOW - HOUR,
        "sale_closes_at": starts + HOUR,
    }
    return NewEvent(id=new_id(), organiser_id=organiser_id, **(content | changes))


class Box:
    """One browser, signed in or not, and its requests at the box office."""

    def __init__(self, browser: httpx.AsyncClient, event_id: UUID) -> None:
        self.browser = browser
        self.event_id = event_id

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.browser.request(method, path, json=body, **options)

    async def hold(
        self, seats: dict[str, Any], order_id: UUID | None = None, joins: str | None = None
    ) -> httpx.Response:
        body = {"id": str(order_id or new_id()), "event_id": str(self.event_id), "seats": seats, "joins": joins}
        return await self.ask("POST", "/api/orders", body)

    async def best(self, full: int = 2, **more: Any) -> dict[str, Any]:
        party = {"full": full} | more.pop("party", {})
        answer = await self.hold({"kind": "best", "party": party, "category_id": str(GOLD)} | more)
        assert answer.status_code == 201, answer.text
        order: dict[str, Any] = answer.json()
        return order

    async def pay(self, order_id: str, payment_id: UUID | None = None) -> httpx.Response:
        return await self.ask("POST", f"/api/orders/{order_id}/payment", {"payment_id": str(payment_id or new_id())})


class Gates:
    """Presence at the gates, set by the test: since when the holder of a ticket is inside."""

    def __init__(self) -> None:
        self.inside: dict[UUID, datetime] = {}

    async def __call__(
        self,
        conn: Connection,  # noqa: ARG002 - required by the protocol
        event_id: UUID,  # noqa: ARG002 - required by the protocol
        ticket_ids: Sequence[UUID],
    ) -> Mapping[UUID, datetime]:
        return {id_: since for id_, since in self.inside.items() if id_ in ticket_ids}


class System:
    """The whole application with an event on sale; makes browsers and triggers payments."""

    def __init__(  # noqa: PLR0917 - all parts that a test may change
        self,
        app: Application,
        db: Database,
        clock: Clock,
        provider: MemoryProvider,
        order_service: OrderService,
        gates: Gates,
    ) -> None:
        self.app = app
        self.order_service = order_service
        self.db = db
        self.clock = clock
        self.provider = provider
        self.organiser_id = new_id()
        self.event_id = new_id()
        self.gates = gates
        self._browsers: list[httpx.AsyncClient] = []

    async def open(self, pricing: Pricing | None = None, venue: Venue | None = None, **changes: Any) -> UUID:
        """Put an event on sale, at the first venue or at another one; return its id."""
        now = self.clock.now()
        async with self.db.transaction() as conn:
            await programme.add_organiser(conn, Organiser(self.organiser_id, "The club"), None, now)
            venue_code = "stadium" if venue is None else venue.code
            new = replace(a_match(self.organiser_id, **changes), venue_code=venue_code)
            await programme.create(conn, new, None, now)
            await set_pricing(conn, new.id, pricing or a_pricing(), None, now)
            await programme.publish(conn, new.id, None, now)
        self.event_id = new.id
        return new.id

    def browser(self, token: str | None = None) -> Box:
        transport = httpx.ASGITransport(app=self.app)
        cookies = {} if token is None else {COOKIE: token}
        browser = httpx.AsyncClient(transport=transport, base_url=SITE, cookies=cookies)
        self._browsers.append(browser)
        return Box(browser, self.event_id)

    async def fan(self, email: str = "fan@example.org") -> Box:
        async with self.db.transaction() as conn:
            person_id = await people.ensure_fan(conn, email, None, self.clock.now())
            session = await people.open_session(conn, person_id, self.clock.now())
        return self.browser(session.token)

    async def staff(self, *grants: Grant, email: str = "office@example.org") -> Box:
        async with self.db.transaction() as conn:
            person_id = await people.ensure_staff(conn, email, None, grants, self.clock.now())
            session = await people.open_session(conn, person_id, self.clock.now())
        return self.browser(session.token)

    async def news(
        self, payment_id: UUID, state: PaymentState = PaymentState.CAPTURED, cents: int | None = None
    ) -> None:
        """Deliver the provider's notification about a payment."""
        started = self.provider.started[payment_id]
        account = None if started.direct is None else started.direct.account
        amount = started.amount_cents if cents is None else cents
        body = msgspec.json.encode([Outcome(payment_id, state, amount, account=account)])
        browser = self.browser().browser
        answer = await browser.post("/api/payments/webhooks/sandbox", content=body)
        assert answer.status_code == 204, answer.text

    async def bought(self, box: Box, **wish: Any) -> dict[str, Any]:
        """A paid order."""
        order = await box.best(**wish)
        payment_id = new_id()
        assert (await box.pay(order["id"], payment_id)).status_code == 200
        if order["total_cents"]:
            await self.news(payment_id)
        paid: dict[str, Any] = (await box.ask("GET", f"/api/orders/{order['id']}")).json()
        assert paid["state"] == "paid"
        return paid

    async def taken_over(self, session_id: UUID, email: str = "fan@example.org") -> str:
        """Sign in the browser of a guest's session; return its new token."""
        now, token = self.clock.now(), new_token()
        async with self.db.transaction() as conn:
            person_id = await people.ensure_fan(conn, email, None, now)
            opening = Opening(person_id, token, "", at=now, expires_at=now + timedelta(days=1))
            assert await sessions.take_over_session(conn, session_id, opening)
        return token

    async def cancel(self) -> None:
        """Cancel the event, as the programme does."""
        async with self.db.transaction() as conn:
            await programme.cancel(conn, self.event_id, None, self.clock.now(), [refunding.event_cancelled])

    def forget(self) -> None:
        """Make the application read the database again, as if its tail had caught up."""
        self.order_service.sales.forget(self.event_id)

    @staticmethod
    def is_reserved(seat: int) -> bool:
        """Whether a seat is a wheelchair space or the companion seat beside one."""
        return bool(stadium().features[seat] & 3)

    async def rows(self, query: str, *values: Any) -> list[Any]:
        async with self.db.connection() as conn:
            return await conn.fetch(query, *values)

    async def close(self) -> None:
        for browser in self._browsers:
            await browser.aclose()


@pytest.fixture
def provider() -> MemoryProvider:
    return MemoryProvider()


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> list[OrderService]:
    """The order services of the applications that are built."""
    made: list[OrderService] = []

    def make(db: Database, clock: Clock, sales: OpenSales, members_windows: MembersWindows) -> OrderService:
        made.append(OrderService(db, clock, sales, members_windows))
        return made[-1]

    monkeypatch.setattr(ticketing_module, "OrderService", make)
    return made


@pytest.fixture
async def app(  # noqa: PLR0917 - the parts of the application
    config: Config,
    db: Database,
    clock: Clock,
    provider: MemoryProvider,
    counters: list[OrderService],
    gates: Gates,
    monkeypatch: pytest.MonkeyPatch,
) -> Application:
    """The whole application, with the provider and the gates of the test."""
    monkeypatch.setattr(domains, "inside_since", gates)
    monkeypatch.setattr(domains, "lock_inside", gates)
    monkeypatch.setattr(configured, "SandboxProvider", lambda *_: provider)
    return build(config, db, clock)


@pytest.fixture
async def empty_system(  # noqa: PLR0917 - the parts of the system
    client: httpx.AsyncClient,  # keeps the application alive
    app: Application,
    db: Database,
    clock: Clock,
    provider: MemoryProvider,
    counters: list[OrderService],
    gates: Gates,
) -> AsyncIterator[System]:
    system = System(app, db, clock, provider, counters[-1], gates)
    yield system
    await system.close()


@pytest.fixture
async def system(empty_system: System) -> System:
    """The application with a match on sale."""
    await empty_system.open()
    return empty_system


@pytest.fixture
async def offices(db: Database, clock: Clock) -> AsyncIterator[list[OrderService]]:
    """The order services of several processes, which are synchronised only by the journal."""
    tails = [Tail(db) for _ in range(PROCESSES)]
    offices = [OrderService(db, clock, OpenSales(db, tail, clock)) for tail in tails]
    yield offices
    for office, tail in zip(offices, tails, strict=True):
        office.sales.close()
        await tail.close()


def named() -> EventRules:
    """House rules of an event with names on its tickets."""
    return EventRules(named_tickets=True)


def block_seats(code: str) -> range:
    """The places of a block."""
    venue = stadium()
    block = venue.blocks[venue.block_index[code]]
    return range(block.first_seat, block.first_seat + block.seat_count)
