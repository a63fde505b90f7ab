"""Write docs/vectors/live.json: feeds, and the state that they add up to.

    python -m tests.media.live.make_vectors

A phone combines the entries of a feed itself. An implementation in any language must get the
server's results: the same remaining entries, the same score, the same clock.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from tests.media.live.test_rules import BEGUN, TEAMS, at, played, telling
from virage.media.live.rules.entries import (
    PERIOD_STARTS_S,
    AddedTime,
    Booking,
    Content,
    EntryCorrection,
    EntryRequest,
    EntryWithdrawal,
    Goal,
    KickOff,
    Period,
    PeriodOver,
    RefereeSignal,
    ShootOutKick,
    Side,
    Substitution,
    VarReview,
)
from virage.media.live.rules.feed import accept_entries, effective, minute, state_of
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
FEEDS: dict[str, list[EntryRequest]] = {
    "nothing yet": [],
    "the first half": [BEGUN],
    "a goal, and one against": [BEGUN, telling(Goal(Side.HOME, 9, 7), 12), telling(Goal(Side.AWAY), 13)],
    "an own goal": [BEGUN, telling(Goal(Side.HOME, 3, manner="own"), 12)],
    "a goal that was none": [
        BEGUN,
        telling(Goal(Side.HOME, 9), 12),
        telling(VarReview("goal", "checking", 2), 13),
        telling(EntryWithdrawal(2), 14),
    ],
    "another scorer": [BEGUN, telling(Goal(Side.HOME, 9), 12), telling(EntryCorrection(2, Goal(Side.HOME, 10)), 13)],
    "a goal that was the other side's": [
        BEGUN,
        telling(Goal(Side.HOME, 9), 12),
        telling(EntryCorrection(2, Goal(Side.AWAY, 9)), 13),
    ],
    "corrected, then withdrawn": [
        BEGUN,
        telling(Goal(Side.HOME, 9), 12),
        telling(EntryCorrection(2, Goal(Side.HOME, 10)), 13),
        telling(EntryWithdrawal(2), 14),
    ],
    "half-time": [BEGUN, telling(AddedTime(2), 45), HALF[0]],
    "the second half": [
        BEGUN,
        *HALF,
        telling(Booking(Side.AWAY, 4, "yellow"), 70),
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
        telling(EntryWithdrawal(4), 101),
    ],
    "a source that knows the clock better": [
        BEGUN,
        EntryRequest(ANY, at(12), Booking(Side.AWAY, 4, "yellow"), 12 * 60 + 2),
        EntryRequest(ANY, at(20), Goal(Side.HOME, 9), 20 * 60 + 3),
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
        telling(EntryWithdrawal(5), 132),
        telling(KickOff(Period.SHOOT_OUT), 132),
        telling(ShootOutKick(Side.AWAY, "scored", 4), 133),
    ],
    "kicks that were taken again, or were otherwise": [
        *SHOOT_OUT,
        telling(ShootOutKick(Side.HOME, "scored", 9), 131),
        telling(EntryWithdrawal(6), 131),
        telling(ShootOutKick(Side.AWAY, "missed", 4), 132),
        telling(EntryCorrection(8, ShootOutKick(Side.AWAY, "scored", 4)), 133),
    ],
    "what the referee signals": [
        BEGUN,
        telling(RefereeSignal("whistle"), 3),
        telling(RefereeSignal("stopped"), 4),
        telling(RefereeSignal("resumed"), 5),
    ],
}

GOAL, OTHERWISE = telling(Goal(Side.HOME, 9), 12), telling(EntryCorrection(2, Goal(Side.AWAY, 9)), 13)
REFUSED: dict[str, tuple[list[EntryRequest], Content]] = {
    "a correction of a correction": ([BEGUN, GOAL, OTHERWISE], EntryCorrection(3, Goal(Side.HOME, 9))),
    "a withdrawn correction": ([BEGUN, GOAL, OTHERWISE], EntryWithdrawal(3)),
    "a withdrawn withdrawal": ([BEGUN, GOAL, telling(EntryWithdrawal(2), 13)], EntryWithdrawal(3)),
    "withdrawn twice": ([BEGUN, GOAL, telling(EntryWithdrawal(2), 13)], EntryWithdrawal(2)),
    "an entry that is not there": ([BEGUN], EntryWithdrawal(2)),
    "a goal that becomes a card": ([BEGUN, GOAL], EntryCorrection(2, Booking(Side.HOME, 9, "yellow"))),
    "somebody of no line-up": ([BEGUN], Goal(Side.HOME, 99)),
    "a goal in a shoot-out": (SHOOT_OUT, Goal(Side.HOME, 9)),
    "a kick of a shoot-out before there is one": (SHOOT_OUT[:3], ShootOutKick(Side.HOME, "scored", 9)),
    "an end without a beginning": ([], PeriodOver(Period.FIRST_HALF)),
}


def refusal(tellings: list[EntryRequest], content: Content) -> Refusal:
    """The reason why this content is refused."""
    (outcome,) = accept_entries([telling(content, 20)], played(*tellings), TEAMS)
    assert isinstance(outcome, Refused)
    return refusal_of(outcome)


def vectors() -> dict[str, Any]:
    """Return all vectors as JSON values."""
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
                {"name": name, "entries": played(*tellings), "told": content, "refusal": refusal(tellings, content)}
                for name, (tellings, content) in REFUSED.items()
            ],
            "minutes": [
                {"period": period, "clock_s": begins + more, "minute": minute(period, begins + more)}
                for period, begins in PERIOD_STARTS_S.items()
                for more in (0, 59, 60, 44 * 60, 45 * 60, 47 * 60 + 1)
            ],
        }
    )
    named: dict[str, Any] = _with_old_names(found)
    return named


def _with_old_names(value: Any) -> Any:
    """The same value with `content` under its name in version 0.1.0: the file keeps its bytes."""
    match value:
        case dict():
            return {"told" if name == "content" else name: _with_old_names(member) for name, member in value.items()}
        case list():
            return [_with_old_names(element) for element in value]
        case _:
            return value


def file_text() -> str:
    """Return the content of the file."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
