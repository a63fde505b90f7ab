"""Jobs of live: push notifications, venue updates, and deletion of old notification records."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from virage.media.live.acts import venue_updates
from virage.media.live.acts.notifications import NOTIFY_JOB, Attendance, NotificationsDue, notify_next_page
from virage.media.live.acts.publishing import EntriesPublished
from virage.media.live.acts.venue_updates import VenueSource
from virage.media.live.store import notifications as store
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock
from virage.site.programme import api as programme

VENUE_INTERVAL_S: Final = 5.0
CLEANUP_INTERVAL_S: Final = 3600.0
KEPT_FOR: Final = timedelta(days=1)


class LiveJobs:
    """The jobs of live."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        attendance: Attendance,
        sources: Sequence[VenueSource],
        handlers: Sequence[EntriesPublished],
    ) -> None:
        self._db = db
        self._clock = clock
        self._attendance = attendance
        self._sources = sources
        self._handlers = handlers

    def register(self, jobs: Jobs) -> None:
        """Register the jobs and their intervals."""
        jobs.on(NOTIFY_JOB, NotificationsDue, self.notify)
        jobs.every(VENUE_INTERVAL_S, "live.ground", self.update_venue)
        jobs.every(CLEANUP_INTERVAL_S, "live.forget", self.delete_old)

    async def notify(self, due: NotificationsDue) -> None:
        """Send the pending notifications of a feed, page by page."""
        more = True
        while more:
            async with self._db.transaction() as conn:
                more = await notify_next_page(conn, due.event_id, self._attendance, self._clock.now())

    async def update_venue(self) -> None:
        """Publish changes of gates and outlets of current events."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            events = [event.id for event in await programme.upcoming(conn, now) if event.doors_at <= now]
        for event_id in events:
            seen = [reading for source in self._sources for reading in await source(event_id, now)]
            async with self._db.transaction() as conn:
                await venue_updates.publish_venue_updates(conn, event_id, seen, now, handlers=self._handlers)

    async def delete_old(self) -> None:
        """Delete notification records that are older than a day."""
        async with self._db.transaction() as conn:
            await store.delete_old(conn, self._clock.now() - KEPT_FOR)
