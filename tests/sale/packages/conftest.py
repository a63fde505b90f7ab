"""Shared parts of the packages tests: a club with six matches at its stadium, and packages of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.sale.ticketing.conftest import (
    GOLD,
    HOUR,
    Box,
    System,
    app,
    counters,
    empty_system,
    gates,
    provider,
)
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.sale.packages.acts.packages import set_package
from virage.sale.packages.rules.terms import Package, PackageContent
from virage.sale.ticketing.acts import refunding
from virage.site.programme import acts as programme

__all__ = ["app", "counters", "empty_system", "gates", "provider"]

PRICE = 8000
"""The price of an adult in the category Gold of the ticketing tests, in cents."""


class Season:
    """Six matches, one a week, of which only the first is on public sale yet, and the packages of them."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.events: list[UUID] = []

    async def open(self, count: int = 6, **changes: Any) -> None:
        """Put matches on sale."""
        now = self.system.clock.now()
        for week in range(count):
            starts = now + timedelta(days=1 + 7 * week)
            event_id = await self.system.open(
                doors_at=starts - 2 * HOUR,
                starts_at=starts,
                ends_at=starts + 2 * HOUR,
                sale_opens_at=now - HOUR if week == 0 else now + timedelta(days=7 * week),
                sale_closes_at=starts + HOUR,
                **changes,
            )
            self.events.append(event_id)

    def content(self, **changes: Any) -> PackageContent:
        """A pack of all matches at a discount of a fifth, on sale now."""
        now = self.system.clock.now()
        content: dict[str, Any] = {
            "kind": "pack",
            "name": {"fr": "Pack de six", "en": "Pack of six", "de": "Sechserpaket"},
            "event_ids": self.events,
            "discount_permille": 200,
            "opens_at": now - HOUR,
            "closes_at": now + timedelta(days=60),
            "is_open": True,
        }
        return PackageContent(**(content | changes))

    async def package(self, package_id: UUID | None = None, revision: int | None = None, **changes: Any) -> Package:
        """Set a package."""
        stored = await self.system.db.transact(
            set_package,
            package_id or new_id(),
            self.system.organiser_id,
            self.content(**changes),
            who=None,
            now=self.system.clock.now(),
            revision=revision,
        )
        assert isinstance(stored, Package), stored
        return stored

    async def ask(
        self, box: Box, package: Package, seats: dict[str, Any] | None = None, **changes: Any
    ) -> httpx.Response:
        """Ask for a package: two adults in the category Gold, unless told otherwise."""
        wanted = seats or {"kind": "best", "party": {"full": 2}, "category_id": str(GOLD)}
        body = {"id": str(new_id()), "seats": wanted} | changes
        return await box.ask("POST", f"/api/packages/{package.id}/subscriptions", body)

    async def held(
        self, box: Box, package: Package, seats: dict[str, Any] | None = None, **changes: Any
    ) -> dict[str, Any]:
        answer = await self.ask(box, package, seats, **changes)
        assert answer.status_code == 201, answer.text
        held: dict[str, Any] = answer.json()
        return held

    async def pay(self, box: Box, subscription: dict[str, Any], payment_id: UUID | None = None) -> httpx.Response:
        body = {"payment_id": str(payment_id or new_id())}
        return await box.ask("POST", f"/api/subscriptions/{subscription['id']}/payment", body)

    async def bought(
        self, box: Box, package: Package, seats: dict[str, Any] | None = None, **changes: Any
    ) -> dict[str, Any]:
        """A paid subscription."""
        held = await self.held(box, package, seats, **changes)
        payment_id = new_id()
        answer = await self.pay(box, held, payment_id)
        assert answer.status_code == 200, answer.text
        await self.system.news(payment_id)
        return await self.seen(box, held)

    async def seen(self, box: Box, subscription: dict[str, Any]) -> dict[str, Any]:
        answer = await box.ask("GET", f"/api/subscriptions/{subscription['id']}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def cancel(self, event_id: UUID) -> None:
        """Cancel a match and refund its orders."""
        now = self.system.clock.now()
        async with self.system.db.transaction() as conn:
            await programme.cancel(conn, event_id, None, now, [refunding.event_cancelled])
        async with self.system.db.transaction() as conn:
            await refunding.refund_cancelled_orders(conn, event_id, now)

    async def office(self) -> Box:
        """A browser of the club's office."""
        grants = [Grant(role, "organiser", self.system.organiser_id) for role in ("box_office", "programme")]
        return await self.system.staff(*grants)

    def forget(self) -> None:
        """Make the application read all matches again, as if its tail had caught up."""
        for event_id in self.events:
            self.system.order_service.sales.forget(event_id)


@pytest.fixture
async def season(empty_system: System) -> Season:
    season = Season(empty_system)
    await season.open()
    return season
