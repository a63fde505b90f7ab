"""Shared parts of the membership tests: a club with tiers, beside the event on sale of the ticketing tests."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.sale.ticketing.conftest import (
    HOUR,
    Box,
    System,
    app,
    counters,
    empty_system,
    gates,
    provider,
    system,
)
from virage.money.payments.rules import PaymentState
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.platform.web.guard import Grant
from virage.sale.membership.acts.tiers import set_tier, set_windows
from virage.sale.membership.rules.terms import EventWindow, Tier, TierContent
from virage.site.programme.api import event

__all__ = ["app", "counters", "empty_system", "gates", "provider", "system"]

TERM: dict[str, Any] = {"starts_on": date(2025, 7, 1), "ends_on": date(2026, 6, 30)}
NEXT_TERM: dict[str, Any] = {"starts_on": date(2026, 7, 1), "ends_on": date(2027, 6, 30)}


def a_tier(**changes: Any) -> TierContent:
    """A tier of the season of the tests at 30 euros, open for joining."""
    content: dict[str, Any] = {
        "name": {"fr": "Or", "en": "Gold", "de": "Gold"},
        "price_cents": 3000,
        "vat_permille": 200,
        "is_open": True,
        **TERM,
    }
    return TierContent(**(content | changes))


class Club:
    """The members of the organiser of a system."""

    def __init__(self, system: System) -> None:
        self.system_zone = ZoneInfo("Europe/Paris")
        self.system = system
        self.organiser_id = system.organiser_id

    async def tier(self, tier_id: UUID | None = None, revision: int | None = None, **changes: Any) -> Tier:
        """Set a tier."""
        async with self.system.db.transaction() as conn:
            stored = await set_tier(
                conn,
                tier_id or new_id(),
                self.organiser_id,
                a_tier(**changes),
                who=None,
                now=self.system.clock.now(),
                revision=revision,
            )
        assert isinstance(stored, Tier), stored
        return stored

    async def windows(self, *windows: EventWindow, revision: int = 0) -> int | Refused:
        """Set the members' windows of the event."""
        async with self.system.db.transaction() as conn:
            found = await event(conn, self.system.event_id)
            assert found is not None
            return await set_windows(conn, found, windows, revision, who=None, now=self.system.clock.now())

    async def ask_to_join(
        self, box: Box, tier: Tier, membership_id: UUID | None = None, payment_id: UUID | None = None
    ) -> httpx.Response:
        body = {
            "id": str(membership_id or new_id()),
            "tier_id": str(tier.id),
            "payment_id": str(payment_id or new_id()),
        }
        return await box.ask("POST", "/api/membership", body)

    async def asked(self, box: Box, tier: Tier) -> tuple[UUID, UUID]:
        """Ask to join; the membership and its payment."""
        membership_id, payment_id = new_id(), new_id()
        answer = await self.ask_to_join(box, tier, membership_id, payment_id)
        assert answer.status_code == 200, answer.text
        return membership_id, payment_id

    async def joined(self, box: Box, tier: Tier) -> dict[str, Any]:
        """Join a tier and pay for it; the membership."""
        membership_id, payment_id = await self.asked(box, tier)
        if tier.price_cents:
            await self.system.news(payment_id, PaymentState.CAPTURED)
        return await self.membership(box, membership_id)

    async def membership(self, box: Box, membership_id: UUID) -> dict[str, Any]:
        found: dict[str, Any] = next(one for one in await self.memberships(box) if one["id"] == str(membership_id))
        return found

    @staticmethod
    async def memberships(box: Box) -> list[dict[str, Any]]:
        answer = await box.ask("GET", "/api/membership")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    async def office(self) -> Box:
        """A browser of the club's office."""
        grants = [Grant(role, "organiser", self.organiser_id) for role in ("box_office", "programme")]
        return await self.system.staff(*grants)

    async def letters(self) -> Sequence[str]:
        """The kinds of the emails about memberships, in order."""
        rows = await self.system.rows(
            "select kind from people.letter where kind like 'membership%' order by queued_at, id"
        )
        return [row["kind"] for row in rows]

    async def refunds(self) -> dict[UUID, int]:
        """The cents that were requested back, by payment."""
        rows = await self.system.rows("select payment_id, sum(amount_cents) from payments.refund group by 1")
        return {row[0]: row[1] for row in rows}


@pytest.fixture
def club(system: System) -> Club:
    return Club(system)


@pytest.fixture
async def early(empty_system: System) -> Club:
    """A club whose event goes on public sale in an hour."""
    await empty_system.open(sale_opens_at=empty_system.clock.now() + HOUR)
    return Club(empty_system)
