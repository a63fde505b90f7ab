"""What live does by itself: fans are told by push of what they chose, and gates and outlets make news."""

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
        """Say what a worker can do."""
        jobs.on(NOTIFY_JOB, NotificationsDue, self.tell)
        jobs.every(VENUE_INTERVAL_S, "live.ground", self.look_around)
        jobs.every(CLEANUP_INTERVAL_S, "live.forget", self.forget)

    async def tell(self, due: NotificationsDue) -> None:
        """Tell what is new in a feed, page by page."""
        more = True
        while more:
            async with self._db.transaction() as conn:
                more = await notify_next_page(conn, due.event_id, self._attendance, self._clock.now())

    async def look_around(self) -> None:
        """Tell how gates and outlets of the events that are on have changed."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            events = [event.id for event in await programme.upcoming(conn, now) if event.doors_at <= now]
        for event_id in events:
            seen = [reading for source in self._sources for reading in await source(event_id, now)]
            async with self._db.transaction() as conn:
                await venue_updates.publish_venue_updates(conn, event_id, seen, now, handlers=self._handlers)

    async def forget(self) -> None:
        """Forget what was told so long ago that no phone shows it any more."""
        async with self._db.transaction() as conn:
            await store.delete_old(conn, self._clock.now() - KEPT_FOR)
