"""The job of instalments: it reminds, charges saved cards and follows the outcomes, each in small transactions."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

from virage.money.payments import api as payments
from virage.money.payments.api import Handlers, PaymentProvider, settle_all
from virage.platform.data.database import Connection, Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.packages.acts import instalments
from virage.sale.packages.acts.instalments import AT_ONCE, FORGET_JOB, CardToForget
from virage.sale.packages.settings import InstalmentSettings
from virage.sale.packages.store import instalments as store

EVERY_S: Final = 2.0
FIRST: Final = UUID(int=0)


class InstalmentJobs:
    """The job that looks after all instalments; it runs in one process at a time, and may be killed at any moment."""

    def __init__(
        self, db: Database, config: Config, clock: Clock, *, provider: PaymentProvider, handlers: Handlers
    ) -> None:
        self._db = db
        self._clock = clock
        self._provider = provider
        self._handlers = handlers
        self._public_url = config.public_url
        settings = config.of(InstalmentSettings)
        self._remind = timedelta(days=settings.instalment_remind_days)
        self._retry = timedelta(days=settings.instalment_retry_days)

    def register(self, jobs: Jobs) -> None:
        """Say what a worker can do."""
        jobs.every_money(EVERY_S, "packages.instalments", self.run)
        jobs.on(FORGET_JOB, CardToForget, self.forget_card)

    async def forget_card(self, card: CardToForget) -> None:
        """Forget the card of an erased buyer."""
        async with self._db.transaction() as conn:
            await instalments.forget_card(conn, card, self._clock.now())

    async def run(self, db: Database) -> None:
        """Take every instalment as far as it can go now."""
        await self._charge_and_follow(db)  # the first ones, and those without an answer
        await self._take_next_cards(db)
        await _until_none(db, lambda conn: instalments.open_plans(conn, self._clock.now()))
        before = self._clock.now() + self._remind
        await _until_none(db, lambda conn: instalments.remind(conn, before, self._clock.now()))
        if await self._begin(db):
            await self._charge_and_follow(db)

    async def _take_next_cards(self, db: Database) -> None:
        """Replace cards whose buyers have saved another one."""
        after: UUID | None = FIRST
        while after is not None:
            async with db.transaction() as conn:
                after = await instalments.take_next_cards(conn, after, self._clock.now())

    async def _begin(self, db: Database) -> int:
        """Begin the payments of the instalments that are due; return how many there were."""
        async with db.connection() as conn:
            due = await store.instalments_due(conn, self._clock.now(), AT_ONCE)
        for row in due:
            url = f"{self._public_url}/subscriptions/{row.plan_id}"
            begun = await db.transact(instalments.begin_charge, row.id, new_id(), url, self._clock.now())
            if isinstance(begun, Refused):
                async with db.transaction() as conn:
                    await instalments.give_up(conn, row.id, str(begun.reason), self._clock.now())
        return len(due)

    async def _charge_and_follow(self, db: Database) -> None:
        after: UUID | None = FIRST
        while after is not None:
            async with db.connection() as conn:
                charges, after = await instalments.due_charges(conn, after)
            outcomes = await payments.charge(db, self._provider, charges)
            if outcomes:
                await settle_all(db, self._clock, self._handlers, outcomes)
        after = FIRST
        while after is not None:
            async with db.transaction() as conn:
                after = await instalments.follow(conn, after, self._retry, self._clock.now())


async def _until_none(db: Database, act: Callable[[Connection], Awaitable[int]]) -> None:
    """Run an act in one transaction after the other, until there is nothing left for it."""
    while True:
        async with db.transaction() as conn:
            if not await act(conn):
                return
