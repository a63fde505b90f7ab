"""The feed and the replays of our match, and who may publish them: requests for the tests of
endpoints.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from virage.media.replay.acts.desk import suggest
from virage.media.replay.rules.media import Kind, MediaVault, Segment, Track, key_period
from virage.media.replay.rules.moments import Moment, MomentSource
from virage.media.replay.store import cameras as footage
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.app.conftest import World

NEIGHBOURS = ("their office", "their event's office", "friend")


def added_time_entry(world: "World") -> dict[str, Any]:
    telling = {
        "id": str(new_id()),
        "at": world.clock.now().isoformat(),
        "content": {"kind": "added_time", "minutes": 3},
    }
    return {"entries": [telling]}


def teams(_: "World") -> dict[str, Any]:
    home = {"name": "T", "code": "TTT", "colour": "#112233"}
    away = {"name": "V", "code": "VVV", "colour": "#332211"}
    return {"teams": {"home": home, "away": away}, "revision": 0}


def cdf(_: "World") -> dict[str, Any]:
    return {"frame_id": 1}


def counts(_: "World") -> dict[str, Any]:
    return {"counts": [{"id": str(new_id()), "side": "home", "kinds": ["shot"]}]}


def frames(_: "World") -> dict[str, Any]:
    return {"frames": [{"period": "first_half", "clock_ms": 0, "players": [["home", 9, 0.0, 0.0]]}]}


def clip(world: "World") -> dict[str, Any]:
    now = world.clock.now()
    return {
        "id": str(new_id()),
        "from_at": (now - timedelta(seconds=9)).isoformat(),
        "to_at": now.isoformat(),
    }


def one_pair_of_eyes(_: "World") -> dict[str, Any]:
    return {"four_eyes": False}


def rights(_: "World") -> dict[str, Any]:
    return {"rights": {"who": "ticket", "download": True}, "revision": 0}


async def seen(world: "World") -> None:
    """A camera has sent a second of the venue."""
    at = world.clock.now() - timedelta(seconds=5)
    track = Track(new_id(), new_id(), "main", Kind.VIDEO, "avc1.64001f", 640, 360, at)
    async with world.db.transaction() as conn:
        await footage.save_camera(conn, "main", programme=True, delay_ms=0)
        await footage.add_track(conn, track)
        await footage.add_segment(conn, Segment(new_id(), track.id, at, 1000, 10_000), track)


async def new_clip(world: "World", desk: dict[str, str]) -> str:
    """The id of a clip that our desk has published."""
    await seen(world)
    marked = await world.ask(desk, "POST", f"/api/replay/events/{world.event}/clips", clip(world))
    clip_id: str = marked.json()["id"]
    return clip_id


async def suggested(world: "World") -> str:
    """The id of a moment that the crowd has suggested."""
    moment = Moment(MomentSource.ROAR, world.clock.now() - timedelta(minutes=5), 90, "main")
    async with world.db.transaction() as conn:
        assert await suggest(conn, world.event, moment, world.clock.now())
    (row,) = await world.rows("select id from replay.suggestion")
    return str(row["id"])


def moment(said: str) -> datetime:
    """A time as a response formats it."""
    return datetime.fromisoformat(said)


async def hour_of(world: "World", secret: str) -> str:
    """The hour whose key our camera has."""
    hour, vault = key_period(world.clock.now()), MediaVault([secret])
    async with world.db.transaction() as conn:
        await footage.add_key(conn, "main", hour, vault.new("main", hour))
    return str(int(hour.timestamp()))


async def names_of(world: "World", desk: dict[str, str], secret: str) -> dict[str, str]:
    """The path parameters of the replay endpoints."""
    return {
        "clip_id": await new_clip(world, desk),
        "suggestion_id": await suggested(world),
        "camera": "main",
        "since": "0",
        "playlist": "main.m3u8",
        "period": await hour_of(world, secret),
    }


PITCH = (
    ("POST /api/live/{event_id}/entries", "our office", NEIGHBOURS, added_time_entry),
    ("GET /api/live/{event_id}/teams", "our office", NEIGHBOURS),
    ("PUT /api/live/{event_id}/teams", "our office", NEIGHBOURS, teams),
    ("GET /api/replay/events/{event_id}/rights", "our office", NEIGHBOURS),
    ("PUT /api/replay/events/{event_id}/rights", "our office", NEIGHBOURS, rights),
    ("POST /api/live/{event_id}/cdf", "our office", NEIGHBOURS, cdf),
    ("POST /api/live/{event_id}/counts", "our office", NEIGHBOURS, counts),
    ("POST /api/tracking/{event_id}/frames", "our office", NEIGHBOURS, frames),
    ("POST /api/replay/events/{event_id}/clips", "our office", NEIGHBOURS, clip),
    ("GET /api/replay/events/{event_id}/desk", "our office", NEIGHBOURS),
    ("GET /api/replay/events/{event_id}/descriptions", "our office", NEIGHBOURS),
    ("PUT /api/replay/events/{event_id}/desk", "our office", NEIGHBOURS, one_pair_of_eyes),
    ("GET /api/replay/events/{event_id}/cameras/{camera}/{since}/{playlist}", "our office", NEIGHBOURS),
    ("GET /api/replay/events/{event_id}/keys/{camera}/{period}", "our office", NEIGHBOURS),
    ("POST /api/replay/suggestions/{suggestion_id}/dismiss", "our office", NEIGHBOURS),
    ("POST /api/replay/clips/{clip_id}/withdraw", "our office", NEIGHBOURS),
    ("POST /api/replay/clips/{clip_id}/release", "our office", NEIGHBOURS),
)
