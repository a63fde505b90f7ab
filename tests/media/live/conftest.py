"""A published match with its teams and its match desk, over the whole application."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tests.app.conftest import World
from tests.conftest import FakeClock, alive
from tests.media.live.test_rules import TEAMS
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application


class Match:
    """A match with its match desk."""

    def __init__(self, world: World, desk: dict[str, str]) -> None:
        self.world = world
        self.desk = desk
        self.path = f"/api/live/{world.event}"

    def telling(self, content: Any, **changes: Any) -> dict[str, Any]:
        return {"id": str(new_id()), "at": self.world.clock.now().isoformat(), "content": content, **changes}

    async def tell(self, *contents: Any) -> list[dict[str, Any]]:
        """Publish the entries; return their outcomes."""
        return await self.send([self.telling(one) for one in contents])

    async def send(self, tellings: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = await self.world.ask(self.desk, "POST", f"{self.path}/entries", {"entries": tellings})
        assert answer.status_code == 200, answer.text
        outcomes: list[dict[str, Any]] = answer.json()
        return outcomes

    async def get(self, path: str = "") -> Any:
        return (await self.world.ask({}, "GET", self.path + path)).json()


@pytest.fixture
async def match(app: Application, db: Database, clock: FakeClock) -> AsyncIterator[Match]:
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        match = Match(world, await world.signed_in("desk@example.org", Grant("match_desk", "event", world.event)))
        teams = {"teams": msgspec.to_builtins(TEAMS), "revision": 0}
        assert (await world.ask(match.desk, "PUT", f"{match.path}/teams", teams)).json() == {"revision": 1}
        yield match


KICK_OFF = {"kind": "kick_off", "period": "first_half"}
GOAL = {"kind": "goal", "side": "home", "player": 9}
