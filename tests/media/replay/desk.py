"""A match with a media desk and a moderator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from tests.app import pitch
from tests.app.conftest import World
from tests.conftest import FakeClock, alive
from tests.media.live.conftest import Match
from virage.identity.people.acts import TokenRequest, create_token
from virage.identity.people.rules.grants import GrantRequest, RoleName, ScopeName
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant, Principal
from virage.platform.web.http import Application
from virage.platform.web.problems import granted


class Desk(Match):
    """A recorded match: the desk publishes and marks, the moderator approves."""

    def __init__(self, world: World, desk: dict[str, str], moderator: dict[str, str]) -> None:
        super().__init__(world, desk)
        self.moderator = moderator
        self.room = f"/api/replay/events/{world.event}"

    async def mark(self, **changes: Any) -> dict[str, Any]:
        marked = await self.world.ask(self.desk, "POST", f"{self.room}/clips", pitch.clip(self.world) | changes)
        assert marked.status_code == 200, marked.text
        clip: dict[str, Any] = marked.json()
        return clip

    async def do(self, who: dict[str, str], clip: str, what: str) -> tuple[int, str | None]:
        answer = await self.world.ask(who, "POST", f"/api/replay/clips/{clip}/{what}")
        return answer.status_code, answer.json().get("code") if answer.status_code >= 400 else None

    async def four_eyes(self) -> None:
        answer = await self.world.ask(self.moderator, "PUT", f"{self.room}/desk", {"four_eyes": True})
        assert answer.status_code == 204

    async def clips(self) -> list[tuple[str, str]]:
        """Return the state of each clip, and whether viewers may watch it."""
        found = []
        for clip in (await self.shown())["clips"]:
            status = (await self.world.ask({}, "GET", f"/api/replay/clips/{clip['id']}")).status_code
            found.append((clip["state"], {200: "watched", 404: "gone", 410: "gone"}[status]))
        return found

    async def shown(self, who: dict[str, str] | None = None) -> dict[str, Any]:
        desk: dict[str, Any] = (await self.world.ask(who or self.desk, "GET", f"{self.room}/desk")).json()
        return desk

    async def entries_in_effect(self) -> list[str]:
        """Return the kinds of feed entries in effect."""
        entries = (await self.get("/pages/1"))["entries"]
        withdrawn = {entry["content"]["about"] for entry in entries if entry["content"]["kind"] == "withdrawn"}
        return [
            entry["content"]["kind"]
            for entry in entries
            if entry["number"] not in withdrawn and entry["content"]["kind"] != "withdrawn"
        ]

    async def facts(self, about: str) -> list[tuple[str, Any]]:
        rows = await self.world.rows("select what, who from kernel.journal where about = $1 order by seq", about)
        return [(row["what"], row["who"]) for row in rows]


@asynccontextmanager
async def a_desk(app: Application, db: Database, clock: FakeClock) -> AsyncIterator[Desk]:
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        await pitch.seen(world)
        grants = [Grant(role, "event", world.event) for role in ("match_desk", "media_desk")]
        moderator = await world.signed_in("moderator@example.org", Grant("moderator", "event", world.event))
        yield Desk(world, await world.signed_in("desk@example.org", *grants), moderator)


async def program_of(world: World, email: str, role: str) -> dict[str, str]:
    """Return the authorization header of an API client with the grants of a person."""
    maker = Principal("staff", await world.person(email), new_id(), (), world.clock.now())
    scope = GrantRequest(RoleName(role), ScopeName.EVENT, str(world.event))
    request = TokenRequest("an API client", [scope], world.clock.now() + timedelta(hours=1))
    async with world.db.transaction() as conn:
        token = granted(await create_token(conn, maker, request, world.clock.now()))
    return {"authorization": f"Bearer {token.token}"}
