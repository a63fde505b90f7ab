"""Instalments: agreed with the first payment, charged on their dates, declined, paid by page, and what may happen."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import pytest

from tests.conftest import FakeClock
from tests.sale.cards import CardProvider
from tests.sale.packages.conftest import Season
from tests.sale.ticketing.conftest import HOUR, Box, System
from virage.app.domains import payment_handlers
from virage.money.payments.jobs import PaymentJobs
from virage.money.payments.rules import Outcome, PaymentState
from virage.platform.data.singletons import Fenced
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.sale.packages.jobs import InstalmentJobs
from virage.sale.packages.rules.terms import Package
from virage.sale.ticketing.acts.holding import expire

DAY = timedelta(days=1)
PART = 2 * 2 * 6400
"""What two of six matches cost two adults, in cents."""


class Club(Season):
    """A season of six matches three weeks apart, the job of instalments, and a provider that saves cards."""

    def __init__(self, system: System, config: Config, clock: FakeClock, provider: CardProvider) -> None:
        super().__init__(system)
        self.clock, self.provider = clock, provider
        handlers = payment_handlers(config)
        self.jobs = InstalmentJobs(system.db, config, clock, provider=cast("Any", provider), handlers=handlers)
        self.payments = PaymentJobs(system.db, clock, cast("Any", provider), handlers)

    async def open(self, count: int = 6, **changes: Any) -> None:
        now = self.clock.now()
        for number in range(count):
            starts = now + DAY + 21 * DAY * number
            times = {"doors_at": starts - 2 * HOUR, "starts_at": starts, "ends_at": starts + 2 * HOUR}
            times |= {"sale_opens_at": now - HOUR, "sale_closes_at": starts + HOUR}
            self.events.append(await self.system.open(**(times | changes)))

    async def sold(self, **changes: Any) -> Package:
        """A package that may be paid in three parts, thirty days apart."""
        return await self.package(**({"instalments_max": 3} | changes))

    async def agree(
        self, box: Box, held: dict[str, Any], parts: int = 3, method_id: UUID | None = None, **changes: Any
    ) -> httpx.Response:
        body = {"payment_id": str(new_id()), "parts": parts, "method_id": str(method_id or new_id()), "consents": True}
        return await box.ask("POST", f"/api/subscriptions/{held['id']}/payment", body | changes)

    async def save_card(self, method_id: UUID, state: PaymentState = PaymentState.CAPTURED) -> None:
        """Let the provider say that the card is saved."""
        body = msgspec.json.encode([Outcome(method_id, state, 0, label="Visa •••• 4242")])
        answer = await self.system.browser().browser.post("/api/payments/webhooks/sandbox", content=body)
        assert answer.status_code == 204, answer.text

    async def begun(self, box: Box, package: Package | None = None, parts: int = 3) -> tuple[dict[str, Any], UUID]:
        """A subscription whose first part is paid, with its saved card."""
        held, method_id = await self.held(box, package or await self.sold()), new_id()
        answer = await self.agree(box, held, parts, method_id)
        assert answer.status_code == 200, answer.text
        await self.save_card(method_id)
        await self.run()
        return held, method_id

    async def run(self) -> None:
        """Let the job take all instalments as far as they can go, with the fenced database that a worker gives it."""
        async with self.system.db.transaction() as conn:
            await conn.execute(
                "insert into kernel.singleton (name, fence) values ('packages.instalments', 1) on conflict do nothing"
            )
        await self.jobs.run(Fenced(self.system.db, "packages.instalments", 1))

    async def after(self, days: float) -> None:
        """Let days pass, and the job run."""
        self.clock.advance(days * DAY)
        async with self.system.db.transaction() as conn:
            await expire(conn, self.clock.now(), 1000, everything=True)
        await self.run()

    async def states(self, box: Box, held: dict[str, Any]) -> list[str]:
        return [part["state"] for part in (await self.seen(box, held))["instalments"]["parts"]]

    async def orders(self, box: Box, held: dict[str, Any]) -> list[str]:
        return [event["order"]["state"] for event in (await self.seen(box, held))["events"]]

    async def emails(self) -> list[str]:
        """The kinds of the emails about instalments and receipts, in order."""
        rows = await self.system.rows("select kind from people.letter order by queued_at, id")
        return [row["kind"] for row in rows if row["kind"].startswith(("instalment", "bundle"))]


@pytest.fixture
def provider() -> CardProvider:
    return CardProvider()


@pytest.fixture
async def club(empty_system: System, config: Config, clock: FakeClock, provider: CardProvider) -> Club:
    club = Club(empty_system, config, clock, provider)
    await club.open()
    return club


async def test_a_season_is_paid_in_three_parts_each_with_its_tickets_and_its_receipt(club: Club) -> None:
    fan = await club.system.fan()
    held = await club.held(fan, await club.sold())
    assert [[part["cents"] for part in choice] for choice in held["choices"]] == [[3 * 12800] * 2, [PART] * 3]
    method_id = new_id()
    answer = await club.agree(fan, held, 3, method_id)
    assert answer.json()["payment_url"] == f"https://card.example/{method_id}"
    await club.run()
    assert await club.states(fan, held) == ["charging", "unpaid", "unpaid"]
    assert club.provider.charged == {}
    await club.save_card(method_id)
    await club.run()
    assert await club.states(fan, held) == ["paid", "planned", "planned"]
    assert await club.orders(fan, held) == ["paid", "paid", "held", "held", "held", "held"]
    await club.after(29)
    assert await club.emails() == ["bundle_paid", "instalment_due"]
    await club.after(1)
    assert await club.states(fan, held) == ["paid", "paid", "planned"]
    await club.after(28)
    await club.after(2)
    assert await club.orders(fan, held) == ["paid"] * 6
    assert sorted(club.provider.charged.values()) == [PART] * 3
    assert len((await fan.ask("GET", "/api/me/tickets")).json()) == 12
    assert await club.emails() == ["bundle_paid", "instalment_due", "bundle_paid", "instalment_due", "bundle_paid"]
    seen = await club.seen(fan, held)
    assert (seen["state"], seen["instalments"]["card"]) == ("paid", "Visa •••• 4242")
