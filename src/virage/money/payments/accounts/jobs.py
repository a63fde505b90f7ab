"""Reading organisers' accounts from the provider: by a job, and when a person asks."""

from collections.abc import Sequence

from virage.money.payments.accounts import acts, reads
from virage.money.payments.provider import PaymentProvider, Unreachable
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

EVERY_S = 900


async def read_accounts(db: Database, clock: Clock, provider: PaymentProvider, refs: Sequence[str]) -> None:
    """Store the state and balance of accounts as the provider reports them now. Raises `Unreachable`."""
    reports = await provider.accounts(refs) if refs else ()
    async with db.transaction() as conn:
        await acts.record_accounts(conn, reports, clock.now())


class AccountJob:
    """Reads all accounts, in case an event was lost; no event tells of a balance."""

    def __init__(self, clock: Clock, provider: PaymentProvider) -> None:
        self._clock = clock
        self._provider = provider

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every_money(EVERY_S, "payments.accounts", self.read)

    async def read(self, db: Database) -> None:
        """Read all accounts."""
        async with db.connection() as conn:
            refs = await reads.account_refs(conn)
        try:
            await read_accounts(db, self._clock, self._provider, refs)
        except Unreachable as failure:
            log.warning("payment_provider_unreachable", asked=str(failure), accounts=len(refs))
