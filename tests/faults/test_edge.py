"""The edge of `deploy/nchan` under `kill -9` of the publishing worker, of the web and of nginx
itself.

Some phones follow at a real nginx with nchan, others at the system, while a desk publishes.
Whichever process dies, each phone gets each entry once. nginx loses its memory when it dies; then
an entry's number reveals the gap, and the pages fill it. A phone that reads nothing costs its
process no more than the buffer of a stream.
"""

import asyncio
import os
import re
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from benchmarks.common import run
from benchmarks.fanout import WORDS, Desk
from benchmarks.nchan import Nginx
from benchmarks.system import System, free_port
from benchmarks.wire import Client
from tests.faults.test_kill import Killer
from tests.faults.test_live import Phone, seed
from virage.media.live.rules.entries import PAGE_ENTRIES
from virage.platform.data.database import Database
from virage.platform.realtime.listening import LIFETIME_BYTES
from virage.platform.values.ids import new_id

PHONES = 6
KILLED = ("work", "web worker", "work")
A_PART = 12
FORGOTTEN = 5
MANY = 4_000


class EdgePhone:
    """A phone at nchan: it resumes by the last id, drops duplicates, and reads missed entries from
    the pages.
    """

    def __init__(self, url: str, event_id: UUID) -> None:
        self._stream = f"{url}/edge/live/{event_id}"
        self._pages = f"{url}/api/live/{event_id}/pages"
        self._last = ""
        self.heard: list[int] = []
        """As they came by the stream, whatever the phone had already."""
        self.numbers: set[int] = set()
        self.pages = 0

    async def follow(self) -> None:
        """Listen until cancelled."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=None)) as browser:
            while True:
                try:
                    await self._listen(browser)
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)

    async def _listen(self, browser: httpx.AsyncClient) -> None:
        headers = {"accept": "text/event-stream"} | ({"last-event-id": self._last} if self._last else {})
        async with browser.stream("GET", self._stream, headers=headers) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    self._last = line[4:]
                elif line.startswith("data: "):
                    found = [entry["number"] for entry in msgspec.json.decode(line[6:]).get("entries", [])]
                    self.heard += found
                    self.numbers |= set(found)
                    await self._fill(browser)

    async def _fill(self, browser: httpx.AsyncClient) -> None:
        while missing := set(range(1, max(self.numbers) + 1)) - self.numbers:
            self.pages += 1
            answer = await browser.get(f"{self._pages}/{(min(missing) - 1) // PAGE_ENTRIES + 1}")
            self.numbers |= {entry["number"] for entry in answer.raise_for_status().json()["entries"]}


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - it counts the output of other processes
            await asyncio.sleep(0.02)


async def answers(nginx: Nginx, event_id: UUID) -> dict[str, Any]:
    """The responses of the edge's endpoints to an anonymous request."""
    async with httpx.AsyncClient(base_url=nginx.url, timeout=5) as browser:
        feed, again = [await browser.get(f"/api/live/{event_id}/pages/1") for _ in range(2)]
        stranger = await browser.get(f"/edge/live/{new_id()}", headers={"accept": "text/event-stream"})
        return {
            "link": (await browser.get(f"/api/live/{event_id}")).headers["link"],
            "page is kept": feed.headers["x-request-id"] == again.headers["x-request-id"],
            "page": feed.json() == again.json(),
            "no such event": stranger.status_code,
            "published by a phone": (await browser.post(f"/publish/{event_id}", content=b"{}")).status_code,
            "posted to the edge by a phone": (await browser.post(f"/edge/live/{event_id}", content=b"{}")).status_code,
            "metrics": (await browser.get("/metrics", headers={"host": "localhost"})).status_code,
            "app": (await browser.get("/readyz")).status_code,
            "own topics": (await browser.get(f"/api/stream?topics=order:{new_id()}")).status_code,
        }


