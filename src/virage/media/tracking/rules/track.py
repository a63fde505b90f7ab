"""From frames to moments: two smoothed positions a second, distance and speed.

Tracking measures 10 to 50 times a second, with an error each time. A moment is the value of a line, fitted through a
player's positions of half a second, at its middle. Distance and speed are computed between moments, so that errors of
single frames do not add distance. Steps that are faster than a human are tracking errors.
"""

from collections.abc import Sequence
from datetime import datetime
from math import hypot
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from virage.media.live.types import PERIOD_ORDER, Period, Side
from virage.media.tracking.rules.frames import FramesResult, PlayerPosition, TrackingFrame

GRID_MS: Final = 500
GRID_S: Final = GRID_MS / 1000
QUANTUM_M: Final = 0.2
SPEED_MAX: Final = 12.5  # m/s; the fastest measured human ran 12.4
STANDING_MAX: Final = 0.3  # m/s; noise of a standing player's positions
GAP_MAX: Final = 2  # moments between two positions; the distance in a longer gap is unknown
HELD_MAX: Final = 4  # moments that a player who is not visible is still shown
MOMENTS_KEPT: Final = 8
NEAR_KEPT_S: Final = 4.0
NEAR_STEP_S: Final = 0.1

Quanta = tuple[int, int]
BallQuanta = tuple[int, int, int]


class LineFit(Struct, frozen=True, array_like=True):
    """Sums for a least-squares line through the positions of half a second. Times are seconds from its middle."""

    n: int = 0
    t: float = 0
    tt: float = 0
    x: float = 0
    y: float = 0
    tx: float = 0
    ty: float = 0

    def plus(self, t: float, x: float, y: float) -> "LineFit":
        """Return the sums with one more position."""
        return LineFit(
            self.n + 1, self.t + t, self.tt + t * t, self.x + x, self.y + y, self.tx + t * x, self.ty + t * y
        )

    def middle(self) -> tuple[float, float]:
        """Return the fitted position in the middle; the mean if the line would be faster than a human."""
        t, x, y = self.t / self.n, self.x / self.n, self.y / self.n
        spread = self.tt / self.n - t * t
        if self.n < 3 or spread < 1e-6:  # noqa: PLR2004 - a line through two points fits any error
            return x, y
        speed_x, speed_y = (self.tx / self.n - t * x) / spread, (self.ty / self.n - t * y) / spread
        if hypot(speed_x, speed_y) > SPEED_MAX:
            return x, y
        return x - speed_x * t, y - speed_y * t


class Run(Struct, frozen=True, array_like=True):
    """A player: position at moment `n` (None: not seen in this period yet), distance and speed.

    Speeds in m/s; `former` is the one before `speed`, `top` was held for 1.5 seconds.
    """

    side: Side
    shirt: int
    n: int | None = None
    x: float = 0
    y: float = 0
    speed: float = 0
    former: float = 0
    metres: float = 0
    top: float = 0

    @property
    def who(self) -> str:
        """Key of a player in messages: h9 is number 9 of the home side."""
        return f"{self.side[0]}{self.shirt}"


class Moment(Struct, frozen=True, array_like=True):
    """All positions at `n * 500` ms of the match clock, in fifths of a metre."""

    period: Period
    n: int
    spots: dict[str, Quanta]
    ball: BallQuanta | None


class NearestPlayer(Struct, frozen=True, array_like=True):
    """The player nearest to the ball and the distance in metres; `who` is empty if no player was visible."""

    at: datetime
    who: str
    metres: float


class OpenMoment(Struct, frozen=True, array_like=True):
    """The half second that is being measured. `ball`: offset from its middle in ms, then the position."""

    n: int
    sums: dict[str, LineFit] = {}
    ball: tuple[int, float, float, float] | None = None


class Track(Struct, frozen=True):
    """Tracking state: runs by player, the last moments, and the open half second."""

    period: Period = Period.FIRST_HALF
    clock_ms: int = -1
    runs: dict[str, Run] = {}
    moments: list[Moment] = []
    open: OpenMoment | None = None
    near: list[NearestPlayer] = []


