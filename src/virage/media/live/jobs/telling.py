"""What live does by itself: fans are told by push of what they chose, and gates and outlets make news."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from virage.media.live.acts import ground
from virage.media.live.acts.ground import GroundSource
from virage.media.live.acts.notices import NOTICES_KIND, Attendance, NoticesDue, tell_next
from virage.media.live.acts.telling import EntriesTold
from virage.media.live.store import notices as store
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock
from virage.site.programme import api as programme

GROUND_EVERY_S: Final = 5.0
FORGET_EVERY_S: Final = 3600.0
REMEMBERED: Final = timedelta(days=1)


class LiveJobs:
    """The jobs of live."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        attendance: Attendance,
        sources: Sequence[GroundSource],
        handlers: Sequence[EntriesTold],
    ) -> None:
        self._db = db
        self._clock = clock
        self._attendance = attendance
        self._sources = sources
        self._handlers = handlers

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.on(NOTICES_KIND, NoticesDue, self.tell)
        jobs.every(GROUND_EVERY_S, "live.ground", self.look_around)
        jobs.every(FORGET_EVERY_S, "live.forget", self.forget)

    async def tell(self, due: NoticesDue) -> None:
        """Tell what is new in a feed, page by page."""
        more = True
        while more:
            async with self._db.transaction() as conn:
                more = await tell_next(conn, due.event_id, self._attendance, self._clock.now())

    async def look_around(self) -> None:
        """Tell how gates and outlets of the events that are on have changed."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            events = [event.id for event in await programme.upcoming(conn, now) if event.doors_at <= now]
        for event_id in events:
            seen = [reading for source in self._sources for reading in await source(event_id, now)]
            async with self._db.transaction() as conn:
                await ground.tell_of_ground(conn, event_id, seen, now, handlers=self._handlers)

    async def forget(self) -> None:
        """Forget what was told so long ago that no phone shows it any more."""
        async with self._db.transaction() as conn:
            await store.forget_told(conn, self._clock.now() - REMEMBERED)
