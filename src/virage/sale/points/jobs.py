"""Jobs of points: earning, notices, and points that lapse."""

from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock
from virage.sale.points.acts import accounts, earning, lapsing
from virage.sale.points.acts.earning import Sources

EARN_EVERY_S: Final = 1.0
LAPSE_EVERY_S: Final = 3600.0


class PointsJobs:
    """The jobs of points. `zone` is that of the months in which points lapse."""

    def __init__(self, clock: Clock, zone: ZoneInfo, sources: Sources) -> None:
        self._clock = clock
        self._zone = zone
        self._sources = sources

    def register(self, jobs: Jobs) -> None:
        """Register the jobs. They write the ledger of the wallets, and so only while this process holds them."""
        jobs.every_money(EARN_EVERY_S, "points.earn", self.earn)
        jobs.every_money(LAPSE_EVERY_S, "points.lapse", self.lapse)

    async def earn(self, db: Database) -> None:
        """Follow the journal until its end."""
        more = True
        while more:
            async with db.transaction() as conn:
                more = await earning.earn(conn, self._sources, self._clock.now())

    async def lapse(self, db: Database) -> None:
        """Let due points lapse, tell people what lapses next, and empty closed accounts."""
        due = lapsing.AT_ONCE
        while due == lapsing.AT_ONCE:
            async with db.transaction() as conn:
                due = await lapsing.lapse(conn, self._zone, self._clock.now())
        async with db.connection() as conn:
            organiser_ids = await lapsing.organisers_that_lapse(conn)
        for organiser_id in organiser_ids:
            after: UUID | None = UUID(int=0)
            while after is not None:
                async with db.transaction() as conn:
                    after = await lapsing.tell(conn, organiser_id, after, self._zone, self._clock.now())
        closed = lapsing.AT_ONCE
        while closed == lapsing.AT_ONCE:
            async with db.transaction() as conn:
                closed = await accounts.empty_closed(conn, self._clock.now(), lapsing.AT_ONCE)
