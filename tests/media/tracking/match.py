"""A real match: the tracking of SkillCorner 2417, ten frames a second, from kloppy's own tests."""

from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from tests.samples import match_file
from virage.media.live.rules.entries import PERIOD_STARTS_S, Period, Side
from virage.media.tracking.rules.frames import TrackingFrame

BALL = 55
PERIODS = {1: Period.FIRST_HALF, 2: Period.SECOND_HALF}


class Seen(Struct):
    x: float
    y: float
    trackable_object: int | None = None
    z: float = 0


class Line(Struct):
    period: int | None
    time: str | None
    data: list[Seen]


@cache
def frames(*periods: int) -> list[TrackingFrame]:
    """The frames of the periods (1, 2), with players and ball only; empty frames are left out."""
    match: dict[str, Any] = msgspec.json.decode(match_file("skillcorner_match_data.json").read_bytes())
    players = {
        one["trackable_object"]: (
            Side.HOME if one["team_id"] == match["home_team"]["id"] else Side.AWAY,
            one["number"],
        )
        for one in match["players"]
    }
    lines = msgspec.json.decode(match_file("skillcorner_structured_data.json").read_bytes(), type=list[Line])
    return [
        TrackingFrame(
            PERIODS[line.period],
            _clock_ms(line.period, line.time),
            [(*players[one.trackable_object], one.x, one.y) for one in line.data if one.trackable_object in players],
            next(((one.x, one.y, one.z) for one in line.data if one.trackable_object == BALL), None),
        )
        for line in lines
        if line.period is not None and line.period in periods and line.time is not None and line.data
    ]


def _clock_ms(period: int, time: str) -> int:
    minutes, seconds = time.split(":")
    shown = int(minutes) * 60_000 + round(float(seconds) * 1000)
    return (
        shown if shown >= PERIOD_STARTS_S[PERIODS[period]] * 1000 else shown + PERIOD_STARTS_S[PERIODS[period]] * 1000
    )
