"""Kicks: impacts of a ball, attributed to players once tracking shows who was near."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from virage.media.tracking.rules.track import NearestPlayer

REACH_MAX_M: Final = 2.5  # the length of a leg, and the error of tracking
AROUND_S: Final = 0.2
TRACKING_LOST_S: Final = 5.0  # after this time without positions, a kick is published without a player
KEPT: Final = 8


class Kick(Struct, frozen=True):
    """A kick: time, ball, speed (km/h), and the nearest player (`h9`; None: unknown)."""

    at: datetime
    ball: str
    kmh: int
    by: str | None = None


class Kicks(Struct, frozen=True):
    """The last kicks in order, those that wait for tracking, and the hardest of the match."""

    published: list[Kick] = field(default=[], name="told")
    waiting: list[Kick] = []
    hardest: Kick | None = None


def with_kicks(kicks: Kicks, felt: Sequence[Kick], near: Sequence[NearestPlayer]) -> Kicks:
    """Add kicks; repeated ones are ignored."""
    known = {(kick.ball, kick.at) for kick in (*kicks.published, *kicks.waiting)}
    fresh = [kick for kick in felt if (kick.ball, kick.at) not in known]
    return resolve_kicks(replace(kicks, waiting=sorted([*kicks.waiting, *fresh], key=lambda kick: kick.at)), near)


def resolve_kicks(kicks: Kicks, near: Sequence[NearestPlayer]) -> Kicks:
    """Attribute kicks once tracking has passed them. Without a player nearby the impact was no kick."""
    waiting, published = [], list(kicks.published)
    for kick in kicks.waiting:
        if near and abs((near[-1].at - kick.at).total_seconds()) < TRACKING_LOST_S:
            if (near[-1].at - kick.at).total_seconds() < AROUND_S:
                waiting.append(kick)
                continue
            around = [
                nearest_player
                for nearest_player in near
                if abs((nearest_player.at - kick.at).total_seconds()) <= AROUND_S and nearest_player.who
            ]
            nearest = min(around, key=lambda candidate: candidate.metres, default=None)
            if nearest is not None and nearest.metres > REACH_MAX_M:
                continue
            published.append(replace(kick, by=nearest.who if nearest else None))
        else:
            published.append(kick)
    fresh = published[len(kicks.published) :]
    hardest = max(([kicks.hardest] if kicks.hardest else []) + fresh, key=lambda kick: kick.kmh, default=None)
    return Kicks(published[-KEPT:], waiting[-KEPT:], hardest)
