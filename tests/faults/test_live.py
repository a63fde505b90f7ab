"""A match feed under `kill -9` of the web and of the database while a desk publishes and phones
follow.

The feed has every acknowledged entry, in order and without a gap. Every phone gets every entry
once, although its process was killed and it was away for most of the match. Two nodes serve, each
with processes of its own; a phone reconnects to either. The processes are those of production, on a
durable database.
"""

import asyncio
import itertools
import os
import random
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from benchmarks.common import run
from benchmarks.system import System, free_port
from benchmarks.wire import Client, Gone
from tests.faults.test_kill import Killer
from virage.demo.programme import done
from virage.identity.people import acts as people
from virage.media.live.rules.entries import PAGE_ENTRIES
from virage.media.live.store import feed as store
from virage.platform.data.database import Database
from virage.platform.host.supervise import Child, Supervisor
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.site.programme import acts as programme
from virage.site.programme.rules import NewEvent, Organiser

HOUR = timedelta(hours=1)
ENTRIES, PHONES, AWAY_UNTIL = 150, 24, 120
KILLS = ("web worker", "postgres", "node", "web worker", "postgres", "web worker")


class Node:
    """A second web node over the same database, which is restarted when it dies."""

    def __init__(self, system: System) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._system = system
        self._port = str(port)
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        web = Child("node", (sys.executable, "-m", "virage.cli", "serve", "--workers", "1"))
        env = self._system.env | {"VIRAGE_PORT": self._port}
        complain, folder = self._system.messages.append, self._system.folder / "log"
        self._supervisor = Supervisor([web], env=env, report=complain, log_folder=folder)
        self._running = asyncio.create_task(self._supervisor.run(self._stop))
        await self._ready()

    async def kill(self) -> None:
        """Kill all its processes; return when it serves again."""
        pid = self._supervisor.pid("node")
        assert pid is not None
        os.killpg(pid, signal.SIGKILL)
        async with asyncio.timeout(60):
            while self._supervisor.pid("node") in (None, pid):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.05)
        await self._ready()

    async def stop(self) -> None:
        self._stop.set()
        if self._running is not None:
            await self._running

    async def _ready(self) -> None:
        async with httpx.AsyncClient() as browser, asyncio.timeout(60):
            while True:
                with suppress(httpx.HTTPError):
                    if (await browser.get(f"{self.url}/readyz")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.1)


