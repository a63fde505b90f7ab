"""Gates that follow an event online, and how long a revoked pass takes to reach all of them.

Each gate of the venue has a device that sends a heartbeat every five seconds, as the steward's
phone does (docs/gate.md), and fetches its pack when it is told to.
"""

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from benchmarks.buyers import OK
from benchmarks.common import percentile
from benchmarks.device import BEAT_EVERY_S, Beat
from benchmarks.evening import Lane, lanes_of
from benchmarks.system import System
from benchmarks.wire import Client, Gone
from virage.platform.data.database import Database
from virage.platform.data.journal import position_key


class Heard(Struct):
    """What one device knows: each version of its pack with the time at which it had it, and revoked passes."""

    versions: list[tuple[float, str]] = []
    revoked: set[int] = set()
    reloads: int = 0


class OnlineGates:
    """A device at every gate that follows an event until it is closed."""

    def __init__(self, system: System, event_id: UUID, lanes: list[Lane]) -> None:
        self._system = system
        self._event_id = str(event_id)
        self._client = Client(system.url)
        self.heard = [Heard([], set()) for _ in lanes]
        self._tasks = [
            asyncio.create_task(self._follow(lane, heard)) for lane, heard in zip(lanes, self.heard, strict=True)
        ]

    @classmethod
    async def open(cls, system: System, event_id: UUID) -> "OnlineGates":
        """Pair a device at every gate, and wait until each follows the event."""
        db = await Database.open(system.postgres.url, connections_max=2)
        try:
            _, lanes = await lanes_of(db, system.env["VIRAGE_SECRET"], datetime.now(UTC))
        finally:
            await db.close()
        gates = cls(system, event_id, lanes)
        while not all(heard.versions for heard in gates.heard):
            await asyncio.sleep(0.1)
            for task in gates._tasks:
                if task.done():
                    task.result()
        return gates

    async def _follow(self, lane: Lane, heard: Heard) -> None:
        headers = b"authorization: Bearer %b\r\n" % lane.token.encode()
        await asyncio.sleep(random.uniform(0, BEAT_EVERY_S))  # devices do not beat together
        version = None
        while True:
            body = {
                "event_id": self._event_id,
                "gate": lane.gate,
                "at": datetime.now(UTC),
                "backlog": 0,
                "version": version,
            }
            try:
                answer = await self._client.ask(b"POST", b"/api/access/heartbeat", headers, msgspec.json.encode(body))
            except Gone:
                continue
            if answer.status != OK:
                raise RuntimeError(f"A heartbeat was answered {answer.status}: {answer.body!r}")
            changes = msgspec.json.decode(answer.body, type=Beat).changes
            heard.revoked |= set(changes.revoked)
            if changes.reload and version is not None:
                heard.reloads += 1
            version = changes.version
            heard.versions.append((time.time(), version))
            await asyncio.sleep(BEAT_EVERY_S)

    async def close(self) -> dict[str, Any]:
        """Wait until every device has had two more heartbeats, and return the figures.

        `gates_know_ms`: from the journal's time of a transfer or sale, which is the start of its transaction, until
        the last gate has a version of its pack that includes it. `gates_missed`: revoked passes that a gate which
        reloaded nothing has not been told of.
        """
        await asyncio.sleep(2 * BEAT_EVERY_S + 1)
        for task in self._tasks:
            task.cancel()
        for outcome in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
        self._client.close()
        conn = await asyncpg.connect(self._system.postgres.url)
        try:
            rows = await conn.fetch(
                """
                select xid::text || '-' || seq as position, at, what, (data ->> 'number')::bigint as number
                from kernel.journal
                where what in ('pass_revoked', 'pass_reissued') and data ->> 'event_id' = $1
                """,
                self._event_id,
            )
        finally:
            await conn.close()
        began = max(heard.versions[0][0] for heard in self.heard)
        rows = [row for row in rows if row["at"].timestamp() > began]
        waits = []
        for row in rows:
            key = position_key(row["position"])
            known = [
                next((at for at, version in heard.versions if position_key(version) >= key), float("inf"))
                for heard in self.heard
            ]
            waits.append(1000 * (max(known) - row["at"].timestamp()))
        revoked = {row["number"] for row in rows if row["what"] == "pass_revoked"}
        missed = sum(len(revoked - heard.revoked) for heard in self.heard if not heard.reloads)
        return {
            "gates": len(self.heard),
            "gates_know_ms": {"p50": round(percentile(waits, 0.5)), "p99": round(percentile(waits, 0.99))},
            "gates_missed": missed,
            "gates_reloaded": sum(heard.reloads for heard in self.heard),
        }
