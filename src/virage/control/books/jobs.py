"""The figures of the office, kept from the records of the tills."""

from typing import Final

from virage.control.books.acts import figures as acts
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs

EVERY_S: Final = 1.0


class FigureJobs:
    """The job that keeps the figures."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every(EVERY_S, "concessions.figures", self.keep_up)

    async def keep_up(self) -> None:
        """Add what tills wrote since, portion by portion."""
        while True:
            async with self._db.transaction() as conn:
                if not await acts.project(conn):
                    return
