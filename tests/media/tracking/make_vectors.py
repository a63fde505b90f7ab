"""Write docs/vectors/pitch.json: messages for phones, and all positions after each.

    python -m tests.media.tracking.make_vectors

A phone combines key frames and moves itself, and interpolates between two moments. An
implementation in any language must get the same positions.
"""

import json
from collections.abc import Mapping
from math import cos, sin
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from tests.media.tracking.walks import frames_of, tracked
from virage.media.tracking.rules.encoding import DIGITS, encode
from virage.media.tracking.rules.track import BallQuanta, Quanta
from virage.media.tracking.rules.updates import TrackingState, next_update

FILE = Path("docs/vectors/pitch.json")
WHO = ["a1", "a10", "h1", "h9"]
HERE: dict[str, Quanta] = {"a1": (250, 0), "a10": (-3, 7), "h1": (-250, -2), "h9": (0, 0)}
CODES: dict[str, tuple[dict[str, Quanta], BallQuanta | None, dict[str, Quanta], BallQuanta | None]] = {
    "a key frame": ({}, None, HERE, (0, 0, 1)),
    "a key frame without the ball": ({}, None, HERE, None),
    "nobody moves": (HERE, (0, 0, 1), HERE, (0, 0, 1)),
    "one runs": (HERE, (0, 0, 1), HERE | {"h9": (44, -44)}, (0, 0, 1)),
    "one is put elsewhere": (HERE, (0, 0, 1), HERE | {"h9": (45, 0)}, (0, 0, 1)),
    "one goes": (HERE, None, {who: HERE[who] for who in ("a1", "a10", "h9")}, None),
    "the last one goes": (HERE, None, {who: HERE[who] for who in ("a1", "a10", "h1")}, None),
    "one comes": ({"a1": (1, 1)}, None, {"a1": (1, 1), "h1": (-400, 400)}, None),
    "the ball rises where it is": (HERE, (5, 5, 1), HERE, (5, 5, 88)),
    "the ball flies far": (HERE, (5, 5, 1), HERE, (90, -60, 30)),
    "the ball is lost": (HERE, (5, 5, 1), HERE, None),
    "the ball is found": (HERE, None, HERE, (-262, 170, 0)),
    "everything at once": (HERE, (1, 1, 1), {"a10": (-4, 7), "h9": (1, 0)}, (2, 2, 2)),
}


def vectors() -> dict[str, Any]:
    """Return all vectors as JSON values."""
    codes = [
        {
            "name": name,
            "who": WHO,
            "before": {"spots": before, "ball": ball_before},
            "text": encode(WHO, before, after, ball_before, ball),
            "after": {"spots": after, "ball": ball},
        }
        for name, (before, ball_before, after, ball) in CODES.items()
    ]
    found: dict[str, Any] = to_builtins({"signs": DIGITS, "codes": codes, "told": _match(), "between": _between()})
    return found


def _match() -> list[dict[str, Any]]:
    """A quarter of a minute of messages with the phone's state after each; one pulse is missed, a
    player comes on.
    """
    play, before, lines = TrackingState(), None, []
    for place in range(30):
        ways = {
            9: lambda at_s: (30 * cos(at_s / 4), 20 * sin(at_s / 4)),
            1: lambda at_s: (-50.0, at_s / 9 - 300),
        }
        if place >= 20:
            ways[12] = lambda at_s: (at_s - 2700, -30.0)
        frames = frames_of(
            ways, 0.5, since_s=2700 + place / 2, ball=lambda at_s: (25 * cos(at_s / 3), 25 * sin(at_s / 3), 2.0)
        )
        play = TrackingState(tracked(frames, play.track))
        if place == 9:
            continue
        before, message = next_update(before, play)
        if message is not None and before is not None:
            state = {"n": before.moment.n, "spots": before.moment.spots, "ball": before.moment.ball}
            lines.append({"message": message, "state": state})
    return lines


def _between() -> list[dict[str, Any]]:
    before, after = {"h9": (0, 0), "h4": (0, 0), "a1": (5, 5)}, {"h9": (10, -4), "h4": (200, 0), "a7": (1, 1)}
    return [
        {"share": share, "before": before, "after": after, "expected": _mixed(before, after, share)}
        for share in (0, 0.25, 1)
    ]


def _mixed(before: Mapping[str, Quanta], after: Mapping[str, Quanta], share: float) -> dict[str, list[float]]:
    """A player who has come on, or leapt eight metres, is not interpolated."""
    return {
        who: [
            here + (there - here) * share if who in before and abs(spot[0] - before[who][0]) < 40 else there
            for here, there in zip(before.get(who, spot), spot, strict=True)
        ]
        for who, spot in after.items()
    }


def file_text() -> str:
    """Return the content of the file as text."""
    return json.dumps(vectors(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(file_text(), encoding="utf-8")
