"""Batching of orders within a process: concurrent requests are held, paid and read together."""

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.identity.people import api as people
from virage.identity.people.types import NewGuest
from virage.money.payments.api import Checkout
from virage.money.payments.types import PaymentIntent, PaymentRefusal
from virage.platform.data.batching import Batcher, Overloaded
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts import holding, paying
from virage.sale.ticketing.acts.holding import Conflict, Hold, HoldOutcome, MembersWindows
from virage.sale.ticketing.acts.paying import Pay, Paying
from virage.sale.ticketing.reads.open_sales import OpenSales
from virage.sale.ticketing.reads.proposals import Proposal, proposal_of
from virage.sale.ticketing.reads.views import Labels, former_labels, venues_of
from virage.sale.ticketing.reads.views import orders as read_orders
from virage.sale.ticketing.rules.terms import (
    Basket,
    BestSeats,
    Buyer,
    ChosenSeats,
    ClosedOrder,
    HoldRequest,
    OrderRow,
    Reason,
)
from virage.site.venue.types import Venue

BATCH_MAX = 256
TRIES_MAX = 60  # each conflict marks places as taken, so that few requests need more than two or three tries
EXPIRE_MAX = 500
SWEEP_EVERY_S = 2.0
_WORTH_A_SWEEP = frozenset({Reason.SOLD_OUT, Reason.NOT_TOGETHER, Reason.PLACE_TAKEN})


class FoundOrder(Struct, frozen=True):
    """An order, the version of its event's venue, its refunded tickets, and the labels of places that are gone."""

    row: OrderRow
    venue: Venue
    refunded: frozenset[UUID]
    former: Labels


class HoldCommand(Struct, frozen=True):
    """A request to hold places; `owner_id` is the fan's id or the id of a guest's session.

    `newcomer` is a guest without a session, who gets one if the hold succeeds.
    """

    request: HoldRequest
    buyer: Buyer
    owner_id: UUID
    newcomer: NewGuest | None = None


class PaymentPage(Struct, frozen=True):
    """The provider's payment page; None if nothing is left to pay."""

    order: Basket
    payment_url: str | None


