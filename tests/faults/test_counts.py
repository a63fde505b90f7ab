"""Counts of cameras under fire: `kill -9` of the web and of the database while devices send.

Each confirmed count is added up once, as the log of the devices has it, also those that were sent
again because their answer was lost.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from benchmarks.common import run
from benchmarks.evening import Lane, seed
from benchmarks.system import System
from benchmarks.wire import Client, Gone
from tests.faults.test_kill import Killer
from virage.platform.values.ids import new_id

DEVICES, UPLOADS, COUNTS = 12, 60, 5
KILLS = ("web worker", "postgres", "web worker")
STORED, SERVER_ERROR = 204, 500


class Devices:
    """Counters at gates, which send each upload until it is confirmed, and keep a log of what they counted."""

    def __init__(self, system: System, event_id: str) -> None:
        self._event_id = event_id
        self._client = Client(system.url)
        self._random = random.Random(1)  # noqa: S311 - the same counts each time
        self.counted: Counter[tuple[str, str]] = Counter()
        self.ids: set[UUID] = set()
        self.uploads = self.retries = 0

    async def count(self, lane: Lane) -> None:
        """Send all uploads of one device; every fifth one is sent twice, as after a lost answer."""
        for number in range(UPLOADS):
            counts: list[dict[str, Any]] = [
                {
                    "id": str(new_id()),
                    "lane": lane.gate,
                    "kind": self._random.choice(("in", "out")),
                    "value": self._random.randint(1, 9),
                    "at": datetime.now(UTC).isoformat(),
                }
                for _ in range(COUNTS)
            ]
            for _ in range(2 if number % 5 == 0 else 1):
                await self._send(lane, counts)
            for count in counts:
                self.counted[lane.gate, count["kind"]] += count["value"]
                self.ids.add(UUID(count["id"]))
            self.uploads += 1

    async def _send(self, lane: Lane, counts: list[dict[str, Any]]) -> None:
        headers = b"authorization: Bearer %b\r\n" % lane.token.encode()
        body = msgspec.json.encode({"event_id": self._event_id, "counts": counts})
        while True:
            try:
                answer = await self._client.ask(b"POST", b"/api/control/counts", headers, body)
                if answer.status < SERVER_ERROR:
                    assert answer.status == STORED, answer.body
                    return
            except (Gone, OSError):
                pass  # sent again
            self.retries += 1
            await asyncio.sleep(0.05)

    def close(self) -> None:
        self._client.close()


async def evening_with_kills() -> tuple[Devices, dict[tuple[str, str], int], set[UUID]]:
    """The whole evening; return the log of the devices, the counters, and the ids of the counts that are stored."""
    system = System(workers=2)
    try:
        await system.start_database()
        evening = await seed(system, 1, 0)
        await system.start_processes()
        devices, killer, chance = Devices(system, evening.event_id), Killer(system), random.Random(1)  # noqa: S311 - the same victims each time

        async def kill() -> None:
            for part, target in enumerate(KILLS, 1):
                while devices.uploads < part * DEVICES * UPLOADS // (len(KILLS) + 1):  # noqa: ASYNC110 - it counts answers
                    await asyncio.sleep(0.01)
                pids = killer.pids(target)
                victim = chance.choice(pids)
                os.kill(victim, signal.SIGKILL)
                await killer.back(target, victim, len(pids))

        await asyncio.gather(kill(), *(devices.count(lane) for lane in evening.lanes[:DEVICES]))
        devices.close()
        conn = await asyncpg.connect(system.postgres.url)
        try:
            rows = await conn.fetch("select place, kind, value from safety.counter where is_lane")
            stored = {row["id"] for row in await conn.fetch("select id from safety.count")}
        finally:
            await conn.close()
        return devices, {(row["place"], row["kind"]): row["value"] for row in rows}, stored
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_confirmed_counts_are_added_up_once_through_kills(capsys: pytest.CaptureFixture[str]) -> None:
    devices, counters, stored = run(evening_with_kills())
    with capsys.disabled():
        print(f"\ncounts kill: {len(devices.ids)} counts, {devices.retries} retries")  # noqa: T201 - what the run is for
    assert devices.retries > 0, "the kills interrupted uploads"
    assert stored == devices.ids
    assert counters == dict(devices.counted)
