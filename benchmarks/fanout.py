"""Latency of a match feed for many phones: from the publication of an entry until each phone has
it.

    python -m benchmarks.fanout [--quick] [--phones N] [--workers N]

Every phone is signed in and keeps one stream of server-sent events open. Entries of about 300 bytes
are published one a second; the first ten are measured. Then each tenth phone is cut off, a web
process is killed, and five more are published: every phone must receive all entries, once and in
order. After that as many phones follow the same feed at the edge of `deploy/nchan` (nginx with
nchan), published by `virage work`, with the same cut. Phones, servers and database share the
machine.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from benchmarks.common import machine, percentile, processor_s, run, tell
from benchmarks.nchan import Nginx
from benchmarks.phones import ADDRESSES, Plan, Report
from benchmarks.system import System, free_port, seed
from benchmarks.wire import Client, Gone
from virage.identity.people import acts as people
from virage.platform.data.database import Database
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant

PHONES_A_PROCESS = 15_000
ENTRIES = 10
MORE_ENTRIES = 5
EVERY_S = 1.0
CUT = 0.1
KILLED_AFTER = ENTRIES + 2
PATIENCE_S = 60.0
WORDS = "Le stade chante, et tout le monde est debout. " * 2


class Wanted(Struct):
    """The options of the run."""

    phones: int
    workers: int


async def desk_of(system: System) -> bytes:
    """A signed-in match desk."""
    db = await Database.open(system.postgres.url, connections_max=1)
    now = datetime.now(UTC)
    async with db.transaction() as conn:
        person = await people.ensure_staff(conn, "desk@example.org", None, (Grant("match_desk"),), now)
        session = await people.open_session(conn, person, now)
    await db.close()
    return b"cookie: __Host-virage=%b\r\n" % session.token.encode()


async def phones_of(folder: Path, plans: list[Plan]) -> list[Report]:
    """Processes of phones; plans and reports go through files."""

    async def one(number: int, plan: Plan) -> Report:
        files = [folder / f"{what}-{number}.json" for what in ("plan", "report")]
        await asyncio.to_thread(files[0].write_bytes, msgspec.json.encode(plan))
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.phones", *files)
        if await process.wait():
            raise RuntimeError(f"A process of phones ended with {process.returncode}.")
        return msgspec.json.decode(await asyncio.to_thread(files[1].read_bytes), type=Report)

    return list(await asyncio.gather(*(one(number, plan) for number, plan in enumerate(plans))))


class Desk:
    """A match desk that publishes one entry after the other and notes the times."""

    def __init__(self, system: System, event: UUID, header: bytes, every_s: float) -> None:
        self._every_s = every_s
        self._client = Client(system.url)
        self._path = f"/api/live/{event}/entries".encode()
        self._header = header
        self.began: dict[int, float] = {}

    async def tell(self, entries: int) -> None:
        """Publish so many entries; a request without a response is sent again with the same id."""
        for _ in range(entries):
            await asyncio.sleep(self._every_s)
            text = {"fr": WORDS, "en": WORDS}
            telling = {
                "id": str(new_id()),
                "at": datetime.now(UTC).isoformat(),
                "content": {"kind": "announcement", "text": text},
            }
            body = msgspec.json.encode({"entries": [telling]})
            at = time.time()
            number = None
            while number is None:
                try:
                    answer = await self._client.ask(b"POST", self._path, self._header, body)
                    if answer.status == HTTPStatus.OK:
                        number = msgspec.json.decode(answer.body)[0]["number"]
                    elif answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                        raise RuntimeError(f"An entry was refused: {answer.status} {answer.body!r}")
                except (Gone, OSError):
                    await asyncio.sleep(0.05)
            self.began[number] = at


async def opened(signals: list[Path], following: asyncio.Task[list[Report]]) -> None:
    """Return once all phones listen."""
    while not all([await asyncio.to_thread(signal.exists) for signal in signals]):
        if following.done():
            raise RuntimeError(f"Phones could not listen: {following.exception() or 'the time was over'}")
        await asyncio.sleep(0.1)


def rss_mb(pids: list[int]) -> float:
    """Resident memory of processes; 0 where /proc is not."""
    pages = [Path(f"/proc/{pid}/statm") for pid in pids]
    return sum(int(page.read_text().split()[1]) * 4096 for page in pages if page.exists()) / 1e6


class Crowds:
    """The same phones at one server after the other."""

    def __init__(self, folder: Path, headers: list[str]) -> None:
        self._folder = folder
        self._headers = headers

    def follow(self, name: str, port: int, path: str, first: int) -> tuple[list[Path], asyncio.Task[list[Report]]]:
        """Connect them to a stream; they follow from the entry `first` on. Return the files that
        signal that all listen.
        """
        folder = self._folder / name
        folder.mkdir()
        cuts = range(0, len(self._headers), PHONES_A_PROCESS)
        signals = [folder / f"listening-{cut}" for cut in cuts]
        last = first + ENTRIES + MORE_ENTRIES - 1
        plans = [
            Plan(
                host="127.0.0.1",
                port=port,
                paths=[path],
                headers=self._headers[cut : cut + PHONES_A_PROCESS],
                begins=first - 1,
                until=last,
                signal=str(signal),
                first_address=2 + ADDRESSES * number,
                cut_after=last - MORE_ENTRIES,
                cut=CUT,
                patience_s=PATIENCE_S,
            )
            for number, (cut, signal) in enumerate(zip(cuts, signals, strict=True))
        ]
        return signals, asyncio.create_task(phones_of(folder, plans))


def figures_of(desk: Desk, reports: list[Report], first: int, phones: int) -> dict[str, Any]:
    """The figures of one crowd."""
    late = [
        1000 * (at - desk.began[number])
        for one in reports
        for number, times in one.times.items()
        for at in times
        if number < first + ENTRIES
    ]
    delivered = sum(len(times) for one in reports for times in one.times.values())
    return {
        "delivered": delivered,
        "p50_ms": round(percentile(late, 0.5), 1),
        "p99_ms": round(percentile(late, 0.99), 1),
        "lost": phones * (ENTRIES + MORE_ENTRIES) - delivered,
        "doubled": sum(one.doubled for one in reports),
        "disordered": sum(one.disordered for one in reports),
        "returned": sum(one.returned for one in reports),
    }


async def at_the_system(system: System, desk: Desk, crowds: Crowds, event: UUID, phones: int) -> dict[str, Any]:
    """The system's own streams; a web process is killed after the measurement."""
    signals, following = crowds.follow("house", system.port, f"/api/stream?topics=live:{event}", 1)
    await opened(signals, following)
    before = processor_s(system.supervisor.pid("web") or 0)
    await desk.tell(ENTRIES)
    spent = processor_s(system.supervisor.pid("web") or 0) - before
    memory = rss_mb(system.workers_of_web())
    await desk.tell(KILLED_AFTER - ENTRIES)
    os.kill(system.workers_of_web()[0], signal.SIGKILL)
    await desk.tell(ENTRIES + MORE_ENTRIES - KILLED_AFTER)
    figures = figures_of(desk, await following, 1, phones)
    return {**figures, "rss_mb": round(memory), "cpu_ms_an_entry": round(1000 * spent / ENTRIES)}


