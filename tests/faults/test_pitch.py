"""A pitch under `kill -9` of every web process and of the database while tracking sends, then
beside a ball.

Phones reconnect and see all players in their places; no distance is off by a metre; signals of
goal-line technology during the outage are in the feed.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from benchmarks.common import run
from benchmarks.system import System
from benchmarks.wire import Client, Gone
from tests.faults.test_kill import Killer
from tests.faults.test_live import seed
from tests.media.tracking.ball import Mosquitto, broker, payloads
from tests.media.tracking.walks import Screen, as_json, game
from virage.cli.deployment import virage_command
from virage.media.live.store import feed as live
from virage.media.tracking import store
from virage.media.tracking.rules.frames import TrackingFrame
from virage.media.tracking.rules.track import Moment, Quanta, Track, track_frames
from virage.platform.data.database import Database

SECONDS, BATCH, PHONES = 45, 5, 8
KILLS = ("web worker", "postgres")


class Phone:
    """A phone that follows the pitch and reconnects to any serving process."""

    def __init__(self, url: str, event_id: UUID) -> None:
        self._url = f"{url}/api/stream?topics=pitch:{event_id}"
        self.screen = Screen()
        self.seen: dict[int, dict[str, Quanta]] = {}
        self.came_back = -1

    async def follow(self, until: int) -> None:
        """Follow until a moment has come."""
        async with httpx.AsyncClient(timeout=httpx.Timeout(5, read=30)) as browser:
            while self.screen.n < until:
                self.came_back += 1
                try:
                    await self._look(browser, until)
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)

    async def _look(self, browser: httpx.AsyncClient, until: int) -> None:
        async with browser.stream("GET", self._url) as answer:
            if answer.status_code != httpx.codes.OK:
                await asyncio.sleep(0.05)
                return
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    self.screen.receive(msgspec.json.decode(line[6:]))
                    self.seen[self.screen.n] = dict(self.screen.spots)
                if self.screen.n >= until:
                    return


def expected(frames: list[TrackingFrame]) -> tuple[Track, dict[int, Moment]]:
    """The sum of the frames without any fault, and every moment."""
    track, moments = Track(), dict[int, Moment]()
    for begin in range(0, len(frames), BATCH):
        track, _ = track_frames(track, frames[begin : begin + BATCH], datetime.now(UTC))
        moments |= {moment.n: moment for moment in track.moments}
    return track, moments


async def send(system: System, event_id: UUID, desk: bytes, frames: list[TrackingFrame], sent: list[int]) -> int:
    """Send one batch after the other, each until it is acknowledged; return how many responses were
    missing.
    """
    client, missing = Client(system.url), 0
    path = f"/api/tracking/{event_id}/frames".encode()
    for begin in range(0, len(frames), BATCH):
        body = msgspec.json.encode(as_json(frames[begin : begin + BATCH]))
        while True:
            try:
                answer = await client.ask(b"POST", path, desk, body)
                if answer.status == httpx.codes.OK:
                    sent.append(begin)
                    break
            except (Gone, OSError):
                pass
            missing += 1
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.02)  # faster than real time, and slow enough for phones
    client.close()
    return missing


async def run_with_kills(system: System, event_id: UUID, desk: bytes) -> dict[str, Any]:
    frames, sent = game(SECONDS), list[int]()
    track, moments = expected(frames)
    last = track.moments[-1].n
    phones = [Phone(system.url, event_id) for _ in range(PHONES)]
    following = asyncio.gather(*(phone.follow(last) for phone in phones))
    killer = Killer(system)

    async def kill() -> None:
        for part, target in enumerate(KILLS, 1):
            while len(sent) < part * len(frames) // BATCH // (len(KILLS) + 1):  # noqa: ASYNC110 - it counts answers
                await asyncio.sleep(0.002)
            pids = killer.pids(target)
            for victim in pids:  # each in turn: all phones may be with the same one
                os.kill(victim, signal.SIGKILL)
                await killer.back(target, victim, len(pids))

    missing, _ = await asyncio.gather(send(system, event_id, desk, frames, sent), kill())
    async with asyncio.timeout(60):
        await following
    return {
        "missing": missing,
        "came_back": sum(phone.came_back for phone in phones),
        "wrong": [n for phone in phones for n, spots in phone.seen.items() if moments[n].spots != spots],
        "seen": min(len(phone.seen) for phone in phones),
        "track": track,
    }


async def ball(system: System, event_id: UUID, mosquitto: Mosquitto) -> asyncio.subprocess.Process:
    """The process beside the ball, once it listens."""
    command = virage_command("ball", "--broker", mosquitto.url, "--event", str(event_id), "--ball", "a")
    process = await asyncio.create_subprocess_exec(
        *command, env=system.env | {"VIRAGE_LOG_LEVEL": "info"}, stdout=asyncio.subprocess.PIPE, stderr=sys.stderr
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while b"broker_connected" not in await process.stdout.readline():
            pass
    return process


async def kicked(db: Database, event_id: UUID, kmh: int) -> None:
    """Wait until the hardest kick has about this speed."""
    async with asyncio.timeout(30):
        while True:
            async with db.connection() as conn:
                hardest = (await store.plays(conn, {event_id: -1}))[event_id].play.kicks.hardest
            if hardest is not None and abs(hardest.kmh - kmh) <= 5:
                return
            await asyncio.sleep(0.05)


async def beside_a_ball(system: System, event_id: UUID, mosquitto: Mosquitto) -> list[str]:
    """The ball's process is killed between two kicks, and a goal-line signal comes meanwhile.
    Return the kinds of entries.
    """
    long_after = datetime.now(UTC) + timedelta(hours=1)  # without tracking, a kick is published at once
    db = await Database.open(system.postgres.url, connections_max=1)
    process = await ball(system, event_id, mosquitto)
    await mosquitto.say(*(("ball/a/imu", one) for one in payloads(long_after, 1, [(0.5, 20)])))
    await kicked(db, event_id, 72)
    process.kill()
    await process.wait()
    said = {"signal": "goal_line", "id": "glt-1", "at": long_after.isoformat(), "side": "home", "is_goal": True}
    await mosquitto.say((f"goal-line/{event_id}", msgspec.json.encode(said)))
    process = await ball(system, event_id, mosquitto)
    await mosquitto.say(*(("ball/a/imu", one) for one in payloads(long_after + timedelta(minutes=1), 1, [(0.5, 30)])))
    await kicked(db, event_id, 108)
    async with db.connection() as conn:
        entries = [one.entry.content for one in await live.entries_after(conn, event_id, 0)]
    process.terminate()
    await process.wait()
    await db.close()
    return [type(content).__name__ for content in entries]


async def evening(mosquitto: Mosquitto) -> dict[str, Any]:
    system = System(workers=2)
    try:
        await system.start_database()
        db = await Database.open(system.postgres.url, connections_max=2)
        event_id, desk = await seed(db)
        await db.close()
        await system.start_processes()
        found = await run_with_kills(system, event_id, desk)
        db = await Database.open(system.postgres.url, connections_max=1)
        async with db.connection() as conn:
            found["kept"] = (await store.plays(conn, {event_id: -1}))[event_id].play.track
        await db.close()
        found["entries"] = await beside_a_ball(system, event_id, mosquitto)
        return found
    finally:
        await system.stop()


@pytest.mark.filterwarnings("default")
def test_phones_reconnect_to_current_positions_and_no_distance_or_signal_is_lost(tmp_path: Path) -> None:
    with broker(tmp_path) as mosquitto:
        found = run(evening(mosquitto))
    assert found["missing"] > 0, "the kills interrupted the sender"
    assert found["came_back"] > 0, "the kills interrupted the phones"
    assert found["wrong"] == []
    assert found["seen"] > 3
    assert found["kept"].runs == found["track"].runs
    assert found["entries"] == ["GoalLine"]
