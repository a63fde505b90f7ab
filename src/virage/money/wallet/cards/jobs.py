"""What cards do on a schedule: what is over is forgotten."""

from datetime import timedelta
from typing import Final

from virage.money.wallet.cards.store import virtual_cards as phones
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.values.clock import Clock

TIDY_EVERY_S: Final = 3600
PROOFS_LIVE: Final = timedelta(days=1)


class CardJobs:
    """The schedule of cards; each job runs in one process at a time."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def register(self, jobs: Jobs) -> None:
        """Put the jobs on the schedule."""
        jobs.every(TIDY_EVERY_S, "wallet.tidy", self.tidy)

    async def tidy(self) -> None:
        """Forget proofs that were sent long ago."""
        async with self._db.transaction() as conn:
            await phones.forget_proofs(conn, self._clock.now() - PROOFS_LIVE)
