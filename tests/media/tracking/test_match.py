"""Half of a real match from broadcast tracking: the messages for phones, and the distances."""

from datetime import UTC, datetime
from itertools import pairwise
from math import dist
from statistics import median, quantiles

import msgspec
import pytest
from msgspec import Struct

from tests.media.tracking import match
from tests.media.tracking.walks import Screen
from virage.media.tracking.rules.frames import TrackingFrame
from virage.media.tracking.rules.track import MOMENTS_KEPT, QUANTUM_M, Moment, track_frames
from virage.media.tracking.rules.updates import TrackingState, TrackingUpdate, next_update

BATCH = 5
NOW = datetime(2026, 5, 9, 19, tzinfo=UTC)
FRAMING = len("event: pitch:0192c3a4-0000-7000-8000-000000000000\ndata: \n\n")
A_MINUTE_MAX = 20_000


class WholeMatch(Struct):
    """The results of a whole match."""

    play: TrackingState
    moments: dict[tuple[str, int], Moment]
    messages: list[TrackingUpdate]
    bytes_by_minute: dict[tuple[str, int], int]


@pytest.fixture(scope="module")
def whole_match() -> WholeMatch:
    found, before = WholeMatch(TrackingState(), {}, [], {}), None
    frames = match.frames(1)
    for begin in range(0, len(frames), BATCH):
        batch = frames[begin : begin + BATCH]
        track, _ = track_frames(found.play.track, batch, NOW)
        found.play = TrackingState(track)
        found.moments |= {(one.period, one.n): one for one in track.moments[-MOMENTS_KEPT:]}
        before, message = next_update(before, found.play)
        if message is not None:
            found.messages.append(message)
            minute = (batch[-1].period.value, batch[-1].clock_ms // 60_000)
            size = len(msgspec.json.encode(message)) + FRAMING
            found.bytes_by_minute[minute] = found.bytes_by_minute.get(minute, 0) + size
    return found


def test_decoded_positions_equal_the_tracked_ones(whole_match: WholeMatch) -> None:
    screen, keys = Screen(), 0
    for message in whole_match.messages:
        screen.receive(msgspec.to_builtins(message))
        keys += message.key is not None
        assert screen.period is not None
        assert screen.spots == whole_match.moments[screen.period, screen.n].spots
    assert keys < len(whole_match.messages) / 10, "most messages contain only changes"


def test_each_minute_of_tracking_has_at_most_twenty_kilobytes(whole_match: WholeMatch) -> None:
    assert max(whole_match.bytes_by_minute.values()) < A_MINUTE_MAX
    assert median(whole_match.bytes_by_minute.values()) > A_MINUTE_MAX / 5, "the match is not empty"


def test_interpolated_positions_match_observed_ones(whole_match: WholeMatch) -> None:
    errors = [error for frame in match.frames(1)[:6_000] for error in off(frame, whole_match)]
    assert len(errors) > 20_000
    assert median(errors) < 0.2
    assert quantiles(errors, n=100)[94] < 0.75


def off(frame: TrackingFrame, whole_match: WholeMatch) -> list[float]:
    """The distance between a phone's drawing and the frame, for each player, in metres."""
    at = frame.clock_ms / 500
    before, after = (whole_match.moments.get((frame.period, int(at) + more)) for more in (0, 1))
    if before is None or after is None:
        return []
    share, found = at - before.n, []
    for side, shirt, *spot in frame.players:
        ends = [moment.spots.get(f"{side[0]}{shirt}") for moment in (before, after)]
        if ends[0] is not None and ends[1] is not None:
            drawn = [QUANTUM_M * (one + share * (other - one)) for one, other in zip(*ends, strict=True)]
            found.append(dist(drawn, spot))
    return found


def test_measured_speeds_and_distances_are_humanly_possible(whole_match: WholeMatch) -> None:
    runs = whole_match.play.track.runs.values()
    assert len(runs) == 23, "one substitute came on"
    assert all(100 < run.metres < 5_000 for run in runs), "the camera saw each of them for some of the half"
    assert all(15 < run.top * 3.6 < 37 for run in runs)
    assert max(run.top for run in runs) * 3.6 > 31


def test_most_encoded_moments_are_consecutive(whole_match: WholeMatch) -> None:
    gaps = [second[1] - first[1] for first, second in pairwise(whole_match.moments) if first[0] == second[0]]
    assert min(gaps) == 1
    assert gaps.count(1) / len(gaps) > 0.9
