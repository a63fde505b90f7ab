"""The time in which the control room attends an event: its requests, pictures and alerts."""

from datetime import datetime, timedelta
from typing import Final

from virage.site.programme.types import Event

BEFORE_DOORS: Final = timedelta(hours=2)
AFTER_END: Final = timedelta(hours=3)


def is_attended(event: Event, now: datetime) -> bool:
    """Return whether an event is attended: from two hours before the doors until three hours after the end."""
    return event.doors_at - BEFORE_DOORS <= now <= event.ends_at + AFTER_END
