"""From a scan at a gate to its count on the wall of the control room, at a fixed rate of scans.

`python -m benchmarks.control [--quick] [--workers N] [--per-s N]`. A wall follows the topic
`control:<event>` over a real stream while real passes are shown at every gate, one in ten bad. The
k-th admitted scan is on the wall with the first picture that has k people in the venue; its time
counts from the moment at which it is sent.
"""

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from benchmarks.common import machine, percentile, run, tell
from benchmarks.evening import seed
from benchmarks.scanners import OK, Lanes, Plan, Running, Shown
from benchmarks.system import System
from benchmarks.wire import Answer
from virage.control.safety.rules.picture import VenuePicture
from virage.identity.people import acts as people
from virage.platform.data.database import Database
from virage.platform.web.guard import Grant

SECONDS, QUICK_SECONDS = 10.0, 2.0
BAD_SHARE = 50
COMPLETE_S = 30.0


class Wanted(Struct):
    """The options of the run."""

    quick: bool
    workers: int
    per_s: float

    @property
    def fans(self) -> int:
        """The number of fans who arrive."""
        return round((QUICK_SECONDS if self.quick else SECONDS) * self.per_s)


class Timed(Running):
    """Running scans that note when each admitted one was sent."""

    def __init__(self, plan: Plan, shown: list[Shown]) -> None:
        super().__init__(plan, shown)
        self.sent: list[float] = []

    async def _ask(self, shown: Shown) -> Answer:
        sent = time.perf_counter()
        answer = await super()._ask(shown)
        if answer.status == OK and msgspec.json.decode(answer.body)["answers"][0]["outcome"] == "admitted":
            self.sent.append(sent)
        return answer


class Wall:
    """A wall of the control room: when it had how many people in the venue."""

    def __init__(self, url: str, event_id: str, token: str) -> None:
        self._address = f"{url}/api/stream?topics=control:{event_id}"
        self._headers = {"cookie": f"__Host-virage={token}"}
        self.opened = asyncio.Event()
        self.seen: list[tuple[float, int]] = []

    async def follow(self) -> None:
        """Note each picture until cancelled."""
        async with (
            httpx.AsyncClient(timeout=None) as browser,  # noqa: S113 - a stream has no end
            browser.stream("GET", self._address, headers=self._headers) as stream,
        ):
            stream.raise_for_status()
            async for line in stream.aiter_lines():
                if line.startswith("data: "):
                    found = msgspec.json.decode(line[6:], type=VenuePicture)
                    self.seen.append((time.perf_counter(), found.inside[0].value or 0))
                    self.opened.set()

    async def has(self, people: int) -> None:
        """Wait until the wall has at least so many people, for a while."""
        ends = time.perf_counter() + COMPLETE_S
        while self.seen[-1][1] < people and time.perf_counter() < ends:  # noqa: ASYNC110 - the stream is read meanwhile
            await asyncio.sleep(0.05)


async def controller_of(system: System) -> str:
    """The session of a controller."""
    db, now = await Database.open(system.postgres.url, connections_max=1), datetime.now(UTC)
    async with db.transaction() as conn:
        person = await people.ensure_staff(conn, "control@example.org", None, (Grant("controller"),), now)
        session = await people.open_session(conn, person, now)
    await db.close()
    return session.token


async def measure(wanted: Wanted) -> dict[str, Any]:
    """The whole run."""
    system = System(wanted.workers)
    try:
        await system.start_database()
        evening = await seed(system, wanted.fans, wanted.fans // BAD_SHARE)
        token = await controller_of(system)
        await system.start_processes()
        wall = Wall(system.url, evening.event_id, token)
        following = asyncio.create_task(wall.follow())
        await asyncio.wait([following, asyncio.create_task(wall.opened.wait())], return_when=asyncio.FIRST_COMPLETED)
        plan = Plan("open", system.url, evening, 0, seed=1, per_s=wanted.per_s)
        scans = Timed(plan, Lanes(plan).shown())
        await scans.open()
        scans.close()
        await wall.has(len(scans.sent))
        following.cancel()
        print(f"{system.errors() or 'no complaints'}; {len(wall.seen)} pictures", file=sys.stderr)
    finally:
        await system.stop()
    ms = latencies_ms(sorted(scans.sent), wall.seen)
    shown = wall.seen[-1][1]
    return {
        "benchmark": "control",
        "p50_ms": round(percentile(ms, 0.5), 1),
        "p99_ms": round(percentile(ms, 0.99), 1),
        "scans_per_s": round(len(scans.report.ms) / scans.report.seconds, 1),
        "scan_p99_ms": round(percentile(scans.report.ms, 0.99), 1),
        "admitted": len(scans.sent),
        "missed": max(0, len(scans.sent) - shown),
        "doubled": max(0, shown - len(scans.sent)),
        "wrong": sum(scans.report.wrong.values()),
        "pictures": len(wall.seen),
        "workers": wanted.workers,
        "machine": machine(),
    }


def latencies_ms(sent: list[float], seen: list[tuple[float, int]]) -> list[float]:
    """Return how long each admitted scan took to its count on the wall; those that never came are left out."""
    found, at = [], 0
    for count, began in enumerate(sent, 1):
        while at < len(seen) and seen[at][1] < count:
            at += 1
        if at < len(seen):
            found.append(1000 * (seen[at][0] - began))
    return found


def main() -> None:
    """Read the options and print the line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.control")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--per-s", type=float, default=1000.0)
    asked = parser.parse_args()
    line = run(measure(Wanted(asked.quick, asked.workers, asked.per_s)))
    tell(line)
    if line["missed"] or line["doubled"] or line["wrong"]:
        sys.exit("A scan was not counted once.")


if __name__ == "__main__":
    main()
