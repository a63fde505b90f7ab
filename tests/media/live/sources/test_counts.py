"""Match statistics: counted once, published at most twice a minute, at once with a goal, complete
for each new subscriber.
"""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.listening import messages_of, subscribe
from tests.media.live.conftest import GOAL, KICK_OFF, Match
from virage.media.live.rules.entries import Side
from virage.media.live.sources.rules.counting import PUBLISH_INTERVAL, CountedKind, MatchStatistics, Tally, statistics
from virage.platform.realtime.hub import Hub
from virage.platform.values.ids import new_id
from virage.platform.web.guard import ANONYMOUS


def did(side: str, *kinds: str, player: int | None = None, **changes: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "side": side, "kinds": kinds, "player": player} | changes


async def count(match: Match, *counts: dict[str, Any]) -> int:
    answer = await match.world.ask(match.desk, "POST", f"{match.path}/counts", {"counts": counts})
    assert answer.status_code == 200, answer.text
    changed: int = answer.json()["changed"]
    return changed


async def shots(match: Match) -> list[int]:
    found: list[int] = (await match.get("/stats"))["teams"]["shots"]
    return found


async def test_a_repeated_update_counts_once_with_its_last_value(match: Match) -> None:
    shot = did("home", "shot", player=9)
    assert await count(match, shot, shot, did("away", "shot")) == 2
    assert await count(match, shot) == 0
    match.world.clock.advance(PUBLISH_INTERVAL)  # type: ignore[attr-defined]  # the clock of the tests
    assert await count(match, shot | {"kinds": ["shot", "on_target"]}) == 1
    figures = await match.get("/stats")
    assert (figures["teams"]["shots"], figures["teams"]["on_target"]) == ([1, 1], [1, 0])
    match.world.clock.advance(PUBLISH_INTERVAL)  # type: ignore[attr-defined]  # the clock of the tests
    assert await count(match, shot | {"kinds": []}) == 1
    assert await shots(match) == [0, 1]


async def test_statistics_are_sent_at_most_twice_a_minute_and_at_once_with_a_goal(match: Match) -> None:
    await match.tell(KICK_OFF)
    await count(match, did("home", "shot"))
    assert await shots(match) == [1, 0]
    await count(match, did("home", "shot"))
    assert await shots(match) == [1, 0]
    await match.tell(GOAL)
    assert await shots(match) == [2, 0]
    await count(match, did("away", "shot"))
    match.world.clock.advance(PUBLISH_INTERVAL - timedelta(seconds=1))  # type: ignore[attr-defined]  # the clock of the tests
    await count(match, did("away", "shot"))
    assert await shots(match) == [2, 0]
    match.world.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined]  # the clock of the tests
    await count(match, did("away", "shot"))
    assert await shots(match) == [2, 3]


async def test_statistics_without_a_source_are_absent_and_drafts_have_none(match: Match) -> None:
    figures = await match.get("/stats")
    assert msgspec.convert(figures, MatchStatistics) == MatchStatistics()
    assert (await match.world.ask({}, "GET", f"/api/live/{match.world.draft}/stats")).status_code == 404


@pytest.mark.parametrize(
    "bad",
    [
        {"counts": []},
        {"counts": [did("unknown", "shot")]},
        {"counts": [did("home", "kick")]},
        {"counts": [did("home", "shot", player=0)]},
        {"counts": [did("home", "shot") for _ in range(501)]},
    ],
)
async def test_invalid_counts_are_refused_and_change_nothing(match: Match, bad: dict[str, Any]) -> None:
    answer = await match.world.ask(match.desk, "POST", f"{match.path}/counts", bad)
    assert answer.status_code == 400
    assert await shots(match) == [0, 0]


async def test_a_subscriber_gets_all_statistics_at_once_and_their_changes(match: Match) -> None:
    hub: Hub = match.world.app.state.hub
    await count(match, did("home", "pass", "completed"))
    stream = await subscribe(hub, ANONYMOUS, [f"stats:{match.world.event}"], None)
    async with asyncio.timeout(20):
        (first,) = messages_of(await anext(stream))
        await match.tell(KICK_OFF)
        await count(match, did("away", "pass"))
        await match.tell(GOAL)
        (second,) = messages_of(await anext(stream))
    await stream.aclose()
    assert (first["passes"], first["possession"]) == ([1, 0], [100, 0])
    assert (second["passes"], second["completed"], second["possession"]) == ([1, 1], [1, 0], [50, 50])


def test_the_statistics_of_the_busiest_half_minute_are_small() -> None:
    busy = [Tally(side, 9, kind, 999) for side in Side for kind in CountedKind]
    assert len(msgspec.json.encode(statistics(busy).teams)) < 250


TALLIES = st.lists(
    st.builds(Tally, st.sampled_from(Side), st.integers(1, 99), st.sampled_from(CountedKind), st.integers(1, 900)),
    unique_by=lambda tally: (tally.side, tally.player, tally.kind),
)


@given(TALLIES, st.randoms())
def test_statistics_do_not_depend_on_order_and_players_sum_to_their_team(tallies: list[Tally], chance: Any) -> None:
    shuffled = chance.sample(tallies, len(tallies))
    found = statistics(tallies)
    assert statistics(shuffled) == found
    for place, side in enumerate(Side):
        players = [one for one in found.players if one.side is side]
        for name in ("shots", "on_target", "passes", "completed", "fouls"):
            assert sum(getattr(one, name) for one in players) == getattr(found.teams, name)[place]
    passes = sum(found.teams.passes)
    assert (found.teams.possession is None) == (passes == 0)
    if found.teams.possession is not None:
        assert sum(found.teams.possession) == 100
        exact = 100 * found.teams.passes[0] / passes
        assert abs(found.teams.possession[0] - exact) <= 0.5
