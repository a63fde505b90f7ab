"""Scheduled jobs: automatic top-ups, and emptying closed wallets."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from virage.identity.people.api import queue_emails
from virage.identity.people.types import EmailKind, NewEmail
from virage.money.payments import api as payments
from virage.money.payments.api import Handlers, PaymentProvider, settle_all
from virage.money.wallet.accounts import api as accounts
from virage.money.wallet.funding.acts import auto_top_ups as acts
from virage.money.wallet.funding.acts.top_ups import empty_closed
from virage.money.wallet.funding.rules.top_ups import limits_of
from virage.money.wallet.funding.store import auto_top_ups as store
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.days import local_day
from virage.platform.values.ids import new_id

AUTO_TOP_UP_EVERY_S: Final = 2
EMPTY_EVERY_S: Final = 600
LETTER_LIVES: Final = timedelta(days=2)
PAGE: Final = 200


class WalletJobs:
    """The schedule of the wallet; each job runs in one process at a time."""

    def __init__(
        self, db: Database, config: Config, clock: Clock, *, provider: PaymentProvider, handlers: Handlers
    ) -> None:
        self._db = db
        self._clock = clock
        self._provider = provider
        self._handlers = handlers
        self._limits = limits_of(config)
        self._zone = config.time_zone

    def register(self, jobs: Jobs) -> None:
        """Put the jobs on the schedule."""
        jobs.every_money(AUTO_TOP_UP_EVERY_S, "wallet.auto_top_up", self.top_up)
        jobs.every_money(EMPTY_EVERY_S, "wallet.empty_closed", self.empty_closed)
        jobs.on(acts.OFF_JOB, acts.RuleIsOff, self.tell_off)
        jobs.on(acts.CONFIRM_JOB, acts.ChargeToConfirm, self.ask_owner)

    async def top_up(self, db: Database) -> None:
        """End rules whose owners did not confirm a charge, begin due automatic top-ups, then charge all that are open.

        The job reads balances itself, so payments at tills do no extra work. A charge without an answer is repeated
        with the same id until the provider's answer, its webhook or reconciliation ends it.
        """
        await self._end_unconfirmed(db)
        after = UUID(int=0)
        while True:
            now = self._clock.now()
            day = local_day(now, self._zone)
            async with db.connection() as conn:
                below = await store.wallets_below(conn, now, day, after, PAGE)
            if below:
                async with db.transaction() as conn:
                    await acts.begin_due(conn, below, self._limits, day=day, now=now)
                after = below[-1]
            if len(below) < PAGE:
                break
        async with db.connection() as conn:
            waiting = await store.waiting_top_ups(conn)
        for start in range(0, len(waiting), PAGE):
            outcomes = await payments.charge(db, self._provider, waiting[start : start + PAGE])
            if outcomes:
                await settle_all(db, self._clock, self._handlers, outcomes)

    async def _end_unconfirmed(self, db: Database) -> None:
        while True:
            now = self._clock.now()
            async with db.connection() as conn:
                late = await store.wallets_to_confirm(conn, now, PAGE)
            if late:
                async with db.transaction() as conn:
                    await acts.end_unconfirmed(conn, late, now)
            if len(late) < PAGE:
                return

    async def empty_closed(self, db: Database) -> None:
        """Empty closed wallets that received money after the erasure."""
        after = UUID(int=0)
        while True:
            async with db.connection() as conn:
                closed = await accounts.closed_wallets_with_money(conn, after, PAGE)
            for wallet_id in closed:
                async with db.transaction() as conn:
                    await empty_closed(conn, wallet_id, self._clock.now())
            if len(closed) < PAGE:
                return
            after = closed[-1]

    async def ask_owner(self, charge: acts.ChargeToConfirm) -> None:
        """Email the owner of a wallet whose bank wants a charge to be confirmed."""
        now = self._clock.now()
        async with self._db.transaction() as conn:
            wallet = (await accounts.wallets_by_id(conn, [charge.wallet_id])).get(charge.wallet_id)
            if wallet is not None and wallet.owner_id is not None:
                email = NewEmail(
                    id=new_id(),
                    kind=EmailKind.TOP_UP_CONFIRM,
                    subject_id=charge.top_up_id,
                    about_id=charge.top_up_id,
                    person_id=wallet.owner_id,
                    expires_at=now + LETTER_LIVES,
                )
                await queue_emails(conn, [email], now)

    async def tell_off(self, off: acts.RuleIsOff) -> None:
        """Email the owner of a rule that was turned off."""
        now = self._clock.now()
        async with self._db.transaction() as conn:
            wallet = (await accounts.wallets_by_id(conn, [off.wallet_id])).get(off.wallet_id)
            if wallet is not None and wallet.owner_id is not None:
                email = NewEmail(
                    id=new_id(),
                    kind=EmailKind.TOP_UP_OFF,
                    subject_id=wallet.id,
                    person_id=wallet.owner_id,
                    expires_at=now + LETTER_LIVES,
                )
                await queue_emails(conn, [email], now)
