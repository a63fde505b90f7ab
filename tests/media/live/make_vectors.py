"""Write docs/vectors/live.json: feeds, and what they add up to.

    python -m tests.media.live.make_vectors

A phone puts the entries of a feed together by itself. Whatever it is written in, it must come to what the rules of the
server say: the same entries left, the same score, the same clock.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from tests.media.live.test_rules import BEGUN, TEAMS, at, played, telling
from virage.media.live.rules.entries import (
    BEGINS_S,
    AddedTime,
    Card,
    Corrected,
    Goal,
    KickOff,
    Period,
    PeriodOver,
    Referee,
    Review,
    ShootOutKick,
    Side,
    Substitution,
    Telling,
    Told,
    Withdrawn,
)
from virage.media.live.rules.feed import effective, minute, numbered, state_of
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refusal, Refused, refusal_of

FILE = Path("docs/vectors/live.json")
ANY = new_id()
HALF = [telling(PeriodOver(Period.FIRST_HALF), 47), telling(KickOff(Period.SECOND_HALF), 62)]
SHOOT_OUT = [
    BEGUN,
    telling(Goal(Side.HOME, 9), 12),
    telling(Goal(Side.AWAY, 9), 13),
    telling(PeriodOver(Period.FIRST_HALF), 46),
    telling(KickOff(Period.SHOOT_OUT), 130),
]
FEEDS: dict[str, list[Telling]] = {
    "nothing yet": [],
    "the first half": [BEGUN],
    "a goal, and one against": [BEGUN, telling(Goal(Side.HOME, 9, 7), 12), telling(Goal(Side.AWAY), 13)],
    "an own goal": [BEGUN, telling(Goal(Side.HOME, 3, manner="own"), 12)],
    "a goal that was none": [
        BEGUN,
        telling(Goal(Side.HOME, 9), 12),
        telling(Review("goal", "checking", 2), 13),
        telling(Withdrawn(2), 14),
    ],
    "another scorer": [BEGUN, telling(Goal(Side.HOME, 9), 12), telling(Corrected(2, Goal(Side.HOME, 10)), 13)],
    "a goal that was the other side's": [
        BEGUN,
        telling(Goal(Side.HOME, 9), 12),
        telling(Corrected(2, Goal(Side.AWAY, 9)), 13),
    ],
    "corrected, then withdrawn": [
        BEGUN,
        telling(Goal(Side.HOME, 9), 12),
        telling(Corrected(2, Goal(Side.HOME, 10)), 13),
        telling(Withdrawn(2), 14),
    ],
    "half-time": [BEGUN, telling(AddedTime(2), 45), HALF[0]],
    "the second half": [
        BEGUN,
        *HALF,
        telling(Card(Side.AWAY, 4, "yellow"), 70),
        telling(Substitution(Side.HOME, 9, 12), 71),
    ],
    "it is over": [
        BEGUN,
        *HALF,
        telling(Goal(Side.AWAY, 9), 100),
        telling(PeriodOver(Period.SECOND_HALF, match_over=True), 110),
    ],
    "an end that came too early": [
        BEGUN,
        *HALF,
        telling(PeriodOver(Period.SECOND_HALF, match_over=True), 100),
        telling(Withdrawn(4), 101),
    ],
    "a source that knows the clock better": [
        BEGUN,
        Telling(ANY, at(12), Card(Side.AWAY, 4, "yellow"), 12 * 60 + 2),
        Telling(ANY, at(20), Goal(Side.HOME, 9), 20 * 60 + 3),
    ],
    "a shoot-out begins": SHOOT_OUT,
    "kicks of a shoot-out": [
        *SHOOT_OUT,
        telling(ShootOutKick(Side.HOME, "scored", 9), 131),
        telling(ShootOutKick(Side.AWAY, "saved"), 132),
        telling(ShootOutKick(Side.HOME, "missed", 10), 133),
        telling(ShootOutKick(Side.AWAY, "scored", 4), 134),
        telling(ShootOutKick(Side.HOME, "scored"), 135),
        telling(PeriodOver(Period.SHOOT_OUT, match_over=True), 136),
    ],
    "a shoot-out whose beginning is told again": [
        *SHOOT_OUT,
        telling(ShootOutKick(Side.HOME, "scored", 9), 131),
        telling(Withdrawn(5), 132),
        telling(KickOff(Period.SHOOT_OUT), 132),
        telling(ShootOutKick(Side.AWAY, "scored", 4), 133),
    ],
    "kicks that were taken again, or were otherwise": [
        *SHOOT_OUT,
        telling(ShootOutKick(Side.HOME, "scored", 9), 131),
        telling(Withdrawn(6), 131),
        telling(ShootOutKick(Side.AWAY, "missed", 4), 132),
        telling(Corrected(8, ShootOutKick(Side.AWAY, "scored", 4)), 133),
    ],
    "what the referee signals": [
        BEGUN,
        telling(Referee("whistle"), 3),
        telling(Referee("stopped"), 4),
        telling(Referee("resumed"), 5),
    ],
}

GOAL, OTHERWISE = telling(Goal(Side.HOME, 9), 12), telling(Corrected(2, Goal(Side.AWAY, 9)), 13)
REFUSED: dict[str, tuple[list[Telling], Told]] = {
    "a correction of a correction": ([BEGUN, GOAL, OTHERWISE], Corrected(3, Goal(Side.HOME, 9))),
    "a withdrawn correction": ([BEGUN, GOAL, OTHERWISE], Withdrawn(3)),
    "a withdrawn withdrawal": ([BEGUN, GOAL, telling(Withdrawn(2), 13)], Withdrawn(3)),
    "withdrawn twice": ([BEGUN, GOAL, telling(Withdrawn(2), 13)], Withdrawn(2)),
    "an entry that is not there": ([BEGUN], Withdrawn(2)),
    "a goal that becomes a card": ([BEGUN, GOAL], Corrected(2, Card(Side.HOME, 9, "yellow"))),
    "somebody of no line-up": ([BEGUN], Goal(Side.HOME, 99)),
    "a goal in a shoot-out": (SHOOT_OUT, Goal(Side.HOME, 9)),
    "a kick of a shoot-out before there is one": (SHOOT_OUT[:3], ShootOutKick(Side.HOME, "scored", 9)),
    "an end without a beginning": ([], PeriodOver(Period.FIRST_HALF)),
}


def refusal(tellings: list[Telling], told: Told) -> Refusal:
    """Why that is not told."""
    (outcome,) = numbered([telling(told, 20)], played(*tellings), TEAMS)
    assert isinstance(outcome, Refused)
    return refusal_of(outcome)


def vectors() -> dict[str, Any]:
    """Return all vectors, as JSON has them."""
    found: dict[str, Any] = msgspec.to_builtins(
        {
            "teams": TEAMS,
            "feeds": [
                {
                    "name": name,
                    "entries": (entries := played(*tellings)),
                    "effective": list(effective(entries)),
                    "state": state_of(effective(entries).values()),
                }
                for name, tellings in FEEDS.items()
            ],
            "refused": [
                {"name": name, "entries": played(*tellings), "told": told, "refusal": refusal(tellings, told)}
                for name, (tellings, told) in REFUSED.items()
            ],
            "minutes": [
                {"period": period, "clock_s": begins + more, "minute": minute(period, begins + more)}
                for period, begins in BEGINS_S.items()
                for more in (0, 59, 60, 44 * 60, 45 * 60, 47 * 60 + 1)
            ],
        }
    )
    return found


def file_text() -> str:
    """Return the file as it must stand."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
