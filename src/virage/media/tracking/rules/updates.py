"""Messages to phones: key frames, and moves between them."""

from typing import Final

from msgspec import Struct

from virage.media.live.types import Period
from virage.media.tracking.rules.encoding import encode as coded
from virage.media.tracking.rules.kicks import Kick, Kicks
from virage.media.tracking.rules.track import Moment, Track

KEY_FRAME_INTERVAL: Final = 40
"""Moments between key frames: distance and speed are sent every twenty seconds."""
KMH: Final = 3.6


class TrackingState(Struct, frozen=True):
    """The stored state of one match."""

    track: Track = Track()
    kicks: Kicks = Kicks()


class KeyFrame(Struct, frozen=True):
    """All positions: moment `n` is `n * 500` ms of the match clock.

    `at` holds the positions of `who` (docs/pitch.md); `runs`, in the same order, metres and top speed in tenths of
    km/h.
    """

    period: Period
    n: int
    who: list[str]
    at: str
    runs: list[tuple[int, int]]


class TrackingUpdate(Struct, frozen=True, omit_defaults=True):
    """A key frame, or moves: changes of moment `n` from moment `n - 1`; new kicks."""

    key: KeyFrame | None = None
    moves: list[tuple[int, str]] = []
    kicks: list[Kick] = []
    hardest: Kick | None = None


class SentState(Struct, frozen=True):
    """The state that a process has sent to its listeners; new listeners start with it."""

    moment: Moment
    who: list[str]
    runs: list[tuple[int, int]]
    key_n: int
    kicks: Kicks


def key_frame_of(state: SentState) -> TrackingUpdate:
    """Return the key frame for a new listener."""
    moment = state.moment
    at = coded(state.who, {}, moment.spots, None, moment.ball)
    key = KeyFrame(moment.period, moment.n, state.who, at, state.runs)
    return TrackingUpdate(key, kicks=state.kicks.published[-1:], hardest=state.kicks.hardest)


def next_update(before: SentState | None, play: TrackingState) -> tuple[SentState | None, TrackingUpdate | None]:
    """Return the new sent state, and the update since the last one: a key frame if moves are not sufficient."""
    moments, runs = play.track.moments, play.track.runs
    if not moments:
        return before, None
    who = sorted(runs)
    figures = [(round(runs[name].metres), round(runs[name].top * KMH * 10)) for name in who]
    last = moments[-1]
    fresh = None if before is None else _moments_since(before.moment, moments)
    if before is None or fresh is None or who != before.who or last.n - before.key_n >= KEY_FRAME_INTERVAL:
        after = SentState(last, who, figures, last.n, play.kicks)
        return after, key_frame_of(after)
    former, moves = before.moment, []
    for moment in fresh:
        moves.append((moment.n, coded(who, former.spots, moment.spots, former.ball, moment.ball)))
        former = moment
    last_kick_at = before.kicks.published[-1].at if before.kicks.published else None
    kicks = [kick for kick in play.kicks.published if last_kick_at is None or kick.at > last_kick_at]
    hardest = play.kicks.hardest if play.kicks.hardest != before.kicks.hardest else None
    after = SentState(last, who, figures, before.key_n, play.kicks)
    return after, TrackingUpdate(None, moves, kicks, hardest) if moves or kicks or hardest else None


def _moments_since(before: Moment, moments: list[Moment]) -> list[Moment] | None:
    """Return the consecutive moments since; None if one is missing."""
    if moments[-1].period is not before.period or moments[-1].n < before.n:
        return None
    fresh = [moment for moment in moments if moment.period is before.period and moment.n > before.n]
    return fresh if all(moment.n == before.n + place for place, moment in enumerate(fresh, 1)) else None
