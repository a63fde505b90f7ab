"""Batching of packages within a process: concurrent requests are held, paid and read together."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.platform.data.batching import Batcher, Overloaded
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.sale.packages.acts.instalments import pay_divided, pay_undivided
from virage.sale.packages.acts.subscribing import SubscriptionRequest, SubscriptionWish, subscribe
from virage.sale.packages.reads.packages import SubscriptionView, package_of, subscription_views
from virage.sale.packages.rules.packages import sold_events
from virage.sale.packages.rules.terms import PackageRefusal, SubscriptionRow
from virage.sale.packages.store import packages as store
from virage.sale.ticketing.api import OpenSales, PayBundle, Paying
from virage.sale.ticketing.types import OpenSale
from virage.site.programme.types import Event

TRIES_MAX: Final = 20
BATCH_MAX: Final = 64
"""A batch locks the events of its package, which buyers of single tickets wait for."""


class PackageHold(Struct, frozen=True):
    """The request of a person to hold a package."""

    package_id: UUID
    request: SubscriptionRequest
    person_id: UUID


class FoundSubscription(Struct, frozen=True):
    """A subscription with its person, None after their erasure."""

    person_id: UUID | None
    view: SubscriptionView


class PackageService:
    """Batchers for holds, payments and reads of packages."""

    def __init__(self, db: Database, clock: Clock, sales: OpenSales) -> None:
        self._db = db
        self._clock = clock
        self._sales = sales
        self.holds: Batcher[PackageHold, SubscriptionRow | Refused] = Batcher(self._hold_many, batch_max=BATCH_MAX)
        self.pays: Batcher[PayBundle, Paying | Refused] = Batcher(self._pay_many, batch_max=BATCH_MAX)
        self.reads: Batcher[UUID, FoundSubscription | None] = Batcher(self._read_many)

    async def hold(self, wanted: PackageHold) -> SubscriptionRow | Refused:
        """Hold a package; after a clash with another buyer, try again with the places that are still free.

        Raises:
            Overloaded: after `TRIES_MAX` clashes, as there may still be places.
        """
        for _ in range(TRIES_MAX):
            held = await self.holds.submit(wanted)
            if not isinstance(held, Refused) or "clash" not in held.data:
                return held
        raise Overloaded

    async def _hold_many(self, wanted: Sequence[PackageHold]) -> list[SubscriptionRow | Refused]:
        alike: dict[tuple[UUID, tuple[UUID, ...]], list[int]] = {}
        for at, one in enumerate(wanted):
            alike.setdefault((one.package_id, tuple(one.request.event_ids or ())), []).append(at)
        outcomes: dict[int, SubscriptionRow | Refused] = {}
        for positions in alike.values():
            held = await self._hold_alike([wanted[at] for at in positions])
            if isinstance(held, Refused):  # one of them cannot be held: each is held alone
                for at in positions:
                    alone = held if len(positions) == 1 else await self._hold_alike([wanted[at]])
                    outcomes[at] = alone if isinstance(alone, Refused) else alone[0]
            else:
                outcomes.update(zip(positions, held, strict=True))
        return [outcomes[at] for at in range(len(wanted))]

    async def _hold_alike(self, wanted: Sequence[PackageHold]) -> list[SubscriptionRow | Refused] | Refused:
        """Hold one package, with the same events, for several people or for none; return an outcome for each."""
        now = self._clock.now()
        async with self._db.connection() as conn:
            found = await package_of(conn, wanted[0].package_id, now)
        if found is None:
            return Refused("not_found")
        events = sold_events(*found, wanted[0].request.event_ids, now)
        sales = events if isinstance(events, Refused) else await sales_of(self._sales, events)
        if isinstance(sales, Refused):
            return sales
        wishes = [SubscriptionWish(one.request, one.person_id) for one in wanted]
        try:
            held = await self._db.transact(subscribe, found[0], wishes, sales, now)
        except BaseException:
            for sale in sales:
                self._sales.forget(sale.event.event_id)
            raise
        for event_id in held.data.get("clash", ()) if isinstance(held, Refused) else ():
            self._sales.forget(event_id)
        return held

    async def _pay_many(self, pays: Sequence[PayBundle]) -> list[Paying | Refused]:
        now = self._clock.now()
        answers = await self._db.transact(pay_undivided, pays, now)
        return [
            await self._db.transact(pay_divided, pay, now) if answer is None else answer
            for pay, answer in zip(pays, answers, strict=True)
        ]

    async def _read_many(self, ids: Sequence[UUID]) -> list[FoundSubscription | None]:
        async with self._db.connection() as conn:
            rows = await store.subscriptions(conn, ids)
            views = await subscription_views(conn, list(rows.values()), self._clock.now())
        found = {view.id: FoundSubscription(rows[view.id].person_id, view) for view in views}
        return [found.get(id_) for id_ in ids]


async def sales_of(open_sales: OpenSales, events: Sequence[Event]) -> list[OpenSale] | Refused:
    """Return the sales of events; an event without prices closes its package."""
    sales = [sale for event in events if (sale := await open_sales.get(event.id)) is not None and sale.prices]
    return sales if len(sales) == len(events) else Refused(PackageRefusal.CLOSED, {"because": "no_prices"})
