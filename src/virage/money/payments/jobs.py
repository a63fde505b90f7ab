"""Scheduled jobs of payments: reconciliation, refunds, evidence, audit."""

from datetime import timedelta
from uuid import UUID

from virage.money.payments import acts, reads, rules, store
from virage.money.payments.checkout import settle_all
from virage.money.payments.handlers import Handlers
from virage.money.payments.methods import SavedCardJobs
from virage.money.payments.provider import PaymentProvider, Unreachable
from virage.money.payments.rules import DueRefund, EvidenceAnswer, EvidenceState, OpenPayment, Outcome, RefundState
from virage.platform.data.database import Database
from virage.platform.data.queue import Jobs
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock

RECONCILE_EVERY_S = 5
REFUNDS_EVERY_S = 2
EVIDENCE_EVERY_S = 2
DEBITS_EVERY_S = 60
AUDIT_EVERY_S = 60
ASK_AFTER = timedelta(seconds=10)
WATERMARK_SLACK = timedelta(hours=1)
PAGE = 500

_FIRST = UUID(int=0)


class PaymentJobs:
    """Jobs of payments; each runs in one process at a time."""

    def __init__(self, db: Database, clock: Clock, provider: PaymentProvider, handlers: Handlers) -> None:
        self._db = db
        self._clock = clock
        self._provider = provider
        self._handlers = handlers
        self._methods = SavedCardJobs(clock, provider)

    def register(self, jobs: Jobs) -> None:
        """Register the jobs."""
        jobs.every_money(RECONCILE_EVERY_S, "payments.reconcile", self.reconcile)
        jobs.every_money(DEBITS_EVERY_S, "payments.debits", self.ask_about_debits)
        jobs.every_money(RECONCILE_EVERY_S, "payments.methods", self._methods.reconcile)
        jobs.every_money(REFUNDS_EVERY_S, "payments.refunds", self.send_refunds)
        jobs.every_money(EVIDENCE_EVERY_S, "payments.evidence", self.send_evidence)
        jobs.every(AUDIT_EVERY_S, "payments.audit", self.audit)

    async def reconcile(self, db: Database) -> None:
        """Look up payments that have been open for more than ten seconds, and settle their outcomes.

        Expired ones are cancelled at the provider first, so that nothing is paid that is no longer reserved.
        """
        now = self._clock.now()
        async with db.connection() as conn:
            since = await store.open_since(conn)
        oldest_open = now - WATERMARK_SLACK
        after = _FIRST
        while True:
            async with db.connection() as conn:
                page = await store.open_payments(conn, since, now - ASK_AFTER, after, PAGE)
            if page:
                oldest_open = min(oldest_open, page[0].created_at)
                if not await self._settle_page(db, page):
                    return
            if len(page) < PAGE:
                break
            since, after = page[-1].created_at, page[-1].id
        async with db.transaction() as conn:
            await store.move_watermark(conn, oldest_open)

    async def _settle_page(self, db: Database, page: list[OpenPayment]) -> bool:
        """Settle one page; return whether the provider answered."""
        look_up, cancel = rules.split_by_expiry(page, self._clock.now())
        news: list[Outcome] = []
        answered = False
        for ask, references in ((self._provider.cancel, cancel), (self._provider.fetch, look_up)):
            if not references:
                continue
            try:
                news += await ask(references)
            except Unreachable as failure:  # what cannot be cancelled keeps nothing from being looked up
                log.warning("payment_provider_unreachable", asked=str(failure), payments=len(references))
            else:
                answered = True
        if news:
            await settle_all(db, self._clock, self._handlers, news)
        return answered

    async def ask_about_debits(self, db: Database) -> None:
        """Look up debits under way whose last news is an hour old, and settle their outcomes."""
        while True:
            now = self._clock.now()
            async with db.connection() as conn:
                due = await store.due_debits(conn, now, PAGE)
            if not due:
                return
            try:
                news = await self._provider.fetch([debit.reference for debit in due])
            except Unreachable as failure:
                log.warning("payment_provider_unreachable", asked=str(failure), payments=len(due))
                return
            await settle_all(db, self._clock, self._handlers, news)
            async with db.transaction() as conn:  # also those that could not be settled, or are unknown there
                await store.postpone_debits(conn, [debit.id for debit in due], now)

    async def send_refunds(self, db: Database) -> None:
        """Send all due refunds; unconfirmed ones are retried later."""
        while True:
            async with db.connection() as conn:
                due = await store.due_refunds(conn, self._clock.now(), PAGE)
            if due and not await self._send(db, due):
                return
            if len(due) < PAGE:
                return

    async def _send(self, db: Database, due: list[DueRefund]) -> bool:
        """Send refunds; return whether the provider answered. Unanswered ones stay due."""
        try:
            answers = await self._provider.refund(due)
        except Unreachable as failure:
            log.warning("payment_provider_unreachable", asked=str(failure), refunds=len(due))
            return False
        postponed = sum(answer.state is RefundState.LATER for answer in answers)
        if postponed:
            log.warning("refunds_postponed", refunds=postponed)
        async with db.transaction() as conn:
            await acts.record_refunds(conn, answers, self._clock.now(), self._handlers)
        return True

    async def send_evidence(self, db: Database) -> None:
        """Send all due evidence, one after another; the provider knows whether it was sent, or is too late."""
        while True:
            async with db.connection() as conn:
                due = await store.due_evidence(conn, self._clock.now())
            if due is None:
                return
            try:
                answer = await self._provider.send_evidence(due)
            except Unreachable as failure:
                log.warning("payment_provider_unreachable", asked=str(failure), evidence=str(due.id))
                answer = EvidenceAnswer(EvidenceState.WAITING, "unreachable")
            if answer.state is EvidenceState.FAILED:
                log.error("dispute_evidence_failed", dispute=str(due.dispute_id), reason=answer.reason)
            async with db.transaction() as conn:
                await acts.record_evidence(conn, due, answer, self._clock.now())

    async def audit(self) -> None:
        """Log refunds and payments that are overdue."""
        async with self._db.connection() as conn:
            overdue = await reads.overdue(conn, self._clock.now())
        if overdue.refunds or overdue.payments:
            log.error("payments_overdue", refunds=overdue.refunds, payments=overdue.payments)
