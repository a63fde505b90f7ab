"""When an event is on: its gates ask, search and upload only around it, by the server's clock."""

from datetime import datetime, timedelta
from typing import Final

from virage.matchday.access.rules.scans import Scan
from virage.site.programme.types import Event

BEFORE_DOORS: Final = timedelta(hours=24)
AFTER_END: Final = timedelta(hours=24)
CLOCK_MARGIN: Final = timedelta(minutes=15)
"""How far a device's clock may be from the server's before what it tells proves nothing."""
UPLOADS_AFTER_END: Final = timedelta(days=7)
"""A device that was switched off without network after the event uploads what it kept within this time."""


def is_on(event: Event, now: datetime) -> bool:
    """Whether the gates of an event work: from 24 hours before the doors to 24 hours after the end, as badges hold."""
    return event.doors_at - BEFORE_DOORS <= now < event.ends_at + AFTER_END


def takes(event: Event | None, scan: Scan, now: datetime) -> bool:
    """Whether a scan for an event is taken now. Training counts nowhere, so it may be long before."""
    if event is None or scan.training or is_on(event, now):
        return True
    return scan.kind != "ask" and event.ends_at <= now < event.ends_at + UPLOADS_AFTER_END


def is_plausible(at: datetime, event: Event, paired_at: datetime, now: datetime) -> bool:
    """Whether a device can have seen something at `at`: while the gates worked, after its pairing and not after now."""
    first = max(event.doors_at - BEFORE_DOORS, paired_at - CLOCK_MARGIN)
    return first <= at <= min(event.ends_at + AFTER_END, now + CLOCK_MARGIN)
