"""Automatic closings of days, months and years in the time zones of the venues, and monthly archives."""

from datetime import date
from typing import Final
from uuid import UUID

from virage.identity.keys.types import KeyVault
from virage.money.fiscal.acts import records as fiscal
from virage.money.fiscal.acts.archives import ARCHIVE_JOB, ArchiveMonth, Archives
from virage.money.fiscal.reads import closings as reads
from virage.money.fiscal.reads.archive import archive
from virage.money.fiscal.rules.calendar import Due
from virage.money.fiscal.rules.closing import Closing, Period, PeriodKind
from virage.platform.data.database import Connection, Database
from virage.platform.data.queue import Jobs, enqueue
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused

EVERY_S: Final = 60.0


class ClosingJobs:
    """Jobs that close and archive. Each period is closed once, also when processes run them at the same time."""

    def __init__(self, db: Database, clock: Clock, vault: KeyVault, archives: Archives) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._archives = archives

    def register(self, jobs: Jobs) -> None:
        """Register the jobs."""
        jobs.every_money(EVERY_S, "concessions.closings", self.close)
        jobs.on(ARCHIVE_JOB, ArchiveMonth, self.keep_month)

    async def close(self, db: Database) -> None:
        """Close all periods that are over."""
        await self.close_due(db)

    async def close_due(self, db: Database) -> list[tuple[Period, list[Closing]]]:
        """Close all periods that are over, earliest first; return those closed by this call.

        A day is listed once for each time zone that has closed it.
        """
        closed: list[tuple[Period, list[Closing]]] = []
        previous: Due | None = None
        while True:
            async with db.connection() as conn:
                due = await reads.due(conn, self._clock.now())
            if due is None or due == previous:
                return closed
            previous = due
            closings = await self._close(db, due)
            if not isinstance(closings, Refused):  # refused: another process has closed it meanwhile
                closed.append((due.period, closings))

    async def _close(self, db: Database, due: Due) -> list[Closing] | Refused:
        async def close(conn: Connection) -> list[Closing] | Refused:
            period, until = due.period, due.ended_at
            closings = await fiscal.close(conn, self._vault, period, self._clock.now(), zone=due.zone, until=until)
            if not isinstance(closings, Refused) and period.kind is PeriodKind.MONTH:
                month = period.starts_on.isoformat()
                tills = [UUID(closing.subject_id) for closing in closings if closing.subject == "till"]
                await enqueue(conn, ARCHIVE_JOB, [ArchiveMonth(till, month) for till in tills])
            return closings

        return await db.transact(close)

    async def keep_month(self, wish: ArchiveMonth) -> None:
        """Store the archive of a till for a closed month."""
        month = Period(PeriodKind.MONTH, date.fromisoformat(wish.month))
        since, until, now = month.starts_on, month.next_starts_on, self._clock.now()
        async with self._db.transaction() as conn:
            made = await archive(conn, self._vault, wish.till, since=since, until=until, now=now)
        if made is not None:
            await self._archives.keep(wish.till, f"{since:%Y-%m}", made.gzip(self._db))
