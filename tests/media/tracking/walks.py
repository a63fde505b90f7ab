"""Running players and a phone that follows, for the tests of the pitch."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import cos, sin
from typing import Any

from virage.media.live.rules.entries import Period, Side
from virage.media.tracking.rules.encoding import BASE, DIGITS, PLACE_MAX, STEP_MAX
from virage.media.tracking.rules.frames import PlayerPosition, TrackingFrame
from virage.media.tracking.rules.track import BallQuanta, Quanta, Track, track_frames

BEGAN = datetime(2026, 5, 9, 19, tzinfo=UTC)
Way = Callable[[float], tuple[float, float]]


def frames_of(
    ways: Mapping[int, Way],
    seconds: float,
    *,
    hz: int = 10,
    since_s: float = 0,
    period: Period = Period.FIRST_HALF,
    ball: Callable[[float], tuple[float, float, float]] | None = None,
) -> list[TrackingFrame]:
    """Tracking frames of the home side's players by shirt, from `since_s` of the match's clock on."""
    found = []
    for place in range(round(seconds * hz)):
        at_s = since_s + place / hz
        spots: list[PlayerPosition] = [(Side.HOME, shirt, *way(at_s)) for shirt, way in ways.items()]
        at = BEGAN + timedelta(seconds=at_s)
        found.append(TrackingFrame(period, round(at_s * 1000), spots, ball(at_s) if ball else None, at))
    return found


def tracked(frames: Iterable[TrackingFrame], track: Track | None = None) -> Track:
    """The result of the frames."""
    return track_frames(track or Track(), list(frames), BEGAN)[0]


class Screen:
    """A phone: it has a key frame and the moves since. Its decoder is written from docs/pitch.md
    alone.
    """

    def __init__(self) -> None:
        self.period: str | None = None
        self.n = -1
        self.who: list[str] = []
        self.runs: list[list[int]] = []
        self.spots: dict[str, Quanta] = {}
        self.ball: BallQuanta | None = None
        self.seen: list[int] = []
        self.kicks: list[dict[str, Any]] = []
        self.hardest: dict[str, Any] | None = None

    def receive(self, news: Mapping[str, Any]) -> None:
        key = news.get("key")
        if key is not None:
            self.period, self.n, self.who, self.runs = key["period"], key["n"], key["who"], key["runs"]
            self.spots, self.ball = {}, None
            self._take(key["at"])
            if self.seen[-1:] != [self.n]:  # the next pulse may repeat the moment of a new subscriber
                self.seen.append(self.n)
        for n, text in news.get("moves", []):
            if n == self.n + 1:
                self._take(text)
                self.n = n
                self.seen.append(n)
        self.kicks += news.get("kicks", [])
        self.hardest = news.get("hardest", self.hardest)

    def _take(self, text: str) -> None:
        signs = list(text)
        before = None if self.ball is None else self.ball[:2]
        ball, change = _place(signs, before)
        if change == "place":
            assert ball is not None
            self.ball = (*ball, DIGITS.index(signs.pop(0)))
        elif change == "gone":
            self.ball = None
        for who in self.who:
            spot, _ = _place(signs, self.spots.get(who))
            if spot is None:
                self.spots.pop(who, None)
            else:
                self.spots[who] = spot
        assert not signs


def _place(signs: list[str], before: Quanta | None) -> tuple[Quanta | None, str]:
    sign = signs.pop(0) if signs else "."
    if sign == ".":
        return before, "same"
    if sign == "-":
        return None, "gone"
    if sign == "+":
        digits = [DIGITS.index(signs.pop(0)) for _ in range(4)]
        return (digits[0] * BASE + digits[1] - PLACE_MAX, digits[2] * BASE + digits[3] - PLACE_MAX), "place"
    assert before is not None
    return (before[0] + DIGITS.index(sign) - STEP_MAX, before[1] + DIGITS.index(signs.pop(0)) - STEP_MAX), "place"


def as_json(frames: Sequence[TrackingFrame]) -> dict[str, Any]:
    """The batch as it is sent."""
    return {
        "frames": [
            {
                "period": frame.period,
                "clock_ms": frame.clock_ms,
                "players": frame.players,
                "ball": frame.ball,
                "at": frame.at.isoformat() if frame.at else None,
            }
            for frame in frames
        ]
    }


LINES = ((-46, 1), (-32, 4), (-14, 4), (0, 2))
"""A team in four lines: how far out on its own half, and how many of them."""


def game(seconds: float, *, since_s: float = 0, at: datetime = BEGAN) -> list[TrackingFrame]:
    """Two teams that move as real ones do, and a ball that is passed; `at`: when it begins."""
    found = []
    for place in range(round(seconds * 10)):
        at_s = since_s + place / 10
        spots = [spot for side in Side for spot in _team(side, at_s)]
        ball = (28 * cos(at_s / 3), 22 * sin(at_s / 2.3), 4 * abs(sin(at_s * 1.3)))
        when = at + timedelta(seconds=place / 10)
        found.append(TrackingFrame(Period.FIRST_HALF, round(at_s * 1000), spots, ball, when))
    return found


def _team(side: Side, at_s: float) -> list[PlayerPosition]:
    ahead = 1 if side is Side.HOME else -1
    found: list[PlayerPosition] = []
    for line, (deep, count) in enumerate(LINES):
        for place in range(count):
            y = (place + 0.5) * 60 / count - 30
            sway = 6 * sin(at_s / 3 + line + place + ahead) if line else 1.5 * sin(at_s)
            push = 12 * cos(at_s / 5 + place / 9) if line else 0
            found.append((side, len(found) + 1, ahead * deep + push + sway / 2, y + sway))
    return found
