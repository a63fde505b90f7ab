"""Kicks: what a ball felt becomes a kick by somebody, once tracking has told who was near it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from virage.media.tracking.rules.track import NearestPlayer

REACH_MAX_M: Final = 2.5  # a leg, and what tracking errs
AROUND_S: Final = 0.2
TRACKING_LOST_S: Final = 5.0  # when no position has come for so long, a kick is told without a name
KEPT: Final = 8


class Kick(Struct, frozen=True):
    """One blow: when, at which ball, how fast it left (km/h), and who was nearest (`h9`; None: nobody knows)."""

    at: datetime
    ball: str
    kmh: int
    by: str | None = None


class Kicks(Struct, frozen=True):
    """The last kicks, in order; those that still wait for tracking; the hardest of all."""

    told: list[Kick] = []
    waiting: list[Kick] = []
    hardest: Kick | None = None


def with_kicks(kicks: Kicks, felt: Sequence[Kick], near: Sequence[NearestPlayer]) -> Kicks:
    """With what a ball felt; the same again is the same kick."""
    known = {(kick.ball, kick.at) for kick in (*kicks.told, *kicks.waiting)}
    fresh = [kick for kick in felt if (kick.ball, kick.at) not in known]
    return resolve_kicks(replace(kicks, waiting=sorted([*kicks.waiting, *fresh], key=lambda kick: kick.at)), near)


def resolve_kicks(kicks: Kicks, near: Sequence[NearestPlayer]) -> Kicks:
    """Decide on those of whose moment tracking has told. A blow with nobody near was the grass or a post: no kick."""
    waiting, told = [], list(kicks.told)
    for kick in kicks.waiting:
        if near and abs((near[-1].at - kick.at).total_seconds()) < TRACKING_LOST_S:
            if (near[-1].at - kick.at).total_seconds() < AROUND_S:
                waiting.append(kick)
                continue
            around = [one for one in near if abs((one.at - kick.at).total_seconds()) <= AROUND_S and one.who]
            nearest = min(around, key=lambda one: one.metres, default=None)
            if nearest is not None and nearest.metres > REACH_MAX_M:
                continue
            told.append(replace(kick, by=nearest.who if nearest else None))
        else:
            told.append(kick)
    fresh = told[len(kicks.told) :]
    hardest = max(([kicks.hardest] if kicks.hardest else []) + fresh, key=lambda kick: kick.kmh, default=None)
    return Kicks(told[-KEPT:], waiting[-KEPT:], hardest)
