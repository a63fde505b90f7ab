"""A recorded match for fans, describers and desks."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from uuid import UUID

import av
import httpx
import numpy as np
from av.container import InputContainer

from tests.app.conftest import SITE, World
from tests.conftest import FakeClock, alive
from tests.media.live.conftest import Match
from tests.media.live.test_rules import TEAMS
from tests.media.replay.takes import RecordedTake
from tests.media.replay.test_goal_replay import luma
from virage.media.live.acts import publishing as live
from virage.media.replay.acts.rights import set_rights
from virage.media.replay.footage import Footage
from virage.media.replay.ingest.synthetic import read_clock
from virage.media.replay.rules.media import MediaVault, opened
from virage.media.replay.rules.rights import Rights
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application


class RecordedMatch(Match):
    """A match that a camera has recorded for the last 14 seconds."""

    def __init__(self, world: World, desk: dict[str, str], config: Config, clock: FakeClock) -> None:
        super().__init__(world, desk)
        self.clock = clock
        self.footage = Footage(config.objects_at)
        self.vault = MediaVault([config.secret])

    async def store_take(self, *takes: RecordedTake) -> None:
        async with self.world.db.transaction() as conn:
            for take in takes:
                await take.store_take(conn, self.footage, self.vault)

    async def goal(self) -> str:
        """Publish a goal and return the path of its clip."""
        await self.tell({"kind": "kick_off", "period": "first_half"}, {"kind": "goal", "side": "home", "player": 9})
        (row,) = await self.world.rows("select id from replay.clip")
        return f"/api/replay/clips/{row['id']}"

    async def ask(self, path: str) -> httpx.Response:
        return await self.world.ask({}, "GET", path)

    async def describe(self, clip: str, locale: str, data: bytes) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.world.app)
        async with httpx.AsyncClient(transport=transport, base_url=SITE) as browser:
            return await browser.put(f"{clip}/descriptions/{locale}", content=data, headers=self.desk)

    async def to_describe(self) -> list[tuple[str, int, bool, list[str]]]:
        """Return the clips for describers: path, entry, whether settled, and languages."""
        path = f"/api/replay/events/{self.world.event}/descriptions"
        clips = (await self.world.ask(self.desk, "GET", path)).json()["clips"]
        return [
            (f"/api/replay/clips/{clip['id']}", clip["about"], clip["settled"], clip["described"]) for clip in clips
        ]

    async def opened(self, clip: str, camera: str, playlist: str) -> list[bytes]:
        """Return the decrypted media of a track by run, with init segments."""
        runs: list[bytes] = []
        for text in (await self.ask(f"{clip}/{camera}/{playlist}.m3u8")).text.split("#EXT-X-DISCONTINUITY\n"):
            key, vector, run = b"", UUID(int=0), b""
            for line in text.splitlines():
                if found := re.match(r'#EXT-X-KEY:METHOD=AES-128,URI="([^"]+)",IV=0x([0-9a-f]{32})', line):
                    key, vector = (await self.ask(found[1])).content, UUID(hex=found[2])
                elif found := re.match(r'#EXT-X-MAP:URI="([^"]+)"', line):
                    run += (await self.ask(found[1])).content
                elif line and not line.startswith("#"):
                    run += opened((await self.ask(line)).content, key, vector)
            runs.append(run)
        return runs

    async def allow(self, rights: Rights) -> None:
        async with self.world.db.transaction() as conn:
            assert await set_rights(conn, self.world.event, rights, None, self.world.clock.now(), revision=0) == 1


@asynccontextmanager
async def a_recorded_match(
    app: Application, db: Database, clock: FakeClock, config: Config
) -> AsyncIterator[RecordedMatch]:
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        roles = ("match_desk", "media_desk", "describer")
        desk = await world.signed_in("desk@example.org", *(Grant(role, "event", world.event) for role in roles))
        async with db.transaction() as conn:
            await live.set_teams(conn, world.event, TEAMS, None, clock.now(), revision=0)
        yield RecordedMatch(world, desk, config, clock)


def clocks(data: bytes) -> list[int]:
    """Return the clock in each frame of a file."""
    with av.open(BytesIO(data)) as file:
        assert isinstance(file, InputContainer)
        return [read_clock(luma(frame)) for frame in file.decode(video=0)]


def length_s(media: bytes) -> float:
    with av.open(BytesIO(media)) as file:
        assert isinstance(file, InputContainer)
        packets = [packet for packet in file.demux() if packet.pts is not None]
        return sum(float((packet.duration or 0) * packet.time_base) for packet in packets)


def voice(seconds: float, hertz: float = 440, kind: str = "wav") -> bytes:
    """Return a humming voice as an audio file."""
    file = BytesIO()
    at_s = np.arange(round(seconds * 44_100)) / 44_100
    with av.open(file, "w", format=kind) as out:
        stream = out.add_stream("pcm_s16le", rate=44_100, layout="mono")
        hum = (0.5 * np.sin(2 * np.pi * hertz * at_s) * 32_767).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(hum[None, :], format="s16", layout="mono")
        frame.sample_rate = 44_100
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            out.mux(packet)
    return file.getvalue()
