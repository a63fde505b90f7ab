"""Shared parts of the tests of draws: an event that is not on sale yet, entrants with cards, and the job of draws."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
import pytest

from tests.conftest import FakeClock
from tests.sale.cards import CardProvider
from tests.sale.ticketing.conftest import (
    BLUE,
    GOLD,
    HOUR,
    NOW,
    Box,
    System,
    app,
    counters,
    empty_system,
    gates,
)
from virage.app.domains import payment_handlers
from virage.matchday.access.api import is_banned
from virage.money.payments.rules import Outcome, PaymentState
from virage.platform.data.singletons import Fenced
from virage.platform.settings.config import Config
from virage.platform.values.derivation import derive
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.draws.acts.setup import DrawKeys
from virage.sale.draws.jobs import DrawJobs
from virage.sale.draws.module import PURPOSE

__all__ = ["app", "counters", "empty_system", "gates"]

CLOSES, DRAWS, ENDS = NOW + HOUR, NOW + 2 * HOUR, NOW + 72 * HOUR
MATCH = NOW + timedelta(days=30)


class Entrant:
    """A person with a browser and a card."""

    def __init__(self, box: Box, email: str) -> None:
        self.box = box
        self.email = email
        self.method_id = new_id()


class Lottery:
    """The draw of the event, its office, its entrants and its job."""

    def __init__(self, system: System, config: Config, clock: FakeClock, provider: CardProvider) -> None:
        self.system, self.clock, self.provider = system, clock, provider
        self.draw_id = new_id()
        self.keys = DrawKeys(derive(config.secret, PURPOSE), (derive(config.secret, PURPOSE),))
        self.jobs = DrawJobs(
            system.db,
            config,
            clock,
            self.keys,
            provider=cast("Any", provider),
            handlers=payment_handlers(config),
            is_banned=is_banned,
        )
        self.office_path = f"/api/office/events/{system.event_id}/draw"
        self.path = f"/api/events/{system.event_id}/draw"

    async def office(self) -> Box:
        """A browser of the club's office, signed in just now."""
        return await self.system.staff(Grant("programme", "organiser", self.system.organiser_id))

    def content(self, offered: Sequence[tuple[UUID, int | None, int | None]], **changes: Any) -> dict[str, Any]:
        content: dict[str, Any] = {
            "id": str(self.draw_id),
            "quotas": [
                {"category_id": str(id_), "places": places, "spaces": spaces} for id_, places, spaces in offered
            ],
            "closes_at": CLOSES.isoformat(),
            "draws_at": DRAWS.isoformat(),
            "ends_at": ENDS.isoformat(),
        }
        return content | changes

    async def set_up(self, *quotas: tuple[UUID, int | None, int | None], **changes: Any) -> httpx.Response:
        return await (await self.office()).ask("PUT", self.office_path, self.content(quotas, **changes))

    async def step(self, step: str, revision: int | None = None, **more: Any) -> httpx.Response:
        seen = (await self.seen_by_office())["draw"]["revision"] if revision is None else revision
        return await (await self.office()).ask(
            "POST", f"{self.office_path}/steps", {"step": step, "revision": seen} | more
        )

    async def opened(self, *quotas: tuple[UUID, int | None, int | None], **changes: Any) -> None:
        stored = await self.set_up(*quotas, **changes)
        assert stored.status_code == 200, stored.text
        answer = await self.step("open")
        assert answer.status_code == 200, answer.text

    async def seen_by_office(self) -> dict[str, Any]:
        answer = await (await self.office()).ask("GET", self.office_path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def fan(self, email: str) -> Entrant:
        return Entrant(await self.system.fan(email), email)

    async def ask(self, entrant: Entrant, wishes: Sequence[UUID] = (GOLD,), **changes: Any) -> httpx.Response:
        body = {
            "party": {"full": 2},
            "wishes": [str(category) for category in wishes],
            "method_id": str(entrant.method_id),
            "consents": True,
        }
        return await entrant.box.ask("PUT", f"{self.path}/entry", body | changes)

    async def save_card(self, entrant: Entrant, state: PaymentState = PaymentState.CAPTURED) -> None:
        """Let the provider say that the card is saved."""
        body = msgspec.json.encode([Outcome(entrant.method_id, state, 0, label="Visa •••• 4242")])
        answer = await self.system.browser().browser.post("/api/payments/webhooks/sandbox", content=body)
        assert answer.status_code == 204, answer.text

    async def entered(
        self, email: str, wishes: Sequence[UUID] = (GOLD,), *, declines: str | None = None, **changes: Any
    ) -> Entrant:
        """A person who has entered with a saved card, which declines for a reason when it is charged."""
        entrant = await self.fan(email)
        answer = await self.ask(entrant, wishes, **changes)
        assert answer.status_code == 200, answer.text
        if declines is not None:
            self.provider.declines[entrant.method_id] = declines
        await self.save_card(entrant)
        return entrant

    async def public(self, entrant: Entrant | None = None) -> dict[str, Any]:
        box = self.system.browser() if entrant is None else entrant.box
        answer = await box.ask("GET", self.path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["draw"]
        return found

    async def mine(self, entrant: Entrant) -> dict[str, Any]:
        found: dict[str, Any] = (await self.public(entrant))["mine"]
        return found

    async def run(self) -> None:
        """Let the job take the draw as far as it can go, with the fenced database that a worker gives it."""
        async with self.system.db.transaction() as conn:
            await conn.execute(
                "insert into kernel.singleton (name, fence) values ('draws.run', 1) on conflict do nothing"
            )
        await self.jobs.run(Fenced(self.system.db, "draws.run", 1))

    async def drawn(self) -> None:
        """Let the time to enter pass, and the draw be made, seated and charged."""
        await self.run()
        self.clock.advance(2 * HOUR)
        await self.run()

    async def file(self, name: str) -> httpx.Response:
        return await self.system.browser().ask("GET", f"/api/draws/{self.draw_id}/{name}")

    async def kinds(self, *kinds: str) -> list[str]:
        """The kinds of the emails about draws, in order."""
        rows = await self.system.rows("select kind from people.letter where kind like 'draw%' order by queued_at, id")
        return [row["kind"] for row in rows if not kinds or row["kind"] in kinds]


@pytest.fixture
def provider() -> CardProvider:
    return CardProvider()


@pytest.fixture
async def lottery(empty_system: System, config: Config, clock: FakeClock, provider: CardProvider) -> Lottery:
    """An event in a month that goes on public sale in three days, without a draw yet."""
    await empty_system.open(
        starts_at=MATCH,
        doors_at=MATCH - 2 * HOUR,
        ends_at=MATCH + 2 * HOUR,
        sale_opens_at=NOW + 48 * HOUR,
        sale_closes_at=MATCH,
    )
    return Lottery(empty_system, config, clock, provider)


__all__ += ["BLUE", "GOLD", "HOUR", "NOW"]
