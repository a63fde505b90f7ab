"""A match told under fire: `kill -9` of the web and of the database while a desk tells and phones follow.

What the desk was answered is in the feed, in its order and without a gap; every phone has every entry once, though the
process that served it is gone. The processes are those of production, on a durable database.
"""

import asyncio
import os
import random
import signal
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from benchmarks.common import run
from benchmarks.house import House
from benchmarks.wire import Client, Gone
from tests.faults.test_kill import Killer
from virage.kernel.database import Database
from virage.kernel.guard import Grant
from virage.kernel.ids import new_id
from virage.live.store import feed as store
from virage.people import acts as people
from virage.programme import acts as programme
from virage.programme.rules import NewEvent, Organiser, Text

HOUR = timedelta(hours=1)
ENTRIES, PHONES = 150, 24
KILLS = ("web worker", "postgres", "web worker", "web worker", "postgres", "web worker")


class Phone:
    """A phone that comes back to whoever serves now, from the last position that it has heard."""

    def __init__(self, url: str, event_id: UUID) -> None:
        self._url = f"{url}/api/stream?topics=live:{event_id}"
        self._since: str | None = None
        self.numbers: list[int] = []
        self.came_back = -1

    async def follow(self, until: int) -> None:
        """Listen until an entry has come."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=30)) as browser:
            while until not in self.numbers:
                self.came_back += 1
                try:
                    await self._listen(browser, until)
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)

    async def _listen(self, browser: httpx.AsyncClient, until: int) -> None:
        headers = {} if self._since is None else {"last-event-id": self._since}
        async with browser.stream("GET", self._url, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                await asyncio.sleep(0.05)
                return
            position: str | None = None
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    position = line[4:]
                elif line.startswith("data: "):
                    entries = msgspec.json.decode(line[6:]).get("entries", [])
                    self.numbers += [entry["number"] for entry in entries if entry["number"] not in self.numbers]
                elif not line and position is not None:
                    self._since, position = position, None
                if until in self.numbers:
                    return


async def seed(db: Database) -> tuple[UUID, bytes]:
    """A match and its desk."""
    now = datetime.now(UTC)
    match = NewEvent(
        id=new_id(),
        organiser_id=new_id(),
        kind="match",
        title=Text("Un match", "A match"),
        doors_at=now - HOUR,
        starts_at=now,
        ends_at=now + 2 * HOUR,
        sale_opens_at=now - HOUR,
        sale_closes_at=now,
    )
    async with db.transaction() as conn:
        await programme.add_organiser(conn, Organiser(match.organiser_id, "Ours"), None, now)
        await programme.create(conn, match, None, now)
        await programme.publish(conn, match.id, None, now)
        desk = await people.ensure_staff(conn, "desk@example.org", None, (Grant("match_desk"),), now)
        session = await people.open_session(conn, desk, now)
    return match.id, b"cookie: __Host-virage=%b\r\n" % session.token.encode()


async def tell(house: House, event_id: UUID, desk: bytes, told: list[int]) -> int:
    """Tell one thing after the other, each until it is answered; how often an answer was missing."""
    client, missing = Client(house.url), 0
    path = f"/api/live/{event_id}/entries".encode()
    for minutes in range(ENTRIES):
        happened = {"kind": "added_time", "minutes": minutes % 30 + 1}
        telling = {"id": str(new_id()), "at": datetime.now(UTC).isoformat(), "told": happened}
        body = msgspec.json.encode({"tellings": [telling]})
        while True:
            try:
                answer = await client.ask(b"POST", path, desk, body)
                if answer.status == httpx.codes.OK:
                    told.append(msgspec.json.decode(answer.body)[0]["number"])
                    break
            except (Gone, OSError):
                pass
            missing += 1
            await asyncio.sleep(0.02)
    client.close()
    return missing


async def under_fire() -> dict[str, Any]:
    house = House(workers=2)
    try:
        await house.start_database()
        db = await Database.open(house.postgres.url, connections_max=2)
        event_id, desk = await seed(db)
        await db.close()
        await house.start_processes()
        phones = [Phone(house.url, event_id) for _ in range(PHONES)]
        following = asyncio.gather(*(phone.follow(ENTRIES) for phone in phones))
        told: list[int] = []
        killer, chance = Killer(house), random.Random(3)  # noqa: S311 - the same victims each time

        async def kill() -> None:
            for part, target in enumerate(KILLS, 1):
                while len(told) < part * ENTRIES // (len(KILLS) + 1):  # noqa: ASYNC110 - it counts answers
                    await asyncio.sleep(0.002)
                pids = killer.pids(target)
                victim = chance.choice(pids)
                os.kill(victim, signal.SIGKILL)
                await killer.back(target, victim, len(pids))

        missing, _ = await asyncio.gather(tell(house, event_id, desk, told), kill())
        async with asyncio.timeout(60):
            await following
        db = await Database.open(house.postgres.url, connections_max=1)
        async with db.connection() as conn:
            written = [one.entry.number for one in await store.entries_after(conn, event_id, 0)]
        await db.close()
        return {
            "told": told,
            "written": written,
            "missing": missing,
            "heard": {tuple(phone.numbers) for phone in phones},
            "came_back": sum(phone.came_back for phone in phones),
        }
    finally:
        await house.stop()


@pytest.mark.filterwarnings("default")
def test_what_a_desk_was_answered_is_in_the_feed_and_every_phone_has_all_of_it_once() -> None:
    found = run(under_fire())
    everything = list(range(1, ENTRIES + 1))
    assert found["missing"] > 0, "the kills were felt by the desk"
    assert found["came_back"] >= PHONES // 2, "and by the phones"
    assert found["told"] == everything
    assert found["written"] == everything
    assert found["heard"] == {tuple(everything)}
