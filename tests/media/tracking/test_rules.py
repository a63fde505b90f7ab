"""Results of frames: positions right to half a metre, plausible distances and speeds."""

from datetime import UTC
from itertools import pairwise
from math import cos, dist, hypot, pi, sin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import to_builtins

from tests.media.tracking.walks import BEGAN, Screen, Way, frames_of, tracked
from virage.media.live.rules.entries import Period, Side
from virage.media.tracking.rules.encoding import encode
from virage.media.tracking.rules.frames import FramesRequest, FramesResult, TrackingFrame
from virage.media.tracking.rules.kicks import resolve_kicks
from virage.media.tracking.rules.track import GRID_S, QUANTUM_M, Track, track_frames
from virage.media.tracking.rules.updates import KEY_FRAME_INTERVAL, SentState, TrackingState, key_frame_of, next_update

QUANTA = st.integers(-400, 400)
SPOTS = st.dictionaries(
    st.sampled_from([f"{side}{shirt}" for side in "ha" for shirt in range(1, 12)]), st.tuples(QUANTA, QUANTA)
)
BALL = st.none() | st.tuples(QUANTA, QUANTA, st.integers(0, 88))


@st.composite
def human_way(draw: st.DrawFn) -> Way:
    """A runner who curves at up to 9 m/s and turns hard, at up to 8 m/s2: as footballers do."""
    speed = draw(st.floats(0, 9))
    turn = draw(st.floats(-1, 1)) * 8 / max(speed, 4)
    begin, heading = draw(st.tuples(st.floats(-30, 30), st.floats(-20, 20))), draw(st.floats(0, 2 * pi))

    def way(at_s: float) -> tuple[float, float]:
        if abs(turn) < 1e-3:
            return begin[0] + speed * at_s * cos(heading), begin[1] + speed * at_s * sin(heading)
        radius, angle = speed / turn, heading + turn * at_s
        return begin[0] + radius * (sin(angle) - sin(heading)), begin[1] - radius * (cos(angle) - cos(heading))

    return way


@settings(max_examples=40, deadline=None)
@given(way=human_way(), hz=st.sampled_from([10, 25, 50]))
def test_interpolated_positions_are_right_to_half_a_metre_at_any_speed(way: Way, hz: int) -> None:
    track = tracked(frames_of({9: way}, 4, hz=hz))
    assert [moment.n for moment in track.moments] == list(range(8))
    for before, after in pairwise(track.moments[1:]):
        for share in (0.0, 0.25, 0.5, 0.75):
            here = [
                QUANTUM_M * (one + share * (other - one))
                for one, other in zip(before.spots["h9"], after.spots["h9"], strict=True)
            ]
            assert dist(here, way((before.n + share) * GRID_S)) < 0.5


@settings(max_examples=40, deadline=None)
@given(way=human_way())
def test_distance_and_speed_are_computed_from_the_path(way: Way) -> None:
    run = tracked(frames_of({9: way}, 20, hz=10)).runs["h9"]
    steps = [dist(way(place / 25), way((place + 1) / 25)) for place in range(19 * 25)]
    speed = max(steps) * 25
    assert run.metres == pytest.approx(sum(steps), rel=0.12, abs=7 if speed < 0.4 else 3)
    assert run.top == pytest.approx(speed, rel=0.12, abs=0.35)


def test_jitter_of_a_standing_player_is_not_distance() -> None:
    def trembling(at_s: float) -> tuple[float, float]:
        return 0.15 * sin(at_s * 37), 0.15 * cos(at_s * 53)

    run = tracked(frames_of({9: trembling}, 60)).runs["h9"]
    assert run.metres < 2
    assert run.top < 1


def test_a_jump_of_the_tracking_is_not_a_sprint_and_is_not_drawn() -> None:
    def jumping(at_s: float) -> tuple[float, float]:
        return (5.0 * at_s, 30.0) if 10 <= at_s < 10.4 else (5.0 * at_s - 40, 0.0)

    track = tracked(frames_of({9: jumping}, 12))
    assert track.runs["h9"].top == pytest.approx(5, abs=0.1)
    assert track.runs["h9"].metres == pytest.approx(60 - 7.5, abs=3)  # without the gap
    assert {moment.spots["h9"][1] for moment in track.moments} == {0}


def test_a_lasting_jump_moves_the_player_without_counting_the_distance() -> None:
    track = tracked(frames_of({9: lambda at_s: (0.0, 0.0 if at_s < 5 else 30.0)}, 10))
    assert track.moments[-1].spots["h9"] == (0, 150)
    assert track.runs["h9"].metres < 1


def test_gaps_do_not_count_as_distance_and_long_absences_are_not_drawn() -> None:
    frames = frames_of({9: lambda at_s: (4 * at_s - 40, 0.0), 4: lambda _: (0.0, 0.0)}, 20)
    seen = [frame for frame in frames if frame.clock_ms < 5_000 or frame.clock_ms >= 15_000]
    away = [msgspec.structs.replace(frame, players=frame.players[1:]) for frame in frames if frame not in seen]
    track = tracked(sorted([*seen, *away], key=lambda frame: frame.clock_ms))
    assert track.runs["h9"].metres == pytest.approx(40, abs=5)
    assert "h9" not in tracked([*frames[:50], *away]).moments[-1].spots


def test_distances_do_not_span_periods() -> None:
    first = tracked(frames_of({9: lambda _: (-40.0, 0.0)}, 5, since_s=2700))
    track = tracked(frames_of({9: lambda _: (40.0, 0.0)}, 5, since_s=2700, period=Period.SECOND_HALF), first)
    assert track.runs["h9"].metres == 0
    assert track.moments[-1].period is Period.SECOND_HALF