async def at_the_edge(nginx: Nginx, desk: Desk, crowds: Crowds, event: UUID, phones: int) -> dict[str, Any]:
    """The same at nchan."""
    first = ENTRIES + MORE_ENTRIES + 1
    signals, following = crowds.follow("edge", nginx.port, f"/edge/live/{event}", first)
    await opened(signals, following)
    await desk.tell(ENTRIES + MORE_ENTRIES)
    figures = figures_of(desk, await following, first, phones)
    return {f"nchan_{name}": value for name, value in figures.items()}


async def measure(wanted: Wanted) -> dict[str, Any]:
    """All figures."""
    system = System(wanted.workers)
    nginx = Nginx(system.folder / "nginx", system.port, free_port(), free_port(), workers=wanted.workers)
    system.env["VIRAGE_EDGE_URL"] = nginx.publisher_url
    try:
        await system.start_database()
        event, _, tokens = await seed(system.postgres.url, wanted.phones)
        header = await desk_of(system)
        await asyncio.to_thread(nginx.start)
        await system.start_processes()
        desk = Desk(system, event, header, EVERY_S)
        crowds = Crowds(system.folder, [f"cookie: __Host-virage={token}\r\n" for token in tokens])
        own = await at_the_system(system, desk, crowds, event, wanted.phones)
        edge = await at_the_edge(nginx, desk, crowds, event, wanted.phones)
    finally:
        nginx.kill()
        await system.stop()
    ratio = round(own["p99_ms"] / edge["nchan_p99_ms"], 2) if edge["nchan_p99_ms"] else None
    return {"phones": wanted.phones, **own, **edge, "ratio": ratio, "workers": wanted.workers}


def main() -> None:
    """Measure and print the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--phones", type=int)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    figures = run(measure(Wanted(given.phones or (500 if given.quick else 15_000), given.workers)))
    tell({"benchmark": "fanout", **figures, "machine": machine()})


if __name__ == "__main__":
    main()
