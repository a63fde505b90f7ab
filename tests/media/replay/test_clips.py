"""Clips with the whole application and one recorded second: publication, refusal, withdrawal."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest

from tests.app import pitch
from tests.app.conftest import World
from tests.conftest import FakeClock, alive
from tests.media.live.conftest import KICK_OFF, Match
from virage.media.replay.rules.media import Kind, MediaVault, Segment, Track, key_period
from virage.media.replay.store import cameras as store
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.ids import new_id
from virage.platform.web.guard import Grant
from virage.platform.web.http import Application

GOAL = {"kind": "goal", "side": "home"}
Status = Callable[[str], Awaitable[int]]


@pytest.fixture
async def match(app: Application, db: Database, clock: FakeClock) -> AsyncIterator[Match]:
    """A match with a desk, recorded by one camera."""
    world = World(app, db, clock)
    async with alive(app):
        await world.open()
        await pitch.seen(world)
        grants = [Grant(role, "event", world.event) for role in ("match_desk", "media_desk")]
        yield Match(world, await world.signed_in("desk@example.org", *grants))


@pytest.fixture
def status(match: Match) -> Status:
    """Return the status for an anonymous request."""

    async def ask(path: str) -> int:
        return (await match.world.ask({}, "GET", f"/api/replay{path}")).status_code

    return ask


async def test_a_goal_withdrawn_in_the_same_batch_leaves_no_clip(match: Match) -> None:
    await match.tell(KICK_OFF)
    goal, withdrawn = await match.tell(GOAL, {"kind": "withdrawn", "about": 2})
    assert (goal["number"], withdrawn["number"]) == (2, 3)
    assert (await match.get())["head"] == 3
    assert await match.world.rows("select id from replay.clip") == []


async def test_a_withdrawn_clip_and_its_keys_are_gone(match: Match, status: Status, config: Config) -> None:
    at = key_period(match.world.clock.now())
    vault = MediaVault([config.secret])
    clip_id = await pitch.new_clip(match.world, match.desk)
    async with match.world.db.transaction() as conn:
        await store.add_key(conn, "main", at, vault.new("main", at))
    doors = [
        f"/clips/{clip_id}",
        f"/clips/{clip_id}/start",
        f"/clips/{clip_id}/main/main.m3u8",
        f"/clips/{clip_id}/main/video.m3u8",
        f"/keys/{clip_id}/main/{int(at.timestamp())}",
    ]
    assert [await status(door) for door in doors] == [200] * 5
    taken = await match.world.ask(match.desk, "POST", f"/api/replay/clips/{clip_id}/withdraw")
    assert taken.status_code == 204
    assert [await status(door) for door in doors] == [410] * 5
    assert await status(f"/clips/{new_id()}") == 404, "an unknown clip is not gone"


@pytest.mark.parametrize(
    ("from_s", "to_s", "shown"),
    [(0.2, 0.6, True), (-1, 0.1, True), (0.9, 9, True), (-1, 0, False), (1, 9, False)],
    ids=["within", "before and within", "within and after", "before", "after"],
)
async def test_a_clip_includes_each_camera_with_some_video_of_it(
    match: Match, from_s: float, to_s: float, shown: bool
) -> None:
    began = match.world.clock.now() - timedelta(seconds=5)  # it has sent one second
    times = {name: (began + timedelta(seconds=at)).isoformat() for name, at in (("from_at", from_s), ("to_at", to_s))}
    path = f"/api/replay/events/{match.world.event}/clips"
    answer = await match.world.ask(match.desk, "POST", path, {"id": str(new_id())} | times)
    assert answer.json().get("cameras") == (["main"] if shown else None)
    assert answer.json().get("code") == (None if shown else "no_picture")


async def test_a_take_of_hours_is_played_with_the_keys_of_the_clip_only(
    match: Match, status: Status, config: Config
) -> None:
    at, vault = match.world.clock.now() - timedelta(seconds=5), MediaVault([config.secret])
    track = Track(new_id(), new_id(), "main", Kind.VIDEO, "avc1.64001f", 640, 360, at - timedelta(hours=2))
    async with match.world.db.transaction() as conn:
        await store.add_track(conn, track)
        await store.add_segment(conn, Segment(new_id(), track.id, at, 1000, 10_000), track)
        for moment in (at, track.began_at):
            hour = key_period(moment)
            await store.add_key(conn, "main", hour, vault.new("main", hour))
    clip_id = await pitch.new_clip(match.world, match.desk)
    playlist = await match.world.ask({}, "GET", f"/api/replay/clips/{clip_id}/main/video.m3u8")
    keys = re.findall(r'URI="/api/replay(/keys/[^"]+)"', playlist.text)
    assert str(track.id) in playlist.text
    assert [await status(key) for key in keys] == [200] * len(keys)


async def test_a_clip_shows_only_the_chosen_cameras(match: Match, status: Status, config: Config) -> None:
    clip_id = await pitch.new_clip(match.world, match.desk)
    at, vault = key_period(match.world.clock.now()), MediaVault([config.secret])
    async with match.world.db.transaction() as conn:
        for camera in ("main", "other"):
            await store.save_camera(conn, camera, programme=False, delay_ms=0)
            await store.add_key(conn, camera, at, vault.new(camera, at))
    for camera, answer in (("main", 200), ("other", 404)):
        doors = [f"/clips/{clip_id}/{camera}/{name}.m3u8" for name in ("main", "video", "audio", "captions-fr")]
        doors.append(f"/keys/{clip_id}/{camera}/{int(at.timestamp())}")
        assert [await status(door) for door in doors] == [answer] * 5


async def test_a_clip_provides_only_the_keys_of_its_hours(match: Match, status: Status, config: Config) -> None:
    clip_id = await pitch.new_clip(match.world, match.desk)
    own = key_period(match.world.clock.now())
    before = own.replace(year=own.year - 1)
    vault = MediaVault([config.secret])
    async with match.world.db.transaction() as conn:
        for at in (own, before):
            await store.add_key(conn, "main", at, vault.new("main", at))
    assert await status(f"/keys/{clip_id}/main/{int(own.timestamp())}") == 200
    assert await status(f"/keys/{clip_id}/main/{int(before.timestamp())}") == 404
