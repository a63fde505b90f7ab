"""Waiting times at the ramps, for routes of the venues: fans are directed to the faster ramp."""

from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import Final

from virage.matchday.access.reads.queues import delays
from virage.platform.data.database import Connection
from virage.platform.values.clock import Clock
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at

KEPT_S: Final = 5.0
BEFORE_DOORS: Final = timedelta(hours=2)


class Delays:
    """Waiting times at the ramps, cached for a few seconds per process."""

    def __init__(self, clock: Clock, kept_s: float = KEPT_S) -> None:
        self._clock = clock
        self._kept_s = kept_s
        self._until = 0.0
        self._known: Mapping[str, float] = {}

    async def __call__(self, conn: Connection) -> Mapping[str, float]:
        """Return seconds by `ramp:N1` at events with open gates; nothing without counters."""
        if monotonic() >= self._until:
            self._until = monotonic() + self._kept_s  # one asks, and the others go on with what is known
            now, found = self._clock.now(), dict[str, float]()
            for event in await programme.upcoming(conn, now):
                if event.doors_at - BEFORE_DOORS <= now:
                    found |= await delays(conn, event.id, await venue_at(conn, event.venue_version), now)
            self._known = found
        return self._known
