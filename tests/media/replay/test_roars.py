"""Roars in the sound of a camera, through encoding, storage, decoding and measurement."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import av
import pytest
from av.container import InputContainer

from tests.app.conftest import World
from tests.conftest import FakeClock, alive
from virage.media.replay.footage import Footage
from virage.media.replay.ingest.segmenter import Fragment, Init, Take
from virage.media.replay.ingest.synthetic import RATE, SOUND_RATE, send
from virage.media.replay.jobs.moment_detection import MomentDetectionJobs
from virage.media.replay.rules.media import Kind, MediaVault, Segment, Track, key_period, sealed
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.web.http import Application

QUIET_S, LOUD_S = 12, 5
FASTER = 1000  # than real time
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a synthetic camera over some seconds."""
    path: Path = tmp_path_factory.mktemp("camera") / "filmed.ts"
    frames = count()
    send(str(path), Clock(speed=FASTER), running=lambda: next(frames) < (QUIET_S + LOUD_S) * RATE)
    return path


def louder(path: Path, from_s: float, times: float) -> Path:
    """Return the same file, louder from a second on."""
    out = path.with_suffix(f".{times}.ts")
    with av.open(path) as source, av.open(out, "w", format="mpegts") as target:
        assert isinstance(source, InputContainer)
        video, audio = source.streams.video[0], source.streams.audio[0]
        picture: Any = target.add_stream_from_template(video)
        sound: Any = target.add_stream("aac", rate=SOUND_RATE, layout="mono")
        began = None
        for packet in source.demux(video, audio):
            if packet.dts is None:
                continue
            began = packet.dts if began is None else began
            if packet.stream is video:
                packet.stream = picture
                target.mux(packet)
                continue
            for frame in packet.decode():
                assert isinstance(frame, av.AudioFrame)
                target.mux(sound.encode(_times(frame, times if (frame.pts or 0) >= from_s * 90_000 + began else 1.0)))
        target.mux(sound.encode(None))
    return out


def _times(frame: av.AudioFrame, times: float) -> av.AudioFrame:
    made = av.AudioFrame.from_ndarray(frame.to_ndarray() * times, format="fltp", layout="mono")
    made.sample_rate, made.pts, made.time_base = frame.sample_rate, frame.pts, frame.time_base
    return made


class LiveMatch:
    """A running match, recorded by its main camera."""

    def __init__(self, world: World, config: Config) -> None:
        self.world = world
        self.footage = Footage(config.objects_at)
        self.vault = MediaVault([config.secret])
        self.jobs = MomentDetectionJobs(world.db, world.clock, self.footage, self.vault)

    async def takes_in(self, path: Path) -> None:
        """Store the sound of a file as if it had just arrived."""
        with av.open(path) as container:
            assert isinstance(container, InputContainer)
            take = Take(container)
            parts = [part for packet in container.demux(take.streams) for part in take.put(packet)[1]]
            sound = [part for part in [*parts, *take.close()] if part.kind is Kind.AUDIO]
        began = self.world.clock.now() - (QUIET_S + LOUD_S) * SECOND
        track = None
        async with self.world.db.transaction() as conn:
            await store.save_camera(conn, "main", programme=True, delay_ms=0)
            hour = key_period(began)
            for at in (hour, hour + timedelta(hours=1)):
                await store.add_key(conn, "main", at, self.vault.new("main", at))
            for part in sound:
                if isinstance(part, Init):
                    track = Track(new_id(), new_id(), "main", Kind.AUDIO, part.codecs, None, None, began)
                    await self.footage.put(track.id, part.data)
                    await store.add_track(conn, track)
                elif track is not None:
                    await self._add(conn, track, part, began + part.at_s * SECOND)

    async def _add(self, conn: Any, track: Track, part: Fragment, at: Any) -> None:
        segment = Segment(new_id(), track.id, at, round(part.duration_s * 1000), len(part.data))
        kept = await store.media_key(conn, "main", key_period(at))
        assert kept is not None
        key = self.vault.open(kept, "main", key_period(at))
        await self.footage.put(segment.id, sealed(part.data, key, segment.id))
        await store.add_segment(conn, segment, track)

    async def suggested(self) -> list[tuple[str, float]]:
        """Return the suggestions: camera, and time in seconds of the file."""
        began = self.world.clock.now() - (QUIET_S + LOUD_S) * SECOND
        ours = "select camera, at from replay.suggestion where event_id = $1 order by at"
        rows = await self.world.rows(ours, self.world.event)
        return [(row["camera"], (row["at"] - began).total_seconds()) for row in rows]


@pytest.fixture
async def live_match(app: Application, db: Database, clock: FakeClock, config: Config) -> AsyncIterator[LiveMatch]:
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        clock.advance(timedelta(days=1, minutes=10))  # the match started ten minutes ago
        yield LiveMatch(world, config)


@pytest.fixture
def roaring(filmed: Path) -> Path:
    return louder(filmed, QUIET_S, 3.0)


async def test_a_roar_in_a_cameras_sound_is_suggested_once_and_not_published(
    live_match: LiveMatch, roaring: Path
) -> None:
    await live_match.takes_in(roaring)
    for _ in range(3):
        await live_match.jobs.listen()
    ((camera, at),) = await live_match.suggested()
    assert camera == "main"
    assert abs(at - QUIET_S) <= 1.5
    assert await live_match.world.rows("select id from replay.clip") == []
    other = MomentDetectionJobs(live_match.world.db, live_match.world.clock, live_match.footage, live_match.vault)
    await other.listen()
    assert len(await live_match.suggested()) == 1, "another worker does not repeat the suggestion"


async def test_constant_sound_is_not_suggested(live_match: LiveMatch, filmed: Path) -> None:
    await live_match.takes_in(filmed)
    await live_match.jobs.listen()
    assert await live_match.suggested() == []
