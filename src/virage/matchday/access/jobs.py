"""Jobs of access: expired admissions, bans that match passes, and erasure of accreditations."""

from typing import Final

from virage.matchday.access.acts import accreditations as accreditation_acts
from virage.matchday.access.acts import bans as ban_acts
from virage.matchday.access.acts.bans import MATCH_JOB, MatchBans
from virage.matchday.access.acts.scans import expire_pending
from virage.matchday.access.reads import bans as ban_reads
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock

PENDING_EVERY_S: Final = 5.0
PENDING_MAX: Final = 500
MATCH_EVERY_S: Final = 60.0
FORGET_EVERY_S: Final = 3600.0


class AccessJobs:
    """The jobs of access."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def register(self, jobs: Jobs) -> None:
        """Register the jobs with a worker."""
        jobs.every(PENDING_EVERY_S, "access.pending", self.expire_pending)
        jobs.every(MATCH_EVERY_S, "access.bans", self.match_bans)
        jobs.every(FORGET_EVERY_S, "access.forget", self.forget)
        jobs.on(MATCH_JOB, MatchBans, self.match_now)

    async def expire_pending(self) -> None:
        """End admissions whose time to pass is over, batch by batch."""
        while True:
            async with self._db.transaction() as conn:
                ended = await expire_pending(conn, self._clock.now(), PENDING_MAX)
            if ended < PENDING_MAX:
                return

    async def forget(self) -> None:
        """Erase personal data of accreditations of past events."""
        async with self._db.transaction() as conn:
            await accreditation_acts.forget_expired(conn, self._clock.now())

    async def match_now(self, _: MatchBans) -> None:
        """Compare at once: a ban was added."""
        await self.match_bans()

    async def match_bans(self) -> None:
        """End expired bans, and compare the others with the passes of upcoming events."""
        now = self._clock.now()
        async with self._db.transaction() as conn:
            await ban_acts.end_expired(conn, now)
        async with self._db.connection() as conn:
            events = await ban_reads.events_to_match(conn, now)
        for event_id in events:
            async with self._db.connection() as conn:
                met = await ban_reads.met(conn, event_id, now)
            async with self._db.transaction() as conn:
                await ban_acts.flag(conn, event_id, met, now)