async def unread(system: System, event_id: UUID, header: bytes) -> dict[str, Any]:
    """A phone of the system that reads nothing while thousands of entries are published; then it
    reads, and resumes.
    """
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", system.port))
        sock.sendall(f"GET /api/stream?topics=live:{event_id} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        sock.recv(12, socket.MSG_WAITALL | socket.MSG_PEEK)
        client, path = Client(system.url), f"/api/live/{event_id}/entries".encode()
        for _ in range(MANY // 100):
            happened = {"kind": "announcement", "text": {"fr": WORDS, "en": WORDS}}
            at = datetime.now(UTC).isoformat()
            tellings = [{"id": str(new_id()), "at": at, "content": happened} for _ in range(100)]
            await client.ask(b"POST", path, header, msgspec.json.encode({"entries": tellings}))
        client.close()
        sock.settimeout(20)
        heard = b""
        while not heard.endswith(b"\r\n0\r\n\r\n"):
            heard += await asyncio.to_thread(sock.recv, 1 << 16)
    phone = Phone((system.url,), event_id)
    phone._since = re.findall(rb"\nid: (\S+)\n", heard)[-1].decode()  # noqa: SLF001 - it was another one
    first = [int(number) for number in re.findall(rb'"number":(\d+)', heard)]
    phone.numbers += first
    await phone.follow(MANY)
    return {"bytes": len(heard), "first": first, "rest": phone.numbers[len(first) :]}


async def run_with_kills() -> dict[str, Any]:
    system = System(workers=2)
    nginx = Nginx(system.folder / "nginx", system.port, free_port(), free_port())
    system.env["VIRAGE_EDGE_URL"] = nginx.publisher_url
    following: list[asyncio.Task[None]] = []
    try:
        await system.start_database()
        db = await Database.open(system.postgres.url, connections_max=2)
        event_id, header = await seed(db)
        await db.close()
        await asyncio.to_thread(nginx.start)
        await system.start_processes()
        desk, killer = Desk(system, event_id, header, 0.02), Killer(system)
        await desk.tell(1)
        phones = [EdgePhone(nginx.url, event_id) for _ in range(PHONES)]
        at_system = [Phone((system.url,), event_id) for _ in range(PHONES)]
        last = 1 + A_PART * len(KILLED) + FORGOTTEN + 1
        following += [asyncio.create_task(phone.follow()) for phone in phones]
        following += [asyncio.create_task(phone.follow(last)) for phone in at_system]
        await until(lambda: all(phone.numbers for phone in phones))
        for target in KILLED:
            victims = killer.pids(target)
            os.kill(victims[0], signal.SIGKILL)
            await asyncio.gather(desk.tell(A_PART), killer.back(target, victims[0], len(victims)))
        await until(lambda: all(len(phone.numbers) == last - FORGOTTEN - 1 for phone in phones))
        heard = {tuple(phone.heard) for phone in phones}
        said = await answers(nginx, event_id)
        pages = sum(phone.pages for phone in phones)
        nginx.kill()
        await desk.tell(FORGOTTEN)
        await asyncio.to_thread(nginx.start)
        await desk.tell(1)
        await until(lambda: all(len(phone.numbers) == last for phone in phones + at_system))
        db = await Database.open(system.postgres.url, connections_max=1)
        slow = await unread(system, *await seed(db))
        await db.close()
        return {
            "slow": slow,
            "heard": heard,
            "numbers": {tuple(sorted(phone.numbers)) for phone in phones} | {tuple(one.numbers) for one in at_system},
            "pages": (pages, sum(phone.pages for phone in phones)),
            "said": said,
            "link": f'</edge/live/{event_id}>; rel="monitor"',
            "last": last,
        }
    finally:
        for task in following:
            task.cancel()
        nginx.kill()
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_every_phone_gets_every_entry_once_through_kills_of_any_process() -> None:
    found = run(run_with_kills())
    last = found["last"]
    assert found["heard"] == {tuple(range(1, last - FORGOTTEN))}, (
        "each entry once and in order, although the publisher was killed"
    )
    assert found["numbers"] == {tuple(range(1, last + 1))}
    slow = found["slow"]
    assert slow["bytes"] < 1.2 * LIFETIME_BYTES, "an unread stream ends before it uses much memory"
    assert slow["first"] + slow["rest"] == list(range(1, MANY + 1)), "an ended stream resumes at its position"
    assert slow["rest"]
    before, after = found["pages"]
    assert before == 0, "nchan had all missed entries"
    assert after > 0, "pages have the entries that nchan lost"
    assert found["said"] == {
        "link": found["link"],
        "page is kept": True,
        "page": True,
        "no such event": 403,
        "published by a phone": 405,
        "posted to the edge by a phone": 403,
        "metrics": 404,
        "app": 200,
        "own topics": 404,
    }
