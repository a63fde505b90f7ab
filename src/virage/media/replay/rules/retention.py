"""How long footage is kept: for some hours, and what a clip shows for as long as the clip may be shown."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

GRACE: Final = timedelta(hours=48)
"""How long what a withdrawn clip showed is kept: whoever is accused of it, or took it down in error, can look."""


class Retention(Struct, frozen=True):
    """What is over: what was seen before `seen_before`, unless a clip keeps it that is shown, or was until
    `withdrawn_before`. One that was never shown keeps nothing once it ended before `seen_before`.
    """

    seen_before: datetime
    withdrawn_before: datetime


def retention(hours: int, now: datetime) -> Retention:
    """What is over by now where footage is kept for so many hours."""
    return Retention(now - timedelta(hours=hours), now - GRACE)
