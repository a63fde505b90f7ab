"""Jobs of membership: reminders, and the retention of imported addresses."""

from uuid import UUID
from zoneinfo import ZoneInfo

from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock
from virage.platform.values.days import local_day
from virage.sale.membership.acts import members as acts

EVERY_S = 3600.0


class MembershipJobs:
    """The hourly job of membership. `zone` is that of the terms."""

    def __init__(self, db: Database, clock: Clock, zone: ZoneInfo) -> None:
        self._db = db
        self._clock = clock
        self._zone = zone

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every(EVERY_S, "membership.terms", self.run)

    async def run(self) -> None:
        """Link imported members to accounts, delete addresses whose term is over, and remind of terms that end soon."""
        after = UUID(int=0)
        while True:
            async with self._db.connection() as conn:
                last, found = await acts.accounts_to_link(conn, after)
            for person_id in found:
                async with self._db.transaction() as conn:
                    await acts.link_account(conn, person_id, self._clock.now())
            if last is None:
                break
            after = last
        now = self._clock.now()
        today = local_day(now, self._zone)
        async with self._db.transaction() as conn:
            await acts.forget_addresses(conn, today, now)
        while True:
            async with self._db.transaction() as conn:
                if await acts.remind(conn, today, now) < acts.REMINDED_AT_ONCE:
                    return
