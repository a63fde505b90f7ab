"""Scheduled job of settlement: fetch payouts, compare them, match bank lines, list what is missing."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from virage.money.payments.api import PaymentProvider, Unreachable, connected_refs, first_payment_at
from virage.money.settlement.acts import bank, reconciling
from virage.money.settlement.acts.reconciling import Key
from virage.money.settlement.rules.matching import MISSING_AFTER
from virage.money.settlement.store import payouts as store
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

EVERY_S: Final = 900.0
FIRST: Final = UUID(int=0)
BEFORE_FIRST: Final = timedelta(days=1)
LOOK_BACK: Final = timedelta(days=60)
"""A payout may fail weeks after it was created, so its state is read again for so long."""


class SettlementJob:
    """Fetches and reconciles in one process at a time. Each page is stored in a transaction of its own.

    A run that ends early, by a crash or because the provider is away, is continued by the next one from the last page
    that was stored.
    """

    def __init__(self, clock: Clock, provider: PaymentProvider, currency: str) -> None:
        self._clock = clock
        self._provider = provider
        self._currency = currency

    def register(self, jobs: Jobs) -> None:
        """Register the job."""
        jobs.every_money(EVERY_S, "settlement.reconcile", self.reconcile)

    async def reconcile(self, db: Database) -> None:
        """Fetch what is new, and compare everything that is stored and not compared."""
        await self.match(db, is_complete=await self.fetch(db))

    async def fetch(self, db: Database) -> bool:
        """Store new payouts, new states of known ones, and their entries; return whether all accounts were read.

        One that does not answer keeps no other from being read.
        """
        async with db.connection() as conn:
            first, accounts = await first_payment_at(conn), [None, *await connected_refs(conn)]
        if first is None:
            return True
        is_complete = True
        for account in accounts:
            try:
                await self._fetch_payouts(db, first, account)
                await self._fetch_entries(db, account)
            except Unreachable as failure:
                log.warning("payment_provider_unreachable", asked=str(failure), payouts=True, account=account)
                is_complete = False
        return is_complete

    async def _fetch_entries(self, db: Database, account: str | None) -> None:
        """Store the entries of payouts of an account that are not complete."""
        async with db.connection() as conn:
            wanted = await store.payouts_to_fetch(conn)
        for payout in wanted:
            if payout.account != account:
                continue
            async for entries in self._provider.payout_entries(payout.ref, payout.after, account):
                async with db.transaction() as conn:
                    await reconciling.store_entries(conn, payout.id, entries)
            async with db.transaction() as conn:
                await reconciling.finish_fetch(conn, payout.id, self._clock.now())

    async def _fetch_payouts(self, db: Database, first: datetime, account: str | None) -> None:
        """Store the payouts of an account since the first payment, or those of the time that may still change."""
        async with db.connection() as conn:
            latest = await store.latest_payout(conn, account)
        since = first - BEFORE_FIRST
        if latest is not None:
            since = max(since, latest - LOOK_BACK)
        async for payouts in self._provider.payouts(since, account):
            async with db.transaction() as conn:
                await reconciling.store_payouts(conn, payouts, self._clock.now())

    async def match(self, db: Database, *, is_complete: bool) -> None:
        """Compare stored entries, oldest payout first. Only after a complete fetch something can be missing."""
        async with db.connection() as conn:
            wanted = await store.payouts_to_match(conn)
        for payout_id in wanted:
            more = True
            while more:
                async with db.transaction() as conn:
                    more = await reconciling.match_page(conn, payout_id, self._currency, self._clock.now())
        async with db.transaction() as conn:
            await reconciling.match_again(conn, self._currency, self._clock.now())
        async with db.transaction() as conn:
            await bank.match_bank(conn, self._clock.now())
        if is_complete:
            await self._list_missing(db)

    async def _list_missing(self, db: Database) -> None:
        """List the captures and refunds that no payout has named in time."""
        until = self._clock.now() - MISSING_AFTER
        async with db.connection() as conn:
            since = await store.looked_until(conn)
        if since >= until:
            return
        for list_page in (reconciling.list_missing_captures, reconciling.list_missing_refunds):
            key: Key | None = (since, FIRST)
            while key is not None:
                async with db.transaction() as conn:
                    key = await list_page(conn, key, until, self._currency, self._clock.now())
        async with db.transaction() as conn:
            await reconciling.finish_missing(conn, until)
