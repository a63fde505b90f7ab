"""Retention of footage: some hours, or as long as a clip may show it."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

GRACE: Final = timedelta(hours=48)
"""Retention after withdrawal, to settle complaints and to undo an error."""


class Retention(Struct, frozen=True):
    """Limits of retention. Footage before `seen_before` expires unless a clip shows it.

    A published clip protects its footage; so does a withdrawn one, unless it was withdrawn before `withdrawn_before`. A
    clip that was never published protects it only until its end is before `seen_before`.
    """

    seen_before: datetime
    withdrawn_before: datetime


def retention(hours: int, now: datetime) -> Retention:
    """Return the limits at a moment, for footage kept for some hours."""
    return Retention(now - timedelta(hours=hours), now - GRACE)
