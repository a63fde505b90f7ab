"""Recorded requests of the match: the feed, statistics, positions, replays and their rights."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

from tests.golden.requests_story import ANY, Story


async def play(story: Story) -> None:
    """Play all of it."""
    event, starts_at, _ = story.known["match"]
    story.until(starts_at)
    await feed(story, event)
    await figures(story, event)
    await rights(story, event)


async def prepare(story: Story) -> None:
    """Play the requests hours before the match: line-ups, and clips of what the camera of the cast
    has just seen.
    """
    event = story.known["match"][0]
    await teams(story, event)
    await clips(story, event)


async def teams(story: Story, event: str) -> None:
    """Read and set the line-ups."""
    path = f"/api/live/{event}/teams"
    sheet = (await story.ask("desk", "GET", path)).json
    players = [{"number": 9, "name": "Nine", "starts": True, "position": "forward", "captain": True}]
    sides = {
        "home": {"name": "Home", "code": "HOM", "colour": "#112233", "players": players},
        "away": {"name": "Away", "code": "AWA", "colour": "#332211", "players": players},
    }
    await story.ask("desk", "PUT", path, {"teams": sides, "revision": sheet["revision"] + 4}, expect=409)
    await story.ask("desk", "PUT", path, {"teams": sides, "revision": sheet["revision"]})
    await story.ask("fan", "PUT", path, {"teams": sides, "revision": 0}, expect=403)
    await story.ask("desk", "GET", path)


async def feed(story: Story, event: str) -> None:
    """Publish, correct and withdraw entries."""
    path = f"/api/live/{event}/entries"
    first = {"id": story.new_id(), "at": story.at(), "told": {"kind": "kick_off", "period": "first_half"}}
    await story.ask("desk", "POST", path, {"tellings": [first]})
    await story.ask("desk", "POST", path, {"tellings": [first]})
    for content in (
        {"kind": "goal", "side": "home", "player": 9, "manner": "play"},
        {"kind": "card", "side": "away", "player": 9, "colour": "yellow"},
        {"kind": "var", "matter": "goal", "phase": "checking", "about": 2},
        {"kind": "var", "matter": "goal", "phase": "stands", "about": 2},
        {"kind": "goal_line", "side": "home", "is_goal": True},
        {"kind": "referee", "signal": "whistle"},
        {"kind": "added_time", "minutes": 3},
        {"kind": "announcement", "text": {"fr": "Bienvenue", "en": "Welcome"}},
        {"kind": "ground", "place": "gate", "code": "A1", "state": "busy"},
        {"kind": "corrected", "about": 3, "told": {"kind": "card", "side": "home", "player": 9, "colour": "red"}},
        {"kind": "withdrawn", "about": 2},
        {"kind": "period_over", "period": "first_half", "match_over": False},
        {"kind": "period_over", "period": "second_half", "match_over": True},
        {"kind": "shoot_out_kick", "side": "home", "outcome": "scored"},
        {"kind": "substitution", "side": "home", "off": 9, "on": 99},
    ):
        story.wait(seconds=20)
        await story.ask("desk", "POST", path, {"tellings": [{"id": story.new_id(), "at": story.at(), "told": content}]})
    await story.ask("promoter", "POST", path, {"tellings": [first]}, expect=403)
    await story.ask("anonymous", "GET", f"/api/live/{event}")
    await story.ask("anonymous", "GET", f"/api/live/{event}/pages/1")
    await story.ask("anonymous", "GET", f"/api/live/{event}/pages/2", expect=404)


async def figures(story: Story, event: str) -> None:
    """Count players' actions, import match data and positions."""
    counts = [
        {"id": story.new_id(), "side": "home", "kinds": ["shot", "on_target"], "player": 9},
        {"id": story.new_id(), "side": "away", "kinds": ["corner"]},
    ]
    await story.ask("desk", "POST", f"/api/live/{event}/counts", {"counts": counts})
    await story.ask("desk", "POST", f"/api/live/{event}/counts", {"counts": counts})
    await story.ask("anonymous", "GET", f"/api/live/{event}/stats")
    lines = b64encode(b'{"event": {}}\nno document\n').decode()
    types = {"content-type": "application/x-ndjson"}
    await story.ask("desk", "POST", f"/api/live/{event}/cdf", content=lines, headers=types)
    frames = [
        {
            "period": "first_half",
            "clock_ms": 40 * at,
            "players": [["home", 9, 0.2 * at, 0.0]],
            "ball": [0.3 * at, 0.1, 0.0],
        }
        for at in range(50)
    ]
    await story.ask("desk", "POST", f"/api/pitch/{event}/frames", {"frames": frames})
    await story.ask("desk", "POST", f"/api/pitch/{event}/frames", {"frames": frames})
    await story.ask("fan", "POST", f"/api/pitch/{event}/frames", {"frames": frames}, expect=403)
    await story.ask("anonymous", "GET", f"/api/pitch/{event}")


