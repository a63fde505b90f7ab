"""Shared parts of the renewal tests: a club with a season that is over, the next one, and its holders."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.conftest import FakeClock
from tests.sale.packages.conftest import Season, app, counters, empty_system, gates, provider
from tests.sale.ticketing.conftest import GOLD, Box, System
from virage.platform.values.ids import new_id
from virage.sale.packages.rules.terms import Package
from virage.sale.seasons.jobs import SeasonJobs

__all__ = ["app", "counters", "empty_system", "gates", "provider"]

NAMES = {"fr": "Saison suivante", "en": "Next season", "de": "Nächste Saison"}


class Club:
    """A club: `last` is the season that people hold, `following` the one that they may renew into."""

    def __init__(self, system: System, clock: FakeClock) -> None:
        self.system = system
        self.clock = clock
        self.last = Season(system)
        self.following = Season(system)
        self.earlier: Package
        self.package: Package
        self.campaign_id = new_id()
        self.revision = 1

    async def open(self, matches: int = 3) -> None:
        """Put both seasons on sale. Their matches are never over in these tests, so that time can pass."""
        await self.last.open(matches)
        self.earlier = await self.last.package()
        await self.following.open(matches)
        self.package = await self.following.package(name=NAMES, is_open=False)

    async def holder(self, email: str, seats: list[int] | None = None, **party: int) -> tuple[Box, dict[str, Any]]:
        """A fan who bought the last season: these seats for adults, or the best ones of the category Gold."""
        fan = await self.system.fan(email)
        wanted: dict[str, Any] = {"kind": "best", "party": party or {"full": 2}, "category_id": str(GOLD)}
        if seats is not None:
            wanted = {"kind": "chosen", "places": [{"place": seat, "tariff": "full"} for seat in seats]}
        return fan, await self.last.bought(fan, self.earlier, wanted)

    def body(self, **changes: Any) -> dict[str, Any]:
        now = self.clock.now()
        return {
            "organiser_id": str(self.system.organiser_id),
            "from_package_id": str(self.earlier.id),
            "to_package_id": str(self.package.id),
            "opens_at": now.isoformat(),
            "until": (now + timedelta(hours=20)).isoformat(),
            "relocates_until": (now + timedelta(hours=10)).isoformat(),
            "remind_days": 0,
        } | changes

    async def put(self, office: Box, **changes: Any) -> httpx.Response:
        return await office.ask("PUT", f"/api/office/seasons/{self.campaign_id}", self.body(**changes))

    async def step(self, office: Box, step: str, revision: int | None = None) -> httpx.Response:
        path = f"/api/office/seasons/{self.campaign_id}/steps"
        answer = await office.ask("POST", path, {"step": step, "revision": revision or self.revision})
        if answer.status_code == 200:
            self.revision = answer.json()["revision"]
        return answer

    async def preview(self, office: Box) -> dict[str, Any]:
        answer = await office.ask("POST", f"/api/office/seasons/{self.campaign_id}/preview")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def start(self, **changes: Any) -> Box:
        """Start a campaign and make its renewals; return the office."""
        office = await self.last.office()
        answer = await self.put(office, **changes)
        assert answer.status_code == 200, answer.text
        self.revision = answer.json()["revision"]
        started = await self.step(office, "start")
        assert started.status_code == 200, started.text
        await self.run()
        return office

    async def run(self) -> None:
        """Let the job of campaigns run once."""
        await SeasonJobs(self.clock).run(self.system.db)
        row = await self.system.rows("select revision from seasons.campaign where id = $1", self.campaign_id)
        self.revision = row[0]["revision"] if row else 1
        for season in (self.last, self.following):
            season.forget()

    async def renewal(self, fan: Box) -> dict[str, Any]:
        """The renewal of a fan."""
        found = (await fan.ask("GET", "/api/renewals")).json()
        assert len(found) == 1, found
        answer = await fan.ask("GET", f"/api/renewals/{found[0]['id']}")
        assert answer.status_code == 200, answer.text
        renewal: dict[str, Any] = answer.json()
        return renewal

    async def wish(self, fan: Box, *wishes: dict[str, Any]) -> httpx.Response:
        renewal = await self.renewal(fan)
        return await fan.ask("PUT", f"/api/renewals/{renewal['id']}/wishes", {"wishes": list(wishes)})

    async def relocate(self) -> None:
        """Run the relocation round after its deadline; the office signs in again."""
        self.clock.advance(timedelta(hours=11))
        office = await self.last.office()
        answer = await self.step(office, "relocate")
        assert answer.status_code == 200, answer.text
        await self.run()

    async def sold(self, event_id: UUID, *places: int) -> None:
        """Sell places of a match to another fan."""
        async with self.system.db.transaction() as conn:
            await conn.execute(
                "insert into ticketing.claim (event_id, place, order_id) select $1, unnest($2::integer[]), $3",
                event_id,
                list(places),
                new_id(),
            )
        self.following.forget()

    async def kinds(self) -> list[str]:
        """The emails about renewals, in the order of their kinds."""
        rows = await self.system.rows("select kind from people.letter where kind like 'renewal%' order by kind")
        return [row["kind"] for row in rows]


def places(renewal: dict[str, Any]) -> list[list[int]]:
    """The places of a renewal or a subscription, by event."""
    events = (renewal.get("subscription") or renewal)["events"]
    return [sorted(line["place"] for line in one["order"]["lines"]) for one in events]


@pytest.fixture
async def club(empty_system: System, clock: FakeClock) -> Club:
    club = Club(empty_system, clock)
    await club.open()
    return club
