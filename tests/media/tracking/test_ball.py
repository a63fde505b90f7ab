"""Signals of a connected ball, by the rules alone and through a real broker."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.live.conftest import KICK_OFF, Match
from tests.media.tracking.ball import HZ, Mosquitto, broker, payloads
from tests.media.tracking.test_way import follow, send
from tests.media.tracking.walks import BEGAN, Screen, frames_of, tracked
from virage.media.live.rules.entries import GoalLine
from virage.media.tracking.ball import BallListener, broker_of
from virage.media.tracking.rules.imu import (
    AXES,
    HEADER,
    MAGIC,
    VERSION,
    BadPayload,
    DetectorState,
    Impact,
    detect_impacts,
    read_batch,
)
from virage.media.tracking.rules.kicks import KEPT, Kick, Kicks, resolve_kicks, with_kicks
from virage.media.tracking.rules.signals import SIGNALS_PER_MINUTE_MAX, WAITING_MAX
from virage.platform.realtime.hub import Hub


def impacts_of(sent: list[bytes]) -> list[Impact]:
    feeling, found = DetectorState(), []
    for payload in sent:
        feeling, blows = detect_impacts(feeling, read_batch(payload))
        found += blows
    return found


@settings(max_examples=25, deadline=None)
@given(
    speeds=st.lists(st.floats(8, 40), max_size=4),
    off_s=st.floats(0.05, 0.4),
    size=st.integers(3, 200),
    again=st.booleans(),
)
def test_each_kick_is_detected_once_with_its_force_however_samples_are_batched(
    speeds: list[float], off_s: float, size: int, again: bool
) -> None:
    kicks = [(off_s + place * 0.5, speed) for place, speed in enumerate(speeds)]
    sent = payloads(BEGAN, 3, kicks, size=size)
    blows = impacts_of([one for payload in sent for one in [payload] * (1 + again)])
    assert [blow.speed for blow in blows] == pytest.approx(speeds, rel=0.08)
    for blow, (at_s, _) in zip(blows, kicks, strict=True):
        assert abs((blow.at - BEGAN).total_seconds() - at_s) < 0.01
        assert blow.turns == pytest.approx(6 * 3**0.5, rel=0.1)


def test_a_ball_that_rolls_or_is_dribbled_is_not_kicked() -> None:
    assert impacts_of(payloads(BEGAN, 10, [(one / 2, 2.0) for one in range(1, 19)])) == []


@given(
    payload=st.binary(max_size=80)
    | st.builds(HEADER.pack, st.just(MAGIC), *[st.integers(0, 255)] * 2, st.just(HZ), st.integers(0, 2**64 - 1))
)
def test_a_malformed_batch_is_refused_and_changes_nothing(payload: bytes) -> None:
    with suppress(BadPayload):
        detect_impacts(DetectorState(), read_batch(payload))


def test_a_batch_has_sixteen_bytes_and_twelve_per_sample() -> None:
    (payload,) = payloads(BEGAN, 0.05)
    assert payload[:16] == HEADER.pack(b"BALL", VERSION, AXES, HZ, 1_778_353_200_000_000)
    assert len(payload) == 16 + 25 * 12


def near_of(track_s: float, distance: float = 1.0) -> Kicks:
    """A kick after two seconds, as it is known when tracking has come so far."""
    frames = frames_of({9: lambda at_s: (at_s, distance)}, track_s, ball=lambda at_s: (at_s, 0, 0))
    kick = Kick(BEGAN + timedelta(seconds=2), "a", 90)
    return with_kicks(Kicks(), [kick], tracked(frames).near)


def test_a_kick_waits_for_tracking_and_belongs_to_the_nearest_player() -> None:
    assert near_of(1.5).published == []
    (kick,) = near_of(2.5).published
    assert (kick.by, kick.kmh) == ("h9", 90)


def test_an_impact_with_no_player_near_is_not_a_kick() -> None:
    assert near_of(2.5, distance=4) == Kicks()


def test_without_tracking_a_kick_is_published_without_a_name() -> None:
    (kick,) = with_kicks(Kicks(), [Kick(BEGAN, "a", 90)], []).published
    assert kick.by is None


def test_the_hardest_kick_is_kept_after_many_later_ones() -> None:
    kicks = Kicks()
    for place in range(3 * KEPT):
        kick = Kick(BEGAN + timedelta(seconds=place), "a", 120 if place == 1 else 50)
        kicks = with_kicks(with_kicks(kicks, [kick], []), [kick], [])
    assert len(kicks.published) == KEPT
    assert all(one.at < other.at for one, other in pairwise(kicks.published))
    assert kicks.hardest is not None
    assert kicks.hardest.kmh == 120
    assert resolve_kicks(kicks, []) == kicks


@pytest.mark.parametrize("url", ["http://a", "mqtt://", "mqtt://a/b", "a:1883", "mqtt://a:99999"])
def test_an_invalid_broker_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"broker|[Pp]ort"):
        broker_of(url)


def test_a_broker_may_require_a_user_name_and_tls() -> None:
    found = broker_of("mqtts://ball:s%40fe@broker.example")
    assert (found.port, found.secure, found.user, found.password) == (8883, True, "ball", "s@fe")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with broker(tmp_path) as running:
        yield running


@asynccontextmanager
async def listening(match: Match, mosquitto: Mosquitto) -> AsyncIterator[BallListener]:
    ball = BallListener(match.world.event, "a", broker_of(mosquitto.url), db=match.world.db, clock=match.world.clock)
    running = asyncio.create_task(ball.run())
    await until(lambda: ball.connected)
    yield ball
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - the condition has no event
            await asyncio.sleep(0.01)


async def test_a_kick_is_on_phones_with_player_and_speed_and_not_in_the_journal(
    match: Match, mosquitto: Mosquitto
) -> None:
    hub: Hub = match.world.app.state.hub
    before = await match.world.rows("select count(*) from kernel.journal")
    frames = frames_of({9: lambda at_s: (at_s, 1.0)}, 5, ball=lambda at_s: (at_s, 0, 0))
    async with listening(match, mosquitto) as ball:
        await send(match, frames[:20])
        await mosquitto.say(*(("ball/a/imu", payload) for payload in payloads(BEGAN, 3, [(2.0, 25.0)])))
        await until(lambda: ball.kicks == 1)
        await send(match, frames[20:])
        screen = Screen()
        await follow(hub, f"pitch:{match.world.event}", screen, 9)
        assert [(kick["by"], kick["kmh"]) for kick in screen.kicks] == [("h9", pytest.approx(90, abs=5))]
        assert screen.hardest == screen.kicks[0]
    assert await match.world.rows("select count(*) from kernel.journal") == before


async def test_invalid_payloads_are_counted_and_a_restarted_broker_is_used_again(
    match: Match, mosquitto: Mosquitto
) -> None:
    async with listening(match, mosquitto) as ball:
        event = match.world.event
        imu, goal_line, referee = "ball/a/imu", f"goal-line/{event}", f"referee/{event}"
        await mosquitto.say((imu, b""), (imu, b"\xff" * 40), (goal_line, b"{"), (referee, b"[]"))
        await mosquitto.say((goal_line, b'{"deep": ' + b"[" * 100_000), (referee, b'{"signal": "\xff"}'))
        await until(lambda: ball.bad == 6)
        mosquitto.kill()
        await until(lambda: not ball.connected)
        mosquitto.start()
        await until(lambda: ball.connected)
        await mosquitto.say(*(("ball/a/imu", payload) for payload in payloads(BEGAN, 1, [(0.5, 20.0)])))
        await until(lambda: ball.kicks == 1)


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat()


async def test_goal_line_signals_are_in_the_feed_and_decide_nothing(match: Match, mosquitto: Mosquitto) -> None:
    await match.tell(KICK_OFF)
    said = [
        {"signal": "whistle", "id": "w-1", "at": at(60)},
        {"signal": "play", "id": "p-1", "at": at(62), "state": "stopped"},
        {"signal": "var", "id": "v-1", "at": at(80), "matter": "penalty", "phase": "checking"},
        {"signal": "var", "id": "v-2", "at": at(120), "matter": "penalty", "phase": "overturned"},
        {"signal": "play", "id": "p-2", "at": at(130), "state": "resumed"},
        {"signal": "added_time", "id": "b-1", "at": at(140), "minutes": 3},
    ]
    async with listening(match, mosquitto) as ball:
        topic = f"referee/{match.world.event}"
        await mosquitto.say(*((topic, msgspec.json.encode(one)) for one in [*said, *said]))
        await until(lambda: ball.signals == 12 and ball.is_idle)
    assert [entry["content"] for entry in (await match.get("/pages/1"))["entries"]][1:] == [
        {"kind": "referee", "signal": "whistle"},
        {"kind": "referee", "signal": "stopped"},
        {"kind": "var", "matter": "penalty", "phase": "checking"},
        {"kind": "var", "matter": "penalty", "phase": "overturned"},
        {"kind": "referee", "signal": "resumed"},
        {"kind": "added_time", "minutes": 3},
    ]
    assert (await match.get())["state"]["clock"] is not None


def without_a_database(match: Match) -> BallListener:
    """A ball listener that stores nothing, as while the database is away."""
    return BallListener(match.world.event, "a", broker_of("mqtt://unused"), db=match.world.db, clock=match.world.clock)


def word(signal: str, name: object, seconds: float, **said: object) -> bytes:
    return msgspec.json.encode({"signal": signal, "id": str(name), "at": at(seconds), **said})


async def test_repeated_referee_signals_are_one_entry_and_limited_per_minute(match: Match) -> None:
    ball = without_a_database(match)
    for name, seconds in enumerate((0, 0.4, 0.8, 10, 12)):
        ball.hear("referee/x", word("whistle", name, seconds))
    assert len(ball.waiting) == 2
    for name in range(5, 100):
        ball.hear("referee/x", word("play", name, 20 + name / 10, state="stopped"))
    assert len(ball.waiting) == SIGNALS_PER_MINUTE_MAX
    ball.hear("referee/x", word("whistle", "next", 90))
    assert len(ball.waiting) == SIGNALS_PER_MINUTE_MAX + 1


async def test_a_payload_with_an_unsupported_timestamp_is_invalid(match: Match) -> None:
    ball = without_a_database(match)
    for moment in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-12:00"):
        ball.hear("referee/x", msgspec.json.encode({"signal": "whistle", "id": "w", "at": moment}))
    assert (ball.bad, ball.waiting) == (2, [])


async def test_during_an_outage_the_queue_is_bounded_and_referee_signals_are_dropped_first(
    match: Match,
) -> None:
    ball = without_a_database(match)
    ball.hear("referee/x", word("whistle", "w", 0))
    for name in range(WAITING_MAX + 9):
        ball.hear("goal-line/x", word("goal_line", name, name, side="home", is_goal=True))
    assert [one.at for one in ball.waiting] == [BEGAN + timedelta(seconds=9 + n) for n in range(WAITING_MAX)]
    assert all(isinstance(one.content, GoalLine) for one in ball.waiting)
    assert ball.dropped == 10


async def test_a_repeated_goal_line_signal_is_one_entry_and_not_a_goal(match: Match, mosquitto: Mosquitto) -> None:
    await match.tell(KICK_OFF)
    signal = {"signal": "goal_line", "id": "glt-17", "at": BEGAN.isoformat(), "side": "away", "is_goal": True}
    other = signal | {"id": "glt-18", "is_goal": False}
    said = [msgspec.json.encode(one) for one in (signal, signal, other)]
    event = match.world.event
    async with listening(match, mosquitto) as ball:
        whistle = msgspec.json.encode({"signal": "whistle", "id": str(uuid4()), "at": BEGAN.isoformat()})
        await mosquitto.say(
            *((f"goal-line/{event}", one) for one in said),
            (f"referee/{event}", said[0]),
            (f"referee/{event}", whistle),
        )
        await until(lambda: ball.signals == 5 and ball.is_idle)
    entries = (await match.get("/pages/1"))["entries"]
    assert [(entry["content"]["kind"], entry["content"].get("is_goal")) for entry in entries] == [
        ("kick_off", None),
        ("goal_line", True),
        ("goal_line", False),
        ("referee", None),
    ]
    assert (await match.get())["state"]["away"] == 0