async def rights(story: Story, event: str) -> None:
    """Set who may watch replays, how clips are released, and request a replay."""
    path = f"/api/replay/events/{event}"
    found: Any = (await story.ask("moderator", "GET", f"{path}/rights")).json
    wish = {"rights": found["rights"] | {"who": "ticket", "download": True}, "revision": found["revision"]}
    await story.ask("moderator", "PUT", f"{path}/rights", wish | {"revision": found["revision"] + 3}, expect=409)
    await story.ask("moderator", "PUT", f"{path}/rights", wish)
    await story.ask("desk", "PUT", f"{path}/rights", wish, expect=403)
    await story.ask("moderator", "PUT", f"{path}/desk", {"four_eyes": True})
    await story.ask("moderator", "PUT", f"{path}/desk", {"four_eyes": False})
    await story.ask("desk", "GET", f"{path}/desk")
    await story.ask("friend", "POST", f"{path}/taps", expect=ANY)
    await story.ask("moderator", "GET", "/api/replay/cameras")
    await story.ask("describer", "GET", f"{path}/descriptions")


async def clips(story: Story, event: str) -> None:
    """Publish a clip of what the camera of the cast saw, release and withdraw clips, dismiss a suggestion."""
    path, began = f"/api/replay/events/{event}", story.system.moment
    times = {
        "from_at": (began + timedelta(seconds=10)).isoformat(),
        "to_at": (began + timedelta(seconds=22)).isoformat(),
    }
    since, period = int(began.timestamp() * 1000), int(began.timestamp()) // 3600 * 3600
    mark = {"id": story.new_id()} | times
    await story.ask("desk", "POST", f"{path}/clips", mark)
    await story.ask("desk", "POST", f"{path}/clips", mark)
    await story.ask("desk", "POST", f"{path}/clips", mark | {"to_at": times["from_at"]}, expect=ANY)
    await story.ask("fan", "POST", f"{path}/clips", mark, expect=403)
    clip = f"/api/replay/clips/{mark['id']}"
    for part in ("", "/start", "/main/main.m3u8", "/main/video.m3u8", "/poster.jpg", "/main/clip.mp4"):
        await story.ask("fan", "GET", f"{clip}{part}", expect=ANY)
    await story.ask("fan", "GET", f"/api/replay/keys/{mark['id']}/main/{period}", expect=ANY)
    await story.ask("anonymous", "GET", f"/r/{mark['id']}", expect=ANY)
    for playlist in ("main.m3u8", "video.m3u8"):
        await story.ask("desk", "GET", f"{path}/cameras/main/{since}/{playlist}")
    await story.ask("desk", "GET", f"{path}/keys/main/{period}")
    await story.ask("moderator", "PUT", f"{path}/desk", {"four_eyes": True})
    waiting = {"id": story.new_id()} | times
    await story.ask("desk", "POST", f"{path}/clips", waiting)
    await story.ask("desk", "POST", f"/api/replay/clips/{waiting['id']}/release", expect=403)
    await story.ask("moderator", "POST", f"/api/replay/clips/{waiting['id']}/release")
    await story.ask("moderator", "POST", f"/api/replay/clips/{waiting['id']}/withdraw")
    await story.ask("fan", "GET", f"/api/replay/clips/{waiting['id']}", expect=ANY)
    shown = (await story.ask("desk", "GET", f"{path}/desk")).json
    for suggestion in shown["suggestions"]:
        await story.ask("desk", "POST", f"/api/replay/suggestions/{suggestion['id']}/dismiss")
    await story.ask("desk", "GET", f"{path}/desk")
    story.learn(clip_id=mark["id"], since=str(since), period=str(period))
