"""Cards that the provider keeps: begun, told of, charged without their owner, forgotten. We never see a number."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.money.payments import store
from virage.money.payments.provider import PaymentProvider, Unreachable
from virage.money.payments.rules import (
    METHOD_PAGE_LIVES,
    Charge,
    Method,
    MethodState,
    NewMethod,
    Opened,
    Outcome,
    Reason,
    Reference,
    State,
    settle_method,
)
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Fact, append
from virage.platform.settings.logs import log
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused

PAGE = 500


async def keep(conn: Connection, wish: NewMethod, now: datetime) -> Method | Refused:
    """Store that a card shall be kept, before anybody calls the provider. The same id again is the one that stands."""
    if await store.insert_method(conn, wish, now):
        await append(conn, [Fact("method_begun", None, wish.method_id, {"subject": wish.subject})], now)
    method = (await store.methods(conn, [wish.method_id]))[wish.method_id]
    gone = method.state in (MethodState.FORGETTING, MethodState.FORGOTTEN)
    return method if method.subject == wish.subject and not gone else Refused(Reason.METHOD_ID_TAKEN)


async def open_page(db: Database, clock: Clock, provider: PaymentProvider, method: Method) -> str | Refused:
    """The provider's page that keeps a card, stored before it is answered.

    Refused with `provider_unavailable`: try again with the same id.
    """
    if method.page_url is not None:
        return method.page_url
    try:
        (opened,) = await provider.keep([NewMethod(method.id, method.subject, method.return_url)])
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), methods=1)
        return Refused(Reason.PROVIDER_UNAVAILABLE)
    if isinstance(opened, Opened):
        async with db.transaction() as conn:
            standing = (await store.lock_methods(conn, [method.id]))[method.id]
            if standing.state is MethodState.OPEN:
                await store.put_methods(conn, [replace(standing, page_url=opened.payment_url)], clock.now())
        return opened.payment_url
    return opened


async def settle(conn: Connection, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Apply what the provider says of cards that it keeps; what is no such card, or no news, changes nothing.

    Nothing is paid there, so their amount is zero: news of payments, which never is, asks the table nothing.
    """
    said = {outcome.payment_id: outcome for outcome in outcomes if outcome.amount_cents == 0}
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
    """Let the provider forget cards: nothing is charged to them from now on, and a job tells the provider."""
    known = await store.lock_methods(conn, sorted(method_ids))
    gone = (MethodState.FORGETTING, MethodState.FORGOTTEN)
    ending = [one for one in known.values() if one.state not in gone]
    if ending:
        kept = [replace(one, state=MethodState.FORGETTING, label=None, page_url=None) for one in ending]
        await store.put_methods(conn, kept, now)
        await append(conn, [Fact("method_ended", None, one.id, {"subject": one.subject}) for one in kept], now)


async def methods(conn: Connection, ids: Sequence[UUID]) -> dict[UUID, Method]:
    """Cards that are kept, or shall be, by id."""
    return await store.methods(conn, ids)


async def methods_of(conn: Connection, subject: UUID) -> list[Method]:
    """All cards of somebody that the provider keeps or shall keep."""
    return await store.methods_of(conn, subject)


async def charge(provider: PaymentProvider, charges: Sequence[Charge]) -> list[Outcome]:
    """Charge payments that are stored and committed to cards that are kept; outside of any transaction.

    Nothing where the provider does not answer: the same charges again, or reconciliation, learn what became of them.
    """
    try:
        return list(await provider.charge(charges)) if charges else []
    except Unreachable as failure:
        log.warning("payment_provider_unreachable", asked=str(failure), charges=len(charges))
        return []


class MethodJobs:
    """What cards that are kept need done; each run in one process at a time."""

    def __init__(self, clock: Clock, provider: PaymentProvider) -> None:
        self._clock = clock
        self._provider = provider

    async def reconcile(self, db: Database) -> None:
        """Ask about cards whose page has been open for a while, end pages that nobody will use, and forget cards."""
        now = self._clock.now()
        async with db.connection() as conn:
            waiting = await store.methods_in_state(conn, MethodState.OPEN, now, PAGE)
            ending = await store.methods_in_state(conn, MethodState.FORGETTING, now, PAGE)
        try:
            await self._settle(db, waiting, now)
            if ending:
                await self._provider.forget([one.id for one in ending])
        except Unreachable as failure:
            log.warning("payment_provider_unreachable", asked=str(failure), methods=len(waiting) + len(ending))
            return
        if ending:
            async with db.transaction() as conn:
                standing = await store.lock_methods(conn, sorted(one.id for one in ending))
                gone = [replace(one, state=MethodState.FORGOTTEN) for one in standing.values()]
                await store.put_methods(conn, gone, now)

    async def _settle(self, db: Database, waiting: Sequence[Method], now: datetime) -> None:
        old = [Reference(one.id, None) for one in waiting if one.begun_at + METHOD_PAGE_LIVES <= now]
        young = [Reference(one.id, None) for one in waiting if one.begun_at + METHOD_PAGE_LIVES > now]
        news = [*(await self._provider.cancel(old) if old else ())]
        news += await self._provider.fetch(young) if young else ()
        ended = [one for one in news if one.state is not State.PENDING]
        if ended:
            async with db.transaction() as conn:
                await settle(conn, ended, now)
