"""Opening hosted pages and settling provider outcomes, in batches."""

import time
from collections.abc import Sequence

from virage.money.payments import acts
from virage.money.payments.accounts import acts as account_acts
from virage.money.payments.accounts.rules import AccountReport
from virage.money.payments.circuit import Circuit
from virage.money.payments.handlers import Handlers
from virage.money.payments.provider import PaymentProvider, Unreachable
from virage.money.payments.rules import (
    DisputeNotice,
    HostedPage,
    News,
    Outcome,
    PaymentIntent,
    PaymentRefusal,
    RefundAnswer,
)
from virage.platform.data.batching import Batcher
from virage.platform.data.database import Database, Unavailable
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused

BATCH_MAX = 256
DELIVERIES_MAX = 64


class Checkout:
    """Opens hosted pages for committed payments.

    A provider that opens many pages with one call gets one call for all that wait. Another one is called for each page
    by itself, so that a slow answer delays no other payment.
    """

    def __init__(self, db: Database, provider: PaymentProvider) -> None:
        self._db = db
        self._provider = provider
        self._circuit = Circuit()
        self.batcher: Batcher[PaymentIntent, HostedPage | Refused] = Batcher(self.open_many, batch_max=BATCH_MAX)
        self.stored: Batcher[HostedPage, None] = Batcher(self._store, batch_max=BATCH_MAX)

    async def open(self, start: PaymentIntent) -> HostedPage | Refused:
        """Return the page of one payment. On `provider_unavailable` and `provider_busy`, retry with the same id."""
        if self._provider.opens_many:
            return await self.batcher.submit(start)
        (answer,) = await self._ask([start])
        if isinstance(answer, HostedPage):
            await self.stored.submit(answer)
        return answer

    async def open_many(self, starts: Sequence[PaymentIntent]) -> list[HostedPage | Refused]:
        """Return the pages of many payments, in order; each page is stored before it is returned."""
        answers = await self._ask(starts)
        await self._store([answer for answer in answers if isinstance(answer, HostedPage)])
        return answers

    async def _ask(self, starts: Sequence[PaymentIntent]) -> list[HostedPage | Refused]:
        if not self._circuit.lets_through(time.monotonic()):
            return [Refused(PaymentRefusal.PROVIDER_UNAVAILABLE) for _ in starts]
        try:
            answers = await self._provider.create(starts)
        except Unreachable as failure:
            self._circuit.failed(time.monotonic())
            log.warning("payment_provider_unreachable", asked=str(failure), payments=len(starts))
            return [Refused(PaymentRefusal.PROVIDER_UNAVAILABLE) for _ in starts]
        self._circuit.succeeded()
        return list(answers)

    async def _store(self, opened: Sequence[HostedPage]) -> list[None]:
        async with self._db.transaction() as conn:
            await acts.store_pages(conn, opened)
        return [None for _ in opened]


class Deliveries:
    """Settles what webhook deliveries say; those that arrive together are settled in one transaction."""

    def __init__(self, db: Database, clock: Clock, handlers: Handlers) -> None:
        self._db = db
        self._clock = clock
        self._handlers = handlers
        self.batcher: Batcher[Sequence[News], bool] = Batcher(self._settle_many, batch_max=DELIVERIES_MAX)

    async def settle(self, news: Sequence[News]) -> bool:
        """Return whether all news of a delivery are settled. Failed ones are unchanged."""
        return await self.batcher.submit(news)

    async def _settle_many(self, deliveries: Sequence[Sequence[News]]) -> list[bool]:
        together = [one for news in deliveries for one in news]
        outcomes = [one for one in together if isinstance(one, Outcome)]
        refunds = [one for one in together if isinstance(one, RefundAnswer)]
        disputes = [one for one in together if isinstance(one, DisputeNotice)]
        accounts = [one for one in together if isinstance(one, AccountReport)]
        if accounts:
            async with self._db.transaction() as conn:
                await account_acts.record_accounts(conn, accounts, self._clock.now())
        if disputes:
            async with self._db.transaction() as conn:
                await acts.record_disputes(conn, disputes, self._clock.now(), self._handlers)
        if refunds:
            async with self._db.transaction() as conn:
                await acts.record_refunds(conn, refunds, self._clock.now(), self._handlers)
        if len(deliveries) == 1:
            return [await settle_all(self._db, self._clock, self._handlers, outcomes)]
        async with self._db.transaction() as conn:
            await acts.settle(conn, outcomes, self._clock.now(), self._handlers)
        return [True for _ in deliveries]


async def settle_all(db: Database, clock: Clock, handlers: Handlers, outcomes: Sequence[Outcome]) -> bool:
    """Settle in one transaction; if that fails, payment by payment, so that one failure does not block the others.

    Return whether all are settled. Failed ones are unchanged, and reconciliation retries them.
    """
    try:
        async with db.transaction() as conn:
            await acts.settle(conn, outcomes, clock.now(), handlers)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 - it is logged for the payment that caused it
        ids = {outcome.payment_id for outcome in outcomes}
        if len(ids) == 1:
            log.exception("payment_not_settled", payment_id=str(ids.pop()))
            return False
        alone = [[outcome for outcome in outcomes if outcome.payment_id == payment_id] for payment_id in sorted(ids)]
        return all([await settle_all(db, clock, handlers, one) for one in alone])
    return True
