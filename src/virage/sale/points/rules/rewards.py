"""Rules of redeeming: when, how many, and what the office may do with a redeemed reward."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from virage.platform.values.refusals import Refused
from virage.sale.points.rules.terms import PointsRefusal, RedemptionState, Reward

CODE_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 8
NEXT: Final[Mapping[RedemptionState, frozenset[RedemptionState]]] = {
    "open": frozenset({"ready", "handed_over", "cancelled"}),
    "ready": frozenset({"handed_over", "cancelled"}),
    "handed_over": frozenset(),
    "cancelled": frozenset(),
}
"""What the office may do next, by state. What was handed over is not taken back."""


def may_redeem(  # noqa: PLR0911 - each reason by its name
    reward: Reward, price_points: int, *, redeemed: int, available: int, text: str | None, now: datetime
) -> Refused | None:
    """Return why a person cannot redeem a reward now, or None.

    `price_points` is what the person saw, `redeemed` how many of it they have, `available` their points.
    """
    if not reward.opens_at <= now < reward.closes_at:
        return Refused(PointsRefusal.REWARD_CLOSED)
    if price_points != reward.price_points:
        return Refused(PointsRefusal.PRICE_CHANGED, {"price_points": reward.price_points})
    if reward.asks_text and text is None:
        return Refused(PointsRefusal.TEXT_MISSING)
    if reward.limit_per_person is not None and redeemed >= reward.limit_per_person:
        return Refused(PointsRefusal.LIMIT, {"limit": reward.limit_per_person})
    if reward.left is not None and reward.left <= 0:
        return Refused(PointsRefusal.SOLD_OUT)
    if available < reward.price_points:
        return Refused(PointsRefusal.TOO_FEW, {"missing": reward.price_points - available})
    return None


def new_code() -> str:
    """Return the code that a person shows to get a reward: about 39 random bits, without letters that look alike."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
