"""Saved cards: stored by the provider, charged off-session, removed; and the cards of payments.

Virage never sees a card number.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.money.payments import store
from virage.money.payments.provider import PaymentProvider, Unreachable
from virage.money.payments.rules import (
    SAVED_CARD_PAGE_LIFETIME,
    Charge,
    HostedPage,
    NewSavedCard,
    Outcome,
    PaymentRefusal,
    PaymentState,
    Reference,
    SavedCard,
    SavedCardState,
    settle_method,
)
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Fact, append
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused

PAGE = 500


async def keep(conn: Connection, wish: NewSavedCard, now: datetime) -> SavedCard | Refused:
    """Store the intent to save a card before the provider is called. Idempotent by method id."""
    if await store.insert_method(conn, wish, now):
        await append(conn, [Fact("method_begun", None, wish.method_id, {"subject": wish.subject})], now)
    method = (await store.methods(conn, [wish.method_id]))[wish.method_id]
    gone = method.state in (SavedCardState.FORGETTING, SavedCardState.FORGOTTEN)
    return method if method.subject == wish.subject and not gone else Refused(PaymentRefusal.METHOD_ID_TAKEN)


async def open_page(db: Database, clock: Clock, provider: PaymentProvider, method: SavedCard) -> str | Refused:
    """Return the hosted page that saves a card; it is stored before it is returned.

    On `provider_unavailable`, retry with the same id.
    """
    if method.page_url is not None:
        return method.page_url
    try:
        (opened,) = await provider.keep([NewSavedCard(method.id, method.subject, method.return_url)])
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), methods=1)
        return Refused(PaymentRefusal.PROVIDER_UNAVAILABLE)
    if isinstance(opened, HostedPage):
        async with db.transaction() as conn:
            standing = (await store.lock_methods(conn, [method.id]))[method.id]
            if standing.state is SavedCardState.OPEN:
                shown = replace(standing, page_url=opened.payment_url, provider_ref=opened.provider_ref)
                await store.put_methods(conn, [shown], clock.now())
        return opened.payment_url
    return opened


async def settle(conn: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Apply provider outcomes for saved cards; other outcomes change nothing.

    Their amount is zero, which payments never have, so outcomes of payments need no query. Cards are saved on the
    operator's account only.
    """
    said = {
        outcome.payment_id: outcome for outcome in outcomes if outcome.amount_cents == 0 and outcome.account is None
    }
    if not said:
        return
    known = await store.lock_methods(conn, sorted(said))
    steps = [step for id_, method in known.items() if (step := settle_method(method, said[id_])) is not None]
    if steps:
        await store.put_methods(conn, steps, now)
        await append(
            conn, [Fact(f"method_{step.state}", None, step.id, {"subject": step.subject}) for step in steps], now
        )


async def forget(conn: Connection, method_ids: Sequence[UUID], now: datetime) -> None:
    """Remove saved cards: they can no longer be charged, and a job removes them at the provider."""
    known = await store.lock_methods(conn, sorted(method_ids))
    gone = (SavedCardState.FORGETTING, SavedCardState.FORGOTTEN)
    ending = [card for card in known.values() if card.state not in gone]
    if ending:
        kept = [replace(card, state=SavedCardState.FORGETTING, label=None, page_url=None) for card in ending]
        await store.put_methods(conn, kept, now)
        await append(conn, [Fact("method_ended", None, card.id, {"subject": card.subject}) for card in kept], now)


async def methods(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, SavedCard]:
    """Return saved and pending cards by id."""
    return await store.methods(conn, ids)


async def methods_of(conn: Connection, subject: UUID) -> list[SavedCard]:
    """Return the saved and pending cards of a subject."""
    return await store.methods_of(conn, subject)


async def charge(db: Database, provider: PaymentProvider, charges: Sequence[Charge]) -> list[Outcome]:
    """Charge committed payments to saved cards, outside of any transaction.

    Return no outcomes if the provider does not answer: repeated charges or reconciliation find them.
    """
    if not charges:
        return []
    async with db.connection() as conn:
        cards = await store.methods(conn, sorted({one.method_id for one in charges}))
        payments = await store.payments(conn, [one.payment_id for one in charges])
    complete = [
        replace(one, provider_ref=cards[one.method_id].provider_ref, begun_at=payments[one.payment_id].created_at)
        for one in charges
    ]
    try:
        return list(await provider.charge(complete))
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), charges=len(charges))
        return []


async def card_of(db: Database, provider: PaymentProvider, payment_id: UUID) -> str | None:
    """Return the provider's id of the card that paid, outside of any transaction; it is not stored with the payment.

    None for other methods of payment, and if the provider has no such id or does not answer.
    """
    async with db.connection() as conn:
        payment = (await store.payments(conn, [payment_id])).get(payment_id)
    if payment is None or payment.captured_cents is None:
        return None
    try:
        found = await provider.fetch([Reference(payment.id, payment.provider_ref, payment.account)])
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), payments=1)
        return None
    return next((outcome.card_ref for outcome in found), None)


class SavedCardJobs:
    """Job of saved cards; runs in one process at a time."""

    def __init__(self, clock: Clock, provider: PaymentProvider) -> None:
        self._clock = clock
        self._provider = provider

    async def reconcile(self, db: Database) -> None:
        """Look up open pages, cancel expired ones, and remove cards at the provider."""
        now = self._clock.now()
        async with db.connection() as conn:
            waiting = await store.methods_in_state(conn, SavedCardState.OPEN, now, PAGE)
            ending = await store.methods_in_state(conn, SavedCardState.FORGETTING, now, PAGE)
        try:
            await self._settle(db, waiting, now)
            if ending:
                await self._provider.forget([_reference(card) for card in ending])
        except Unreachable as failure:
            log.warning("payment_provider_unreachable", asked=str(failure), methods=len(waiting) + len(ending))
            return
        if ending:
            async with db.transaction() as conn:
                standing = await store.lock_methods(conn, sorted(card.id for card in ending))
                gone = [replace(card, state=SavedCardState.FORGOTTEN) for card in standing.values()]
                await store.put_methods(conn, gone, now)

    async def _settle(self, db: Database, waiting: Sequence[SavedCard], now: datetime) -> None:
        old = [_reference(card) for card in waiting if card.begun_at + SAVED_CARD_PAGE_LIFETIME <= now]
        young = [_reference(card) for card in waiting if card.begun_at + SAVED_CARD_PAGE_LIFETIME > now]
        news = [*(await self._provider.cancel(old) if old else ())]
        news += await self._provider.fetch(young) if young else ()
        ended = [outcome for outcome in news if outcome.state is not PaymentState.PENDING]
        if ended:
            async with db.transaction() as conn:
                await settle(conn, ended, now)


def _reference(card: SavedCard) -> Reference:
    return Reference(card.id, card.provider_ref)