@given(cuts=st.lists(st.integers(0, 120), max_size=6), again=st.integers(0, 40))
def test_batching_and_repetition_of_frames_do_not_matter(cuts: list[int], again: int) -> None:
    frames = frames_of({9: lambda at_s: (3 * at_s, at_s)}, 12)
    track = Track()
    for begin, end in pairwise([0, *sorted(cuts), len(frames)]):
        track, _ = track_frames(track, frames[max(0, begin - again) : end], BEGAN)
    assert track == tracked(frames)
    assert track_frames(track, frames, BEGAN) == (track, FramesResult(0, len(frames)))


@given(before=SPOTS, after=SPOTS, ball_before=BALL, ball=BALL)
def test_a_phone_can_rebuild_all_positions_from_the_changes(
    before: dict[str, tuple[int, int]],
    after: dict[str, tuple[int, int]],
    ball_before: tuple[int, int, int] | None,
    ball: tuple[int, int, int] | None,
) -> None:
    who = sorted(before.keys() | after.keys())
    screen = Screen()
    key = {"period": "first_half", "n": 1, "who": who, "runs": [], "at": encode(who, {}, before, None, ball_before)}
    screen.receive({"key": key, "moves": [(2, encode(who, before, after, ball_before, ball))]})
    assert (screen.n, screen.spots, screen.ball) == (2, after, ball)
    assert encode(who, after, after, ball, ball) == ""


def test_only_moved_players_are_encoded() -> None:
    spots = {"h1": (0, 0), "h2": (5, 5), "h3": (9, 9)}
    assert encode(list(spots), spots, spots | {"h1": (1, 0)}, None, None) == ".RQ"
    assert encode(list(spots), spots, {"h1": (0, 0), "h2": (5, 5)}, None, None) == "...-"


@settings(max_examples=25, deadline=None)
@given(pauses=st.lists(st.integers(1, 30), min_size=3, max_size=12), joins=st.integers(0, 8))
def test_phones_that_connect_at_any_time_see_the_same_positions(pauses: list[int], joins: int) -> None:
    """With a late pulse, a match that is played faster, and a player who comes on."""
    early, late = Screen(), Screen()
    play, before, at_s = TrackingState(), None, 0.0
    heard: SentState | None
    for place, pause in enumerate(pauses):
        ways: dict[int, Way] = {9: lambda at: (at % 40, 0.0), 4: lambda at: (0.0, at % 30)}
        if place > 1:
            ways[12] = lambda _: (1.0, 1.0)
        frames = frames_of(ways, pause * 0.3, since_s=at_s)
        at_s += pause * 0.3
        play = TrackingState(tracked(frames, play.track))
        heard, message = next_update(before, play)
        before = heard
        if place == joins and before is not None:
            late.receive(to_builtins(key_frame_of(before)))
        for screen in (early, late) if place > joins else (early,):
            if message is not None:
                screen.receive(to_builtins(message))
    last = play.track.moments[-1]
    assert (early.n, early.spots) == (last.n, last.spots)
    if joins < len(pauses) - 1:
        assert (late.n, late.spots) == (early.n, early.spots)


def test_a_key_frame_is_sent_every_twenty_seconds() -> None:
    play, before, keys = TrackingState(), None, 0
    for place in range(2 * KEY_FRAME_INTERVAL + 2):
        play = TrackingState(tracked(frames_of({9: lambda at: (at % 40, 0.0)}, 0.5, since_s=place / 2), play.track))
        before, message = next_update(before, play)
        keys += message is not None and message.key is not None
    assert keys == 3


@pytest.mark.parametrize(
    "frame",
    [
        {"clock_ms": -1},
        {"period": "third_half"},
        {"players": [["home", 9, 81, 0]]},
        {"players": [["home", 9, float("nan"), 0]]},
        {"players": [["home", 100, 0, 0]]},
        {"players": [["referee", 9, 0, 0]]},
        {"players": [["home", 9, 0]]},
        {"players": [["home", 9, 0, 0]] * 41},
        {"ball": [0, 0]},
        {"at": "2026-05-09T19:00:00"},
        {"shoe_size": 44},
    ],
)
def test_an_invalid_frame_is_refused(frame: dict[str, object]) -> None:
    whole = {"period": "first_half", "clock_ms": 0, "players": []} | frame
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode({"frames": [whole]}), type=FramesRequest)


SPOT = st.tuples(st.sampled_from(Side), st.integers(1, 3), st.floats(-80, 80), st.floats(-80, 80))
ANY_FRAME = st.builds(
    TrackingFrame,
    st.sampled_from(Period),
    st.integers(0, 3000) | st.integers(0, 18_000_000),
    st.lists(SPOT, max_size=5),
    st.none() | st.tuples(st.floats(-80, 80), st.floats(-80, 80), st.floats(-5, 60)),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(frames=st.lists(ANY_FRAME, max_size=30))
def test_every_valid_frame_can_be_encoded_for_phones(frames: list[TrackingFrame]) -> None:
    play, before = TrackingState(), None
    for frame in frames:
        track, _ = track_frames(play.track, [frame], BEGAN)
        play = TrackingState(track, resolve_kicks(play.kicks, track.near))
        before, message = next_update(before, play)
        assert msgspec.convert(to_builtins(play), TrackingState) == play
        if message is not None:
            Screen().receive(to_builtins(message) | {"moves": []})


def test_the_position_of_the_ball_is_that_of_the_nearest_frame() -> None:
    track = tracked(frames_of({}, 3, ball=lambda at_s: (20 * at_s, -1.0, hypot(at_s, 1))))
    assert track.moments[2].ball == (100, -5, 7)