def track_frames(track: Track, frames: Sequence[TrackingFrame], now: datetime) -> tuple[Track, FramesResult]:
    """Add frames in order; `now` is the time of frames without one."""
    accepted = 0
    for frame in frames:
        if _is_late(track, frame):
            continue
        if frame.period is not track.period:
            track = _in_period(track, frame.period)
        n = (frame.clock_ms + GRID_MS // 2) // GRID_MS
        if track.open is None or track.open.n != n:
            track = replace(_closed(track), open=OpenMoment(n))
        track = _measured(track, frame, frame.at or now)
        accepted += 1
    return track, FramesResult(accepted, len(frames) - accepted)


def _is_late(track: Track, frame: TrackingFrame) -> bool:
    place, other = PERIOD_ORDER.index(frame.period), PERIOD_ORDER.index(track.period)
    return (place, frame.clock_ms) <= (other, track.clock_ms)


def _in_period(track: Track, period: Period) -> Track:
    """Start a period: no distance is counted across periods."""
    track = _closed(track)
    runs = {who: replace(run, n=None, speed=0.0, former=0.0) for who, run in track.runs.items()}
    return replace(track, period=period, runs=runs, open=None)


def _measured(track: Track, frame: TrackingFrame, at: datetime) -> Track:
    half = track.open or OpenMoment(0)
    off_ms = frame.clock_ms - half.n * GRID_MS
    sums, runs = dict(half.sums), track.runs
    for side, shirt, x, y in frame.players:
        run = Run(side, shirt)
        if run.who not in runs:
            runs = {**runs, run.who: run}
        sums[run.who] = sums.get(run.who, LineFit()).plus(off_ms / 1000, x, y)
    ball = half.ball
    if frame.ball is not None and (ball is None or abs(off_ms) < ball[0]):
        ball = (abs(off_ms), *frame.ball)
    near = track.near if frame.ball is None else _with_nearest(track.near, _nearest(frame.players, frame.ball, at))
    return replace(track, clock_ms=frame.clock_ms, runs=runs, open=OpenMoment(half.n, sums, ball), near=near)


def _nearest(players: Sequence[PlayerPosition], ball: tuple[float, float, float], at: datetime) -> NearestPlayer:
    found = min(((hypot(x - ball[0], y - ball[1]), side, shirt) for side, shirt, x, y in players), default=None)
    return (
        NearestPlayer(at, "", 0)
        if found is None
        else NearestPlayer(at, Run(found[1], found[2]).who, round(found[0], 2))
    )


def _with_nearest(near: Sequence[NearestPlayer], news: NearestPlayer) -> list[NearestPlayer]:
    """Return the last seconds; of each tenth of a second, the nearest player."""
    kept = [nearest for nearest in near if (news.at - nearest.at).total_seconds() < NEAR_KEPT_S]
    if kept and (news.at - kept[-1].at).total_seconds() < NEAR_STEP_S:
        return kept if kept[-1].metres <= news.metres and kept[-1].who else [*kept[:-1], replace(news, at=kept[-1].at)]
    return [*kept, news]


def _closed(track: Track) -> Track:
    """Finish the half second: each player's step, and the moment."""
    half = track.open
    if half is None:
        return track
    runs = dict(track.runs)
    for who, sums in half.sums.items():
        runs[who] = step(runs[who], half.n, *sums.middle())
    spots = {
        who: (_quanta(run.x), _quanta(run.y))
        for who, run in runs.items()
        if run.n is not None and half.n - run.n <= HELD_MAX
    }
    ball = None if half.ball is None else (_quanta(half.ball[1]), _quanta(half.ball[2]), max(0, _quanta(half.ball[3])))
    moment = Moment(track.period, half.n, spots, ball)
    return replace(track, runs=runs, moments=[*track.moments, moment][-MOMENTS_KEPT:], open=None)


def step(run: Run, n: int, x: float, y: float) -> Run:
    """Move a player to a position at moment `n`.

    A step that is faster than a human is ignored. After a gap, also one of ignored steps, the position is set without
    distance.
    """
    if run.n is None or n - run.n > GAP_MAX:
        return replace(run, n=n, x=x, y=y, speed=0.0, former=0.0)
    metres = hypot(x - run.x, y - run.y)
    speed = metres / ((n - run.n) * GRID_S)
    if speed > SPEED_MAX:
        return run
    ran = metres if speed > STANDING_MAX else 0.0
    top = max(run.top, min(run.former, run.speed, speed))
    return replace(run, n=n, x=x, y=y, speed=speed, former=run.speed, metres=run.metres + ran, top=top)


def _quanta(metres: float) -> int:
    return round(metres / QUANTUM_M)
