"""From tracking to phones over the whole application, at every process of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.listening import another_process, messages_of, subscribe
from tests.media.live.conftest import KICK_OFF, Match
from tests.media.tracking.walks import Screen, as_json, frames_of
from virage.media.live.rules.entries import Period, Side
from virage.media.tracking import reads
from virage.media.tracking.reads import TrackingReader, TrackingTopic
from virage.media.tracking.rules.frames import FRAMES_MAX, PlayerPosition, TrackingFrame
from virage.platform.data.database import Database
from virage.platform.realtime.hub import Hub
from virage.platform.values.ids import new_id
from virage.platform.web.guard import ANONYMOUS
from virage.platform.web.problems import Problem

NOW = datetime(2026, 5, 9, 20, tzinfo=UTC)
FRAMES = frames_of({9: lambda at_s: (4 * at_s - 30, 2.0), 4: lambda _: (0.0, -9.0)}, 10)


async def send(match: Match, frames: Sequence[TrackingFrame], event: object = None) -> Any:
    path = f"/api/tracking/{event or match.world.event}/frames"
    return await match.world.ask(match.desk, "POST", path, as_json(frames))


async def follow(hub: Hub, topic: str, screen: Screen, until: int) -> None:
    """Follow until a moment has come."""
    parts = await subscribe(hub, ANONYMOUS, [topic], None)
    async with asyncio.timeout(20):
        while screen.n < until:
            for message in messages_of(await anext(parts)):
                screen.receive(message)
    await parts.aclose()


@pytest.fixture
async def other_process(db: Database) -> AsyncIterator[Hub]:
    async with another_process(db, TrackingTopic(TrackingReader(db))) as hub:
        yield hub


async def test_phones_at_every_process_get_each_frame_once_and_late_ones_get_the_last_at_once(
    match: Match, other_process: Hub
) -> None:
    topic, screens = f"pitch:{match.world.event}", [Screen() for _ in range(3)]
    hubs: list[Hub] = [match.world.app.state.hub, other_process, other_process]
    following = [
        asyncio.create_task(follow(hub, topic, screen, 19)) for hub, screen in zip(hubs[:2], screens[:2], strict=True)
    ]
    for begin in range(0, 100, 5):
        assert (await send(match, FRAMES[begin : begin + 5])).json() == {"accepted": 5, "late": 0}
        if begin == 50:
            following.append(asyncio.create_task(follow(hubs[2], topic, screens[2], 19)))
        await asyncio.sleep(0)
    await send(match, frames_of({9: lambda _: (10.0, 2.0)}, 0.1, since_s=10))
    await asyncio.gather(*following)
    for screen in screens:
        assert screen.spots == {"h9": (40, 10), "h4": (0, -45)}
        assert screen.seen == sorted(set(screen.seen))
    assert screens[0].who == ["h4", "h9"]


async def test_subscribers_before_and_after_the_first_frame_get_the_same_state(match: Match) -> None:
    """Both are served by one pulse, whichever of them came first."""
    hub: Hub = match.world.app.state.hub
    topic, screens = f"pitch:{match.world.event}", [Screen(), Screen()]
    waiting = asyncio.create_task(follow(hub, topic, screens[0], 19))
    while hub.listening == 0:  # noqa: ASYNC110 - the condition has no event
        await asyncio.sleep(0)
    await send(match, FRAMES[:50])
    coming = asyncio.create_task(follow(hub, topic, screens[1], 19))
    while hub.listening < 2:  # noqa: ASYNC110 - the same
        await asyncio.sleep(0)
    await send(match, FRAMES[50:])
    await send(match, frames_of({9: lambda _: (10.0, 2.0)}, 0.1, since_s=10))
    await asyncio.gather(waiting, coming)
    assert screens[0].spots == screens[1].spots


async def test_a_match_evicted_from_the_cache_is_still_published(match: Match, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "KNOWN_MAX", 1)
    screen = Screen()
    following = asyncio.create_task(follow(match.world.app.state.hub, f"pitch:{match.world.event}", screen, 19))
    for begin in range(0, 100, 20):
        await send(match, FRAMES[begin : begin + 20])
        assert (await match.world.ask({}, "GET", f"/api/tracking/{match.world.their_event}")).json()["players"] == []
    await send(match, frames_of({9: lambda _: (10.0, 2.0)}, 0.1, since_s=10))
    await following
    assert screen.spots["h9"] == (40, 10)


async def test_a_repeated_batch_changes_nothing(match: Match) -> None:
    await send(match, FRAMES[:50])
    before = await match.world.rows("select * from tracking.play")
    assert (await send(match, FRAMES[:50])).json() == {"accepted": 0, "late": 50}
    assert await match.world.rows("select * from tracking.play") == before


async def test_a_batch_may_have_the_maximum_of_frames_and_players(match: Match) -> None:
    spots: list[PlayerPosition] = [(side, shirt, -1 / 3 - shirt, -2 / 3) for side in Side for shirt in range(1, 21)]
    frames = [TrackingFrame(Period.FIRST_HALF, n * 20, spots, (-1 / 3, -2 / 3, 1 / 3), NOW) for n in range(FRAMES_MAX)]
    answer = await send(match, frames)
    assert (answer.status_code, answer.json()) == (200, {"accepted": FRAMES_MAX, "late": 0})


async def test_concurrent_batches_are_processed_in_turn(match: Match) -> None:
    answers = await asyncio.gather(*(send(match, FRAMES[begin : begin + 10]) for begin in range(0, 100, 10)))
    assert sum(answer.json()["accepted"] + answer.json()["late"] for answer in answers) == 100
    assert {answer.status_code for answer in answers} == {200}


async def test_an_invalid_frame_refuses_its_whole_batch(match: Match) -> None:
    batch = as_json(FRAMES[:3])
    batch["frames"][2]["players"] = [["home", 9, 900, 0]]
    answer = await match.world.ask(match.desk, "POST", f"/api/tracking/{match.world.event}/frames", batch)
    assert answer.status_code == 400
    assert await match.world.rows("select * from tracking.play") == []


async def test_the_distances_of_players_are_public(match: Match) -> None:
    await send(match, FRAMES)
    figures = (await match.world.ask({}, "GET", f"/api/tracking/{match.world.event}")).json()
    four, nine = figures["players"]
    assert (four["shirt"], four["metres"]) == (4, 0)
    assert (nine["side"], nine["shirt"]) == ("home", 9)
    assert nine["metres"] == pytest.approx(38, abs=2)
    assert nine["top_kmh"] == pytest.approx(14.4, abs=0.3)


@pytest.mark.parametrize("event", ["draft", "nothing"])
async def test_an_event_that_is_not_public_has_no_live_tracking(match: Match, event: str) -> None:
    event_id = match.world.draft if event == "draft" else new_id()
    assert (await match.world.ask({}, "GET", f"/api/tracking/{event_id}")).status_code == 404
    assert (await send(match, FRAMES[:3], event_id)).status_code == 404
    hub: Hub = match.world.app.state.hub
    with pytest.raises(Problem):
        await subscribe(hub, ANONYMOUS, [f"pitch:{event_id}"], None)


async def test_a_stream_of_feed_and_statistics_resumes_the_feed_at_its_position(match: Match) -> None:
    hub: Hub = match.world.app.state.hub
    parts = await subscribe(hub, ANONYMOUS, [f"live:{match.world.event}", f"pitch:{match.world.event}"], None)
    heard = [await anext(parts)]
    await match.tell(KICK_OFF)
    await send(match, FRAMES)
    async with asyncio.timeout(20):
        while not (any(b'"kick_off"' in part for part in heard) and any(b'"key"' in part for part in heard)):
            heard.append(await anext(parts))
    assert all(b"id: " not in part for part in heard if b"event: pitch:" in part and part is not heard[0])
    assert all(b"id: " in part for part in heard if b"kick_off" in part)
    await parts.aclose()
    assert hub.listening == 0
