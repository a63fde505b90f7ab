"""One process's counter: what arrives together is held, paid and read together."""

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.identity.people.types import NewGuest
from virage.money.payments.api import Checkout
from virage.platform.data.batching import Batcher, Overloaded
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts import holding, paying
from virage.sale.ticketing.acts.holding import Conflict, Hold, HoldOutcome
from virage.sale.ticketing.acts.paying import Pay, Paying
from virage.sale.ticketing.reads.open_sales import OpenSales
from virage.sale.ticketing.reads.proposals import Proposal, proposal_of
from virage.sale.ticketing.reads.views import orders as read_orders
from virage.sale.ticketing.rules.terms import Basket, Best, Buyer, ClosedOrder, HoldRequest, OrderRow, Reason

BATCH_MAX = 256
TRIES_MAX = 60  # each lost race tells this process of places that are gone, so that few need more than two or three
EXPIRE_MAX = 500
SWEEP_EVERY_S = 2.0
_WORTH_A_SWEEP = frozenset({Reason.SOLD_OUT, Reason.NOT_TOGETHER, Reason.PLACE_TAKEN})


Seen = tuple[OrderRow, frozenset[UUID]]
"""An order, and its tickets that were given back."""


class Ask(Struct, frozen=True):
    """A hold that somebody asks for; `owner_id` is the fan, or a guest's session.

    A `newcomer` is a guest whose session begins with the hold, and only if there is one.
    """

    request: HoldRequest
    buyer: Buyer
    owner_id: UUID
    newcomer: NewGuest | None = None


class Answer(Struct, frozen=True):
    """What is said to who goes to pay: the provider's page, or that nothing is left to pay."""

    order: Basket
    payment_url: str | None


class BoxOffice:
    """The batchers of ticketing, and the picture of what is free that they look at."""

    def __init__(self, db: Database, clock: Clock, sales: OpenSales) -> None:
        self._db = db
        self._clock = clock
        self._swept_at = 0.0
        self.sales = sales
        self.holds: Batcher[Ask, HoldOutcome] = Batcher(self._hold_many, batch_max=BATCH_MAX)
        self.holds_again: Batcher[Ask, HoldOutcome] = Batcher(self._hold_many, batch_max=BATCH_MAX)
        self.pays: Batcher[Pay, Paying | Refused] = Batcher(self._pay_many, batch_max=BATCH_MAX)
        self.orders: Batcher[UUID, Seen | None] = Batcher(self._read_many, batch_max=BATCH_MAX)

    async def hold(self, ask: Ask) -> OrderRow | Refused:
        """Hold places; who loses a race for them tries again with what is free then.

        Raises `Overloaded` for who loses every time: there may be places yet.
        """
        outcome = await self.holds.submit(ask)
        if isinstance(outcome, Refused) and outcome.reason in _WORTH_A_SWEEP and await self._sweep():
            outcome = await self.holds_again.submit(ask)
        for _ in range(TRIES_MAX):
            if not isinstance(outcome, Conflict):
                return outcome
            outcome = await self.holds_again.submit(ask)
        if isinstance(outcome, Conflict):
            raise Overloaded
        return outcome

    async def propose(self, event_id: UUID, wanted: Best) -> Proposal | Refused:
        """Find the best seats for a party and hold nothing."""
        sale = await self.sales.get(event_id)
        if sale is None:
            return Refused(Reason.NOT_FOUND)
        outcome = proposal_of(sale, wanted, self._clock.now())
        if isinstance(outcome, Refused) and outcome.reason in _WORTH_A_SWEEP and await self._sweep():
            outcome = proposal_of(sale, wanted, self._clock.now())
        return outcome

    async def pay(self, pay: Pay, checkout: Checkout) -> Answer | Refused:
        """Begin a payment and open the provider's page; a payment that was begun already gets the same page."""
        outcome = await self.pays.submit(pay)
        if isinstance(outcome, Refused):
            return outcome
        if outcome.start is None:
            return Answer(outcome.order, None)
        opened = await checkout.open(outcome.start)
        if isinstance(opened, Refused):
            return opened
        return Answer(outcome.order, opened.payment_url)

    async def _hold_many(self, asks: Sequence[Ask]) -> list[HoldOutcome]:
        event_ids = {ask.request.event_id for ask in asks}
        sales = {event_id: await self.sales.get(event_id) for event_id in event_ids}
        holds = [
            Hold(ask.request, ask.buyer, ask.owner_id, sale)
            for ask in asks
            if (sale := sales[ask.request.event_id]) is not None
        ]
        try:
            async with self._db.transaction() as conn:
                now = self._clock.now()
                held = iter(await holding.hold(conn, holds, now))
                outcomes = [
                    Refused(Reason.NOT_FOUND) if sales[ask.request.event_id] is None else next(held) for ask in asks
                ]
                await _welcome(conn, asks, outcomes, now)
        except BaseException:
            for event_id in event_ids:
                self.sales.forget(event_id)
            raise
        return outcomes

    async def _pay_many(self, pays: Sequence[Pay]) -> list[Paying | Refused]:
        return await self._db.transact(paying.pay, pays, self._clock.now())

    async def _read_many(self, order_ids: Sequence[UUID]) -> list[Seen | None]:
        async with self._db.connection() as conn:
            found = await read_orders(conn, order_ids)
        return [found.get(order_id) for order_id in order_ids]

    async def _sweep(self) -> bool:
        """Free what is over, should the worker that does so be away; whether anything was."""
        if time.monotonic() - self._swept_at < SWEEP_EVERY_S:
            return False
        self._swept_at = time.monotonic()
        async with self._db.transaction() as conn:
            ended = await holding.expire(conn, self._clock.now(), EXPIRE_MAX)
        await self.note_freed(ended)
        return bool(ended)

    async def note_freed(self, closed: Sequence[ClosedOrder]) -> None:
        """Show places as free in this process at once; the others hear of it from the journal."""
        for order in closed:
            sale = await self.sales.get(order.event_id)
            if sale is not None:
                sale.hall.give_back(order.places)


async def _welcome(conn: Connection, asks: Sequence[Ask], outcomes: Sequence[HoldOutcome], now: datetime) -> None:
    """Open the sessions of the newcomers who hold something now."""
    newcomers = [
        ask.newcomer
        for ask, outcome in zip(asks, outcomes, strict=True)
        if ask.newcomer is not None and isinstance(outcome, OrderRow)
    ]
    if newcomers:
        await people.open_guests(conn, newcomers, now)
