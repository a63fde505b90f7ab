"""Job that keeps the sales statistics up to date."""

from typing import Final

from virage.control.books.acts import sales_statistics as acts
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs

EVERY_S: Final = 1.0


class StatisticsJob:
    """Job that adds new till records to the sales statistics."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every(EVERY_S, "concessions.figures", self.keep_up)

    async def keep_up(self) -> None:
        """Add new records in portions until none is left."""
        while True:
            async with self._db.transaction() as conn:
                if not await acts.project(conn):
                    return
