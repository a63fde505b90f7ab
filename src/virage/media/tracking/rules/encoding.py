"""Text encoding of positions: docs/pitch.md; web/src/features/tracking/encoding.ts.

A digit is one of 89 characters that JSON does not escape. The ball comes first, then all players in the order of `who`:

    .        unchanged
    -        not visible any more
    + XX YY  absolute position: two digits per coordinate
    X Y      relative move: one digit per coordinate, the middle one is zero

After the last two the ball has one more digit, its height. Unchanged positions at the end are left out.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from virage.media.tracking.rules.track import BallQuanta, Quanta

DIGITS: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\.-+')
BASE: Final = len(DIGITS)
STEP_MAX: Final = BASE // 2
PLACE_MAX: Final = BASE * BASE // 2


def encode(
    who: Sequence[str],
    before: Mapping[str, Quanta],
    after: Mapping[str, Quanta],
    ball_before: BallQuanta | None,
    ball: BallQuanta | None,
) -> str:
    """Return the changes between two states as text."""
    parts = [_encode_ball(ball_before, ball), *(_encode_position(before.get(name), after.get(name)) for name in who)]
    return "".join(parts).rstrip(".")


def _encode_ball(before: BallQuanta | None, after: BallQuanta | None) -> str:
    if after is None or before == after:
        return _encode_position(None if before is None else before[:2], None if after is None else after[:2])
    height = DIGITS[min(after[2], BASE - 1)]
    same_place = before is not None and before[:2] == after[:2]
    return (
        DIGITS[STEP_MAX] * 2 if same_place else _encode_position(before[:2] if before else None, after[:2])
    ) + height


def _encode_position(before: Quanta | None, after: Quanta | None) -> str:
    if before == after:
        return "."
    if after is None:
        return "-"
    if before is not None:
        steps = (after[0] - before[0], after[1] - before[1])
        if all(abs(step) <= STEP_MAX for step in steps):
            return "".join(DIGITS[step + STEP_MAX] for step in steps)
    return "+" + "".join(DIGITS[digit] for coordinate in after for digit in divmod(coordinate + PLACE_MAX, BASE))
