"""Scheduled job of card readers: captured money without a sale goes back."""

from typing import Final

from virage.money.card_readers import acts, rules
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

EVERY_S: Final = 60


class CardReaderJob:
    """Job of card readers; it runs in one process at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every_money(EVERY_S, "card_readers.return", self.return_unbooked)

    async def return_unbooked(self, db: Database) -> None:
        """Return captured payments whose record did not arrive within a day."""
        now = self._clock.now()
        while True:
            async with db.transaction() as conn:
                returned = await acts.return_unbooked(conn, None, now - rules.RETURNED_AFTER, now)
            if returned:
                log.warning("card_payments_returned", payments=returned)
            if returned < acts.PAGE:
                return
