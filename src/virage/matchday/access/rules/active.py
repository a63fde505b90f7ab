"""The period in which the gates of an event are active, by the server's clock."""

from datetime import datetime, timedelta
from typing import Final

from virage.matchday.access.rules.scans import Scan
from virage.site.programme.types import Event

BEFORE_DOORS: Final = timedelta(hours=24)
AFTER_END: Final = timedelta(hours=24)
CLOCK_MARGIN: Final = timedelta(minutes=15)
"""Tolerated difference of a device's clock and the server's; beyond it an upload proves nothing."""
UPLOADS_AFTER_END: Final = timedelta(days=7)
"""How long after the event a device may upload scans that it stored offline."""


def is_active(event: Event, now: datetime) -> bool:
    """Return whether the gates of an event are active: 24 hours before the doors to 24 hours after the end."""
    return event.doors_at - BEFORE_DOORS <= now < event.ends_at + AFTER_END


def accepts(event: Event | None, scan: Scan, now: datetime) -> bool:
    """Return whether a scan for an event is accepted now. Training counts nowhere and is always accepted."""
    if event is None or scan.training or is_active(event, now):
        return True
    return scan.kind != "ask" and event.ends_at <= now < event.ends_at + UPLOADS_AFTER_END


def is_plausible(at: datetime, event: Event, paired_at: datetime, now: datetime) -> bool:
    """Return whether a device can have seen a scan at `at`: gates active, after pairing, not in the future."""
    first = max(event.doors_at - BEFORE_DOORS, paired_at - CLOCK_MARGIN)
    return first <= at <= min(event.ends_at + AFTER_END, now + CLOCK_MARGIN)