class Phone:
    """A phone that reconnects to any serving node from its last position.

    It reads gaps of a stream from pages, as the web does (web/src/features/live/match.svelte.ts).
    """

    def __init__(self, urls: tuple[str, ...], event_id: UUID) -> None:
        self._urls = itertools.cycle(urls)
        self._event_id = event_id
        self._since: str | None = None
        self._head = 0
        self.numbers: list[int] = []
        self.came_back = -1
        self.pages = 0

    async def follow(self, until: int) -> None:
        """Listen until an entry and all before it have come."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=30)) as browser:
            while len(self.numbers) < until:
                self.came_back += 1
                try:
                    await self._listen(browser, next(self._urls), until)
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)

    async def _listen(self, browser: httpx.AsyncClient, url: str, until: int) -> None:
        headers = {} if self._since is None else {"last-event-id": self._since}
        path = f"{url}/api/stream?topics=live:{self._event_id}"
        async with browser.stream("GET", path, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                await asyncio.sleep(0.05)
                return
            position: str | None = None
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    position = line[4:]
                elif line.startswith("data: "):
                    news = msgspec.json.decode(line[6:])
                    await self._hear(browser, url, news.get("head", 0), news.get("entries", []))
                elif not line and position is not None:
                    self._since, position = position, None
                if len(self.numbers) >= until:
                    return

    async def _hear(self, browser: httpx.AsyncClient, url: str, head: int, entries: Sequence[dict[str, Any]]) -> None:
        """Process the next message; fill a gap before it from pages."""
        heard = {entry["number"] for entry in entries}
        while (known := len(self.numbers)) < min(heard, default=head + 1) - 1:
            page = await browser.get(f"{url}/api/live/{self._event_id}/pages/{known // PAGE_ENTRIES + 1}")
            page.raise_for_status()
            self.pages += 1
            self._take([entry["number"] for entry in page.json()["entries"]])
        self._take(sorted(heard))

    def _take(self, numbers: Sequence[int]) -> None:
        self.numbers += [number for number in numbers if number > len(self.numbers)]


async def seed(db: Database) -> tuple[UUID, bytes]:
    """A match and its desk."""
    now = datetime.now(UTC)
    match = NewEvent(
        id=new_id(),
        organiser_id=new_id(),
        kind="match",
        title={"fr": "Un match", "en": "A match"},
        doors_at=now - HOUR,
        starts_at=now,
        ends_at=now + 2 * HOUR,
        sale_opens_at=now - HOUR,
        sale_closes_at=now,
    )
    async with db.transaction() as conn:
        done(await programme.add_organiser(conn, Organiser(match.organiser_id, "Ours"), None, now))
        done(await programme.create(conn, match, None, now))
        done(await programme.publish(conn, match.id, None, now))
        desk = await people.ensure_staff(conn, "desk@example.org", None, (Grant("match_desk"),), now)
        session = await people.open_session(conn, desk, now)
    return match.id, b"cookie: __Host-virage=%b\r\n" % session.token.encode()


async def tell(system: System, event_id: UUID, desk: bytes, published: list[int]) -> int:
    """Publish one entry after the other, each until it is acknowledged; return how many responses
    were missing.
    """
    client, missing = Client(system.url), 0
    path = f"/api/live/{event_id}/entries".encode()
    for minutes in range(ENTRIES):
        happened = {"kind": "added_time", "minutes": minutes % 30 + 1}
        telling = {"id": str(new_id()), "at": datetime.now(UTC).isoformat(), "content": happened}
        body = msgspec.json.encode({"entries": [telling]})
        while True:
            try:
                answer = await client.ask(b"POST", path, desk, body)
                if answer.status == httpx.codes.OK:
                    published.append(msgspec.json.decode(answer.body)[0]["number"])
                    break
            except (Gone, OSError):
                pass
            missing += 1
            await asyncio.sleep(0.02)
    client.close()
    return missing


async def run_with_kills() -> dict[str, Any]:
    system = System(workers=2)
    node = Node(system)
    try:
        await system.start_database()
        db = await Database.open(system.postgres.url, connections_max=2)
        event_id, desk = await seed(db)
        await db.close()
        await system.start_processes()
        await node.start()
        phones = [Phone((system.url, node.url)[:: 1 if n % 2 else -1], event_id) for n in range(PHONES)]
        published: list[int] = []

        async def follow(number: int, phone: Phone) -> None:
            """A third of the phones are without network from early on until late."""
            if number % 3 == 0:
                await phone.follow(3)
                while len(published) < AWAY_UNTIL:  # noqa: ASYNC110 - it counts answers
                    await asyncio.sleep(0.01)
            await phone.follow(ENTRIES)

        following = asyncio.gather(*(follow(number, phone) for number, phone in enumerate(phones)))
        killer, chance = Killer(system), random.Random(3)  # noqa: S311 - the same victims each time

        async def kill() -> None:
            for part, target in enumerate(KILLS, 1):
                while len(published) < part * ENTRIES // (len(KILLS) + 1):  # noqa: ASYNC110 - it counts answers
                    await asyncio.sleep(0.002)
                if target == "node":
                    await node.kill()
                    continue
                pids = killer.pids(target)
                victim = chance.choice(pids)
                os.kill(victim, signal.SIGKILL)
                await killer.back(target, victim, len(pids))

        missing, _ = await asyncio.gather(tell(system, event_id, desk, published), kill())
        async with asyncio.timeout(60):
            await following
        db = await Database.open(system.postgres.url, connections_max=1)
        async with db.connection() as conn:
            written = [one.entry.number for one in await store.entries_after(conn, event_id, 0)]
        await db.close()
        return {
            "published": published,
            "written": written,
            "missing": missing,
            "heard": {tuple(phone.numbers) for phone in phones},
            "came_back": sum(phone.came_back for phone in phones),
            "pages": sum(phone.pages for phone in phones),
        }
    finally:
        await node.stop()
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_confirmed_entries_are_in_the_feed_and_on_every_phone_once() -> None:
    found = run(run_with_kills())
    everything = list(range(1, ENTRIES + 1))
    assert found["missing"] > 0, "the kills interrupted the desk"
    assert found["came_back"] >= PHONES // 2, "the kills interrupted the phones"
    assert found["pages"] >= PHONES // 3 * (AWAY_UNTIL // PAGE_ENTRIES), "a phone offline for long reads pages"
    assert found["published"] == everything
    assert found["written"] == everything
    assert found["heard"] == {tuple(everything)}