class OrderService:
    """Batchers for holds, payments and reads of orders, with the sales in memory that they use."""

    def __init__(
        self, db: Database, clock: Clock, sales: OpenSales, members_windows: MembersWindows | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._members_windows = members_windows
        self._swept_at = 0.0
        self.sales = sales
        self.holds: Batcher[HoldCommand, HoldOutcome] = Batcher(self._hold_many, batch_max=BATCH_MAX)
        self.holds_again: Batcher[HoldCommand, HoldOutcome] = Batcher(self._hold_many, batch_max=BATCH_MAX)
        self.pays: Batcher[Pay, Paying | Refused] = Batcher(self._pay_many, batch_max=BATCH_MAX)
        self.waits: Batcher[PaymentIntent, None] = Batcher(self._keep_waiting, batch_max=BATCH_MAX)
        self.orders: Batcher[UUID, FoundOrder | None] = Batcher(self._read_many, batch_max=BATCH_MAX)

    async def hold(self, command: HoldCommand) -> OrderRow | Refused:
        """Hold places; after a conflict, try again with the places that are still free.

        Raises:
            Overloaded: after `TRIES_MAX` conflicts, as there may still be places.
        """
        outcome = await self.holds.submit(command)
        if isinstance(outcome, Refused) and outcome.reason in _WORTH_A_SWEEP and await self._sweep():
            outcome = await self.holds_again.submit(command)
        for _ in range(TRIES_MAX):
            if not isinstance(outcome, Conflict):
                return outcome
            seats = command.request.seats
            if outcome.moved and isinstance(seats, ChosenSeats):  # their numbers are of the former version
                return Refused(Reason.PLACE_TAKEN, {"places": [seat.place for seat in seats.places]})
            outcome = await self.holds_again.submit(command)
        if isinstance(outcome, Conflict):
            raise Overloaded
        return outcome

    async def venue_of(self, event_id: UUID) -> Venue:
        """Return the version of an event's venue."""
        return (await self._venues_of({event_id}))[event_id]

    async def propose(self, event_id: UUID, wanted: BestSeats, fan_id: UUID | None) -> Proposal | Refused:
        """Propose the best seats for a party without holding them; `fan_id` is the buyer, None for a guest."""
        sale = await self.sales.get(event_id)
        if sale is None:
            return Refused(Reason.NOT_FOUND)
        now, early = self._clock.now(), None
        if now < sale.event.opens_at and self._members_windows is not None:
            async with self._db.connection() as conn:
                fan_ids = [] if fan_id is None else [fan_id]
                early = (await self._members_windows(conn, [event_id], fan_ids, now)).get(event_id)
        outcome = proposal_of(sale, wanted, now, early, fan_id)
        if isinstance(outcome, Refused) and outcome.reason in _WORTH_A_SWEEP and await self._sweep():
            outcome = proposal_of(sale, wanted, now, early, fan_id)
        return outcome

    async def pay(self, pay: Pay, checkout: Checkout) -> PaymentPage | Refused:
        """Start a payment and open the provider's page; a payment that was already started gets the same page.

        `provider_busy`: the seats stay, and the same request is repeated after `retry_after_s`.
        """
        outcome = await self.pays.submit(pay)
        if isinstance(outcome, Refused):
            return outcome
        if outcome.start is None:
            return PaymentPage(outcome.order, None)
        opened = await checkout.open(outcome.start)
        if isinstance(opened, Refused):
            if opened.reason is PaymentRefusal.PROVIDER_BUSY:
                await self.waits.submit(outcome.start)
            return opened
        return PaymentPage(outcome.order, opened.payment_url)

    async def _hold_many(self, commands: Sequence[HoldCommand]) -> list[HoldOutcome]:
        event_ids = {command.request.event_id for command in commands}
        sales = {event_id: await self.sales.get(event_id) for event_id in event_ids}
        holds = [
            Hold(command.request, command.buyer, command.owner_id, sale)
            for command in commands
            if (sale := sales[command.request.event_id]) is not None
        ]
        try:
            async with self._db.transaction() as conn:
                now = self._clock.now()
                held = iter(await holding.hold(conn, holds, now, self._members_windows))
                outcomes = [
                    Refused(Reason.NOT_FOUND) if sales[command.request.event_id] is None else next(held)
                    for command in commands
                ]
                await _welcome(conn, commands, outcomes, now)
        except BaseException:
            for event_id in event_ids:
                self.sales.forget(event_id)
            raise
        for command, outcome in zip(commands, outcomes, strict=True):
            if isinstance(outcome, Conflict) and outcome.moved:
                self.sales.forget(command.request.event_id)
        return outcomes

    async def _pay_many(self, pays: Sequence[Pay]) -> list[Paying | Refused]:
        return await self._db.transact(paying.pay, pays, self._clock.now())

    async def _keep_waiting(self, starts: Sequence[PaymentIntent]) -> list[None]:
        async with self._db.transaction() as conn:
            await paying.keep_waiting(conn, starts, self._clock.now())
        return [None for _ in starts]

    async def _read_many(self, order_ids: Sequence[UUID]) -> list[FoundOrder | None]:
        async with self._db.connection() as conn:
            found = await read_orders(conn, order_ids)
            former = await former_labels(conn, (row for row, _ in found.values()))
        venues = await self._venues_of({row.event_id for row, _ in found.values()})
        orders = {
            id_: FoundOrder(row, venues[row.event_id], refunded, former) for id_, (row, refunded) in found.items()
        }
        return [orders.get(order_id) for order_id in order_ids]

    async def _venues_of(self, event_ids: set[UUID]) -> dict[UUID, Venue]:
        """Return the version of each event's venue, with a query only for events that are not in memory."""
        venues = {id_: sale.venue for id_ in event_ids if (sale := self.sales.in_memory(id_)) is not None}
        rest = event_ids - venues.keys()
        if rest:
            async with self._db.connection() as conn:
                venues |= await venues_of(conn, rest)
        return venues

    async def _sweep(self) -> bool:
        """Expire holds in case the worker is down; return whether any expired."""
        if time.monotonic() - self._swept_at < SWEEP_EVERY_S:
            return False
        self._swept_at = time.monotonic()
        async with self._db.transaction() as conn:
            ended = await holding.expire(conn, self._clock.now(), EXPIRE_MAX)
        await self.note_freed(ended)
        return bool(ended)

    async def note_freed(self, closed: Sequence[ClosedOrder]) -> None:
        """Mark places as free in this process at once; other processes follow the journal."""
        for order in closed:
            sale = await self.sales.get(order.event_id)
            if sale is not None:
                sale.inventory.release(order.places)


async def _welcome(
    conn: Connection, commands: Sequence[HoldCommand], outcomes: Sequence[HoldOutcome], now: datetime
) -> None:
    """Open sessions for the newcomers whose holds succeeded."""
    newcomers = [
        command.newcomer
        for command, outcome in zip(commands, outcomes, strict=True)
        if command.newcomer is not None and isinstance(outcome, OrderRow)
    ]
    if newcomers:
        await people.open_guest_sessions(conn, newcomers, now)
