"""Scheduled jobs of card readers: money without a sale goes back, and readers agree with those at the provider."""

from typing import Final

from virage.money.card_readers import acts, rules, store
from virage.money.card_readers.registering import register_at_provider, remove_at_provider
from virage.money.payments.api import PaymentProvider, Unreachable
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused

EVERY_S: Final = 60


class CardReaderJobs:
    """Jobs of card readers; each runs in one process at a time."""

    def __init__(self, clock: Clock, provider: PaymentProvider) -> None:
        self._clock = clock
        self._provider = provider

    def register(self, jobs: Jobs) -> None:
        """Register the jobs."""
        jobs.every_money(EVERY_S, "card_readers.return", self.return_unbooked)
        jobs.every_money(EVERY_S, "card_readers.provider", self.reconcile_readers)

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

    async def reconcile_readers(self, db: Database) -> None:
        """Complete registrations whose answer was lost, and removals that the provider has not confirmed."""
        async with db.connection() as conn:
            begun = await store.registrations(conn, self._clock.now() - rules.REGISTERS_WITHIN)
            removed = await store.removed_readers(conn)
        for registration in begun:
            try:
                registered = await register_at_provider(db, self._clock, self._provider, registration)
            except Unreachable as failure:
                log.warning("payment_provider_unreachable", asked=str(failure), readers=1)
                continue
            if isinstance(registered, Refused):
                log.warning("card_reader_not_registered", reader=str(registration.id), reason=str(registered.reason))
        await remove_at_provider(db, self._clock, self._provider, removed)
