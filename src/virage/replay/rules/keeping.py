"""How long footage is kept: for some hours, and what a clip shows for as long as the clip may be shown."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from virage.replay.rules.media import KEY_PERIOD, SEGMENT_LONGEST

GRACE: Final = timedelta(hours=48)
"""How long what a withdrawn clip showed is kept: whoever is accused of it, or took it down in error, can look."""


class Keeping(Struct, frozen=True):
    """What is over: segments seen before `seen_before`, unless a clip keeps them that is shown, or was until
    `withdrawn_before`; keys of hours that began before `keys_before`, for then all of the hour is.
    """

    seen_before: datetime
    withdrawn_before: datetime
    keys_before: datetime


def keeping(hours: int, now: datetime) -> Keeping:
    """What is over by now where footage is kept for so many hours."""
    seen_before = now - timedelta(hours=hours)
    return Keeping(seen_before, now - GRACE, seen_before - KEY_PERIOD - SEGMENT_LONGEST)
