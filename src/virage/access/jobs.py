"""What the gates need done by itself: admissions whose time to pass is over."""

from typing import Final

from virage.access.acts.crossing import end_pending
from virage.kernel.clock import Clock
from virage.kernel.database import Database
from virage.kernel.queue import Jobs

PENDING_EVERY_S: Final = 5.0
PENDING_MAX: Final = 500


class AccessJobs:
    """The jobs of access."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every(PENDING_EVERY_S, "access.pending", self.end_pending)

    async def end_pending(self) -> None:
        """Let those be outside again who were admitted and did not pass, batch by batch."""
        while True:
            async with self._db.transaction() as conn:
                ended = await end_pending(conn, self._clock.now(), PENDING_MAX)
            if ended < PENDING_MAX:
                return
