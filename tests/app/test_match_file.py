"""A real match, played from its files by `virage match` into a running system: complete, counted
correctly, published once.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest

from tests.samples import match_file
from virage.media.live.sources.files import MatchFile, load
from virage.media.live.sources.playback import PlaybackFailed, play

if TYPE_CHECKING:
    from tests.app.conftest import Served, World

EVENTS, LINEUPS = match_file("statsbomb_3788741_event.json"), match_file("statsbomb_3788741_lineup.json")


@pytest.fixture
async def key(live_world: "World", tmp_path: Path) -> Path:
    """A file with the key of an API client that publishes matches."""
    file = tmp_path / "match.key"
    header = await live_world.api_client("match_desk")
    file.write_text(header["authorization"].removeprefix("Bearer ") + "\n", encoding="utf-8")
    return file


async def playing(served: "Served", *arguments: str) -> Process:
    command = [sys.executable, "-m", "virage.cli", "match", *arguments, "--url", served.url]
    return await asyncio.create_subprocess_exec(*command, env=served.env, stdout=PIPE, stderr=STDOUT)


async def played(served: "Served", match: MatchFile, event: UUID, key: Path, speed: float) -> None:
    """Play it as the command does, in this process."""
    await play(match, served.url, event, key.read_text().strip(), speed=speed, report=print)


class Feed:
    """The feed of an event."""

    def __init__(self, served: "Served", event: UUID) -> None:
        self._base = f"{served.url}/api/live/{event}"

    async def get(self, path: str = "") -> Any:
        async with httpx.AsyncClient() as browser:
            return (await browser.get(self._base + path)).raise_for_status().json()

    async def contents(self) -> list[tuple[Any, int]]:
        """Every entry with its clock, without generated numbers and times."""
        head = (await self.get())["head"]
        pages = [(await self.get(f"/pages/{page}"))["entries"] for page in range(1, head // 32 + 2)]
        return [(entry["content"], entry["clock_s"]) for page in pages for entry in page]


def counted_by_hand() -> dict[str, list[int]]:
    """The figures of both teams, counted from the file itself."""
    events = json.loads(EVENTS.read_bytes())
    home, away = (event["team"]["name"] for event in events if event["type"]["name"] == "Starting XI")
    found: Counter[tuple[str, str]] = Counter()
    for event in events:
        team, kind = event["team"]["name"], event["type"]["name"]
        if kind == "Shot":
            on_target = event["shot"]["outcome"]["name"] in ("Goal", "Saved", "Saved to Post")
            found.update([("shots", team), *([("on_target", team)] if on_target else [])])
        elif kind == "Pass":
            kept, how = "outcome" not in event["pass"], event["pass"].get("type", {}).get("name")
            found.update([("passes", team), *([("completed", team)] if kept else [])])
            found.update([("corners", team)] if how == "Corner" else [])
        elif kind == "Foul Committed":
            found["fouls", team] += 1
    return {
        what: [found[what, home], found[what, away]]
        for what in ("shots", "on_target", "passes", "completed", "corners", "fouls")
    }


async def test_a_real_match_is_published_completely_and_once_through_kills_of_player_and_server(
    served: "Served", live_world: "World", key: Path
) -> None:
    files = (str(EVENTS), str(LINEUPS), "--key", str(key))
    match = load("statsbomb", [EVENTS, LINEUPS])
    whole, stopped = Feed(served, live_world.event), Feed(served, live_world.their_event)

    with pytest.raises(PlaybackFailed, match="404"):
        await played(served, match, live_world.draft, key, 0)
    process = await playing(served, *files, "--event", str(live_world.event), "--speed", "0")
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    live = await whole.get()
    score = live["state"]
    assert (score["home"], score["away"], score["match_over"]) == (0, 3, True)
    assert [team["name"] for team in (live["teams"]["home"], live["teams"]["away"])] == ["Turkey", "Italy"]
    assert sum(player["starts"] for player in live["teams"]["away"]["players"]) == 11
    goals = [(goal, clock_s // 60) for goal, clock_s in await whole.contents() if goal["kind"] == "goal"]
    assert [(goal["side"], goal["player"], goal.get("manner", "play"), minute) for goal, minute in goals] == [
        ("away", 3, "own", 52),
        ("away", 17, "play", 65),
        ("away", 10, "play", 78),
    ]
    figures = (await whole.get("/stats"))["teams"]
    by_hand = counted_by_hand()
    assert {what: figures[what] for what in by_hand} == by_hand

    again = await whole.contents(), await whole.get("/stats")
    await played(served, match, live_world.event, key, 0)
    assert (await whole.contents(), await whole.get("/stats")) == again

    process = await playing(served, *files, "--event", str(live_world.their_event), "--speed", "1200")
    async with asyncio.timeout(60):
        while (await stopped.get())["head"] < 5:  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    assert not (await stopped.get())["state"]["match_over"]
    resumed = asyncio.create_task(played(served, match, live_world.their_event, key, 1200))
    async with asyncio.timeout(60):
        while (await stopped.get())["head"] < 10:  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(0.02)
    await served.crash()
    await resumed
    assert (await stopped.contents(), await stopped.get("/stats")) == again
