"""End to end: ingest of a camera, publication of a goal, playback on a phone."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any
from uuid import UUID

import av
import httpx
import numpy as np
import pytest
from av.container import InputContainer
from numpy.typing import NDArray

from tests.app.conftest import World
from tests.conftest import alive
from tests.media.live.conftest import KICK_OFF
from tests.media.replay.camera import Camera, taking_in
from tests.ports import free_ports
from virage.app.building import build
from virage.media.replay.footage import Footage
from virage.media.replay.ingest.synthetic import read_clock
from virage.media.replay.ingest.transports import Source
from virage.media.replay.rules.media import Kind, MediaVault, opened
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application


class LiveMatch:
    """A match with a desk, in an application with the clock of the camera."""

    def __init__(self, world: World, desk: dict[str, str], db: Database, config: Config) -> None:
        self.world = world
        self.desk = desk
        self.db = db
        self.footage = Footage(config.objects_at)
        self.vault = MediaVault([config.secret])

    async def get(self, path: str) -> httpx.Response:
        return await self.world.ask({}, "GET", path)

    async def tell(self, *contents: Any) -> list[dict[str, Any]]:
        tellings = [
            {"id": str(new_id()), "at": self.world.clock.now().isoformat(), "content": content} for content in contents
        ]
        path = f"/api/live/{self.world.event}/entries"
        outcomes: list[dict[str, Any]] = (await self.world.ask(self.desk, "POST", path, {"entries": tellings})).json()
        return outcomes

    async def seen(self, camera: str, seconds: float) -> datetime:
        """Wait until a camera is recorded for some time; return the start."""
        since = datetime(2020, 1, 1, tzinfo=UTC)
        async with asyncio.timeout(60):
            while True:
                async with self.db.connection() as conn:
                    pieces = await store.pieces(conn, camera, Kind.VIDEO, since, since + timedelta(days=9999))
                if pieces and (pieces[-1].segment.ends_at - pieces[0].segment.at).total_seconds() >= seconds:
                    return pieces[0].segment.at
                await asyncio.sleep(0.05)

    async def frames(self, clip: str, camera: str) -> list[tuple[float, int]]:
        """Return the displayed frames of a clip: player time (s), and clock in the picture (ms)."""
        lines = (await self.get(f"/api/replay/clips/{clip}/{camera}/video.m3u8")).text.splitlines()
        parts, key, vector = [], b"", UUID(int=0)
        for line in lines:
            if found := re.match(r'#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)",IV=0x([0-9a-f]{32})', line):
                key, vector = (await self.get(found[1])).content, UUID(hex=found[2])
            elif found := re.match(r'#EXT-X-MAP:URI="([^"]+)"', line):
                parts.append((await self.get(found[1])).content)
            elif not line.startswith("#"):
                parts.append(opened((await self.get(line)).content, key, vector))
        with av.open(BytesIO(b"".join(parts))) as container:
            assert isinstance(container, InputContainer)
            return [(frame.time or 0.0, read_clock(luma(frame))) for frame in container.decode(video=0)]


def luma(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return frame.to_ndarray()[: frame.height].astype(np.uint8)


@pytest.fixture
async def live_match(config: Config, db: Database) -> AsyncIterator[LiveMatch]:
    clock = Clock()
    app: Application = build(config, db, clock)
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        grants = [Grant(role, "event", world.event) for role in ("match_desk", "media_desk")]
        yield LiveMatch(world, await world.signed_in("desk@example.org", *grants), db, config)


async def test_the_replay_of_a_goal_plays_at_once_and_shows_the_right_time(
    live_match: LiveMatch, camera: Callable[..., Camera]
) -> None:
    (port,) = free_ports(1)
    source = Source("main", f"tcp://127.0.0.1:{port}?listen=1", programme=True)
    async with taking_in(source, live_match.db, live_match.footage, live_match.vault):
        camera(port)
        await live_match.seen("main", 2)
        _, goal = await live_match.tell(KICK_OFF, {"kind": "goal", "side": "home"})
        page = (await live_match.get(f"/api/live/{live_match.world.event}/pages/1")).json()
        replayed = page["entries"][2]["content"]
        assert (replayed["kind"], replayed["about"]) == ("replay", goal["number"])
        clip = replayed["clip_id"]
        growing = (await live_match.get(f"/api/replay/clips/{clip}/main/video.m3u8")).text
        assert "#EXT-X-PLAYLIST-TYPE:EVENT" in growing
        await live_match.seen("main", 5)
    frames = await live_match.frames(clip, "main")
    assert len(frames) >= 100
    times = [shown for _, shown in frames]
    assert {after - before for before, after in pairwise(times)} == {40}
    began, first = frames[0]
    assert {round(1000 * (at - began)) - (shown - first) for at, shown in frames} == {0}, (
        "a player shows it at its pace"
    )
    assert times[0] < datetime.fromisoformat(goal["at"]).timestamp() * 1000 < times[-1]
    main = (await live_match.get(f"/api/replay/clips/{clip}/main/main.m3u8")).text
    assert 'CODECS="avc1.' in main
    assert "mp4a.40.2" in main
