"""Hold, release, pay, capture, decline, expire, refund, many at once and in any order, on a real
database.

Hypothesis draws handfuls of acts and runs each handful concurrently, through the order services of
two processes. In whatever order they end, the same invariants must hold afterwards.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import AREA, BLUE, a_match, a_pricing, block_seats
from tests.sale.ticketing.venues import arranged, seats_of
from tests.venues import install
from virage.demo.venues.drawing import stadium
from virage.money.payments.checkout import settle_all
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import HostedPage, Outcome, PaymentIntent, PaymentState
from virage.platform.data.database import Connection, Database
from virage.platform.data.journal import Tail
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts import holding, paying, refunding
from virage.sale.ticketing.acts.moving import EventMoveResult, move_event, preview_move
from virage.sale.ticketing.acts.paying import Pay
from virage.sale.ticketing.acts.pricing import set_pricing
from virage.sale.ticketing.acts.refunding import RefundCommand
from virage.sale.ticketing.reads.open_sales import OpenSales
from virage.sale.ticketing.routes.order_service import HoldCommand, OrderService
from virage.sale.ticketing.rules.moving import new_places
from virage.sale.ticketing.rules.pricing import AreaPricing
from virage.sale.ticketing.rules.reseating import BestEqual, GiveBack
from virage.sale.ticketing.rules.terms import (
    Buyer,
    ChosenSeat,
    ChosenSeats,
    HoldRequest,
    OrderRow,
    Party,
    Seats,
    StandingPlaces,
    Tariff,
)
from virage.site.programme import acts as programme
from virage.site.programme import reads as programme_reads
from virage.site.programme.rules import Organiser

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)
SEATS, STANDING, FANS, LIMIT = 6, 5, 4, 9
OLD = stadium()
REVERSED = seats_of(OLD, *(block.code for block in reversed(OLD.blocks)))
VERSIONS = OLD, arranged(OLD, REVERSED[~np.isin(REVERSED, block_seats("103")[1:3])], version="next")
HANDLERS = Handlers({paying.PURPOSE: paying.OrderMoney(25_000)})

SEAT_SETS = st.sets(st.integers(0, SEATS - 1), min_size=1, max_size=3).map(tuple)
WISHES = st.one_of(SEAT_SETS, st.integers(1, 3))
ACTS = st.one_of(
    st.tuples(st.just("hold"), st.integers(0, FANS - 1), WISHES),
    st.tuples(st.just("begin"), st.integers(0, FANS - 1), WISHES),
    st.tuples(st.just("buy"), st.integers(0, FANS - 1), WISHES),
    st.tuples(st.just("join"), st.integers(0, 99), WISHES),
    st.tuples(st.just("again"), st.integers(0, 99), st.just(0)),
    st.tuples(st.just("pay"), st.integers(0, 99), st.booleans()),
    st.tuples(st.just("capture"), st.integers(0, 99), st.just(0)),
    st.tuples(st.just("decline"), st.integers(0, 99), st.just(0)),
    st.tuples(st.just("several"), st.integers(0, 99), st.just(0)),
    st.tuples(st.just("release"), st.integers(0, 99), st.just(0)),
    st.tuples(st.just("expire"), st.just(0), st.just(0)),
    st.tuples(st.just("refund"), st.integers(0, 99), st.booleans()),
)
# Notifications of the provider about one payment, or about several at once.
NEWS = {
    "capture": [PaymentState.CAPTURED],
    "decline": [PaymentState.DECLINED],
    "several": [PaymentState.DECLINED, PaymentState.CAPTURED, PaymentState.DECLINED, PaymentState.CAPTURED],
}


class Till:
    """A provider whose page opens at once."""

    async def open(self, start: PaymentIntent) -> HostedPage:
        return HostedPage(start.payment_id, f"https://pay.example/{start.payment_id}")


class OrderServiceMachine(RuleBasedStateMachine):
    """One event with few places, four fans, two processes."""

    runner: asyncio.Runner
    url: str

    @initialize()
    def open_event(self) -> None:
        self.fans = [Buyer(new_id(), new_id()) for _ in range(FANS)]
        self.asks: list[HoldCommand] = []
        self.orders: list[OrderRow] = []
        self.starts: dict[UUID, PaymentIntent] = {}
        self.captured: set[UUID] = set()
        self.runner.run(self._open())

    async def _open(self) -> None:
        self.clock = FakeClock(NOW)
        self.db = await Database.open(self.url, connections_max=8)
        self.tails = [Tail(self.db) for _ in range(2)]
        self.offices = [OrderService(self.db, self.clock, OpenSales(self.db, tail, self.clock)) for tail in self.tails]
        organiser = Organiser(new_id(), "The club")
        event = a_match(organiser.id)
        async with self.db.transaction() as conn:
            await programme.add_organiser(conn, organiser, None, NOW)
            await programme.create(conn, event, None, NOW)
            await set_pricing(conn, event.id, a_pricing(areas=[AreaPricing(AREA, BLUE, STANDING)]), None, NOW)
            await programme.publish(conn, event.id, None, NOW)
        self.event_id = event.id
        first_acts: list[tuple[str, int, Any]] = [
            ("hold", 0, (0,)),
            ("begin", 1, (1, 2)),
            ("begin", 2, 2),
            ("buy", 3, 1),
        ]
        await self._at_once(first_acts)

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.runner.run(self._close())

    async def _close(self) -> None:
        for office, tail in zip(self.offices, self.tails, strict=True):
            office.sales.close()
            await tail.close()
        await self.db.close()

    @rule(acts=st.lists(ACTS, min_size=3, max_size=8))
    def at_once(self, acts: list[tuple[str, int, Any]]) -> None:
        """A handful of acts, all at the same time."""
        self.runner.run(self._at_once(acts))

    @rule(minutes=st.sampled_from([1, 6, 11]))
    def wait(self, minutes: int) -> None:
        """Time passes; a hold expires only when it is next read."""
        self.clock.advance(timedelta(minutes=minutes))

    @rule(which=st.integers(0, 99), rival=st.integers(0, FANS - 1), acts=st.lists(ACTS, max_size=3))
    def late_money(self, which: int, rival: int, acts: list[tuple[str, int, Any]]) -> None:
        """A hold expires; its payment comes while another buyer requests the same places."""
        if self.starts:
            self.runner.run(self._late_money(which, rival, acts))

    async def _late_money(self, which: int, rival: int, acts: list[tuple[str, int, Any]]) -> None:
        self.clock.advance(timedelta(minutes=11))
        await self._expire()
        for office in self.offices:
            office.sales.forget(self.event_id)
        start = list(self.starts.values())[which % len(self.starts)]
        places = next(order.places for order in self.orders if order.id == start.subject)
        rivals = self._hold(self.offices[0], self._ask(self.fans[rival], self._wish_for(places)))
        await asyncio.gather(rivals, self._settle({start: PaymentState.CAPTURED}), self._at_once(acts))

    def _wish_for(self, places: list[int]) -> Any:
        """A wish for the same seats, or for as many standing places."""
        first = block_seats("103")[0]
        return tuple(p - first for p in places) if places[0] < first + SEATS else len(places)

    async def _at_once(self, acts: list[tuple[str, int, Any]]) -> None:
        running = [self._act(number, *act) for number, act in enumerate(acts)]
        await asyncio.gather(*(act for act in running if act is not None))

    def _act(self, number: int, what: str, which: int, how: Any) -> Coroutine[Any, Any, None] | None:
        office = self.offices[number % 2]
        if what in ("hold", "begin", "buy"):
            return self._go_on(office, self._ask(self.fans[which], how), what)
        if what == "again" and self.asks:
            return self._go_on(office, self.asks[which % len(self.asks)], "hold")
        if what == "expire":
            return self._expire()
        if what in NEWS and self.starts:
            starts = list(self.starts.values())[which % len(self.starts) :]
            return self._settle(dict(zip(starts, NEWS[what], strict=False)))
        if what in ("join", "pay", "release", "refund") and self.orders:
            return self._with(office, self.orders[which % len(self.orders)], what, how)
        return None

    def _with(self, office: OrderService, order: OrderRow, what: str, how: Any) -> Coroutine[Any, Any, None]:
        """An act on an existing order."""
        buyer = next(fan for fan in self.fans if fan.owner_id == order.owner_id)
        verbs = {
            "join": lambda: self._go_on(office, self._ask(buyer, how, order.id), "hold"),
            "pay": lambda: self._pay(office, order),
            "release": lambda: self._release(order),
            "refund": lambda: self._refund(order, how),
        }
        return verbs[what]()

    def _ask(self, buyer: Buyer, wish: Any, joins: UUID | None = None) -> HoldCommand:
        seats: Seats = StandingPlaces(AREA, Party(full=wish)) if isinstance(wish, int) else self._chosen(wish)
        assert buyer.owner_id is not None
        ask = HoldCommand(HoldRequest(new_id(), self.event_id, seats, joins), buyer, buyer.owner_id)
        self.asks.append(ask)
        return ask

    def _chosen(self, offsets: tuple[int, ...]) -> ChosenSeats:
        first = block_seats("103")[0]
        return ChosenSeats(tuple(ChosenSeat(first + offset, Tariff.FULL) for offset in offsets))

    async def _go_on(self, office: OrderService, ask: HoldCommand, how_far: str) -> None:
        """Hold, start the payment, then pay, as far as possible."""
        order = await self._hold(office, ask)
        if order is None or how_far == "hold":
            return
        await self._pay(office, order)
        start = next((start for start in self.starts.values() if start.subject == order.id), None)
        if start is not None and how_far == "buy":
            await self._settle({start: PaymentState.CAPTURED})

    async def _hold(self, office: OrderService, ask: HoldCommand) -> OrderRow | None:
        outcome = await office.hold(ask)
        if isinstance(outcome, OrderRow) and outcome.id not in {order.id for order in self.orders}:
            self.orders.append(outcome)
        return outcome if isinstance(outcome, OrderRow) else None

    async def _pay(self, office: OrderService, order: OrderRow) -> None:
        buyer = next(fan for fan in self.fans if fan.owner_id == order.owner_id)
        assert buyer.fan_id is not None
        pay = Pay(order.id, new_id(), buyer, buyer.fan_id, "https://club.example/")
        outcome = await office.pay(pay, Till())  # type: ignore[arg-type]  # the only part that paying uses
        if not isinstance(outcome, Refused):
            payment_id, amount = outcome.order.payment_id, order.total_cents
            assert payment_id is not None
            self.starts[payment_id] = PaymentIntent(payment_id, paying.PURPOSE, order.id, amount, "", self.clock.now())

    async def _settle(self, states: dict[PaymentIntent, PaymentState]) -> None:
        """Notifications of several payments in one transaction."""
        outcomes = [
            Outcome(start.payment_id, state, start.amount_cents if state is PaymentState.CAPTURED else 0)
            for start, state in states.items()
        ]
        assert await settle_all(self.db, self.clock, HANDLERS, outcomes)
        self.captured |= {start.payment_id for start, state in states.items() if state is PaymentState.CAPTURED}

    async def _release(self, order: OrderRow) -> None:
        async with self.db.transaction() as conn:
            await holding.close(conn, [order.id], "released", self.clock.now())

    async def _expire(self) -> None:
        async with self.db.transaction() as conn:
            await holding.expire(conn, self.clock.now(), 100)

    async def _refund(self, order: OrderRow, whole: bool) -> None:
        wish = RefundCommand(order.id, new_id(), None if whole else (order.ticket_ids[0],))
        async with self.db.transaction() as conn:
            await refunding.refund(conn, wish, self.clock.now())

    @invariant()
    def the_books_are_right(self) -> None:
        if hasattr(self, "db"):
            self.runner.run(self._check())

    async def _check(self) -> None:
        async with self.db.connection() as conn:
            orders = {
                row["id"]: row
                for row in await conn.fetch("select * from ticketing.orders where event_id = $1", self.event_id)
            }
            claims = await conn.fetch("select place, order_id from ticketing.claim where event_id = $1", self.event_id)
            tickets = await conn.fetch("select * from ticketing.ticket where event_id = $1", self.event_id)
            refunds = await conn.fetch("select payment_id, sum(amount_cents) as cents from payments.refund group by 1")
        live = [ticket for ticket in tickets if ticket["refund_id"] is None]
        held = {row["place"]: row["order_id"] for row in claims}
        wanted = {
            (place, order_id)
            for order_id, order in orders.items()
            if order["state"] in ("held", "paying")
            for place in order["places"]
        }
        assert set(held.items()) == wanted | {(ticket["place"], ticket["order_id"]) for ticket in live}
        assert len({ticket["place"] for ticket in live}) == len(live)
        for order_id, order in orders.items():
            theirs = [ticket for ticket in live if ticket["order_id"] == order_id]
            assert bool(theirs) == (order["state"] == "paid")
        back = {row["payment_id"]: row["cents"] for row in refunds}
        for payment_id in self.captured:
            order = orders[self.starts[payment_id].subject]
            bought = order["state"] in ("paid", "refunded") and order["payment_id"] == payment_id
            given_back = back.get(payment_id, 0)
            assert given_back == (order["refunded_cents"] if bought else order["total_cents"])
        for order_id, order in orders.items():
            lost = [id_ for id_ in self.captured if self.starts[id_].subject == order_id and id_ != order["payment_id"]]
            if order["state"] not in ("paid", "refunded"):
                lost = [id_ for id_ in self.captured if self.starts[id_].subject == order_id]
            assert order["returned_cents"] == len(lost) * order["total_cents"]
        for fan in self.fans:
            assert (
                sum(len(o["places"]) for o in orders.values() if o["owner_id"] == fan.fan_id and o["state"] == "paid")
                <= LIMIT
            )


class MovingMachine(OrderServiceMachine):
    """The same event, which moves between two versions of its venue; one has other numbers and lacks two seats."""

    venue = VERSIONS[0]

    def _wish_for(self, places: list[int]) -> Any:
        return len(places)

    def _chosen(self, offsets: tuple[int, ...]) -> ChosenSeats:
        numbers = new_places(VERSIONS[0], self.venue)
        places = (int(numbers[block_seats("103")[0] + offset]) for offset in offsets)
        return ChosenSeats(tuple(ChosenSeat(place, Tariff.FULL) for place in places), self.venue.version)

    @rule(acts=st.lists(ACTS, min_size=2, max_size=8), refunds=st.booleans())
    def move(self, acts: list[tuple[str, int, Any]], refunds: bool) -> None:
        """The event moves while buyers act."""
        self.runner.run(self._move_meanwhile(acts, refunds))

    async def _move_meanwhile(self, acts: list[tuple[str, int, Any]], refunds: bool) -> None:
        moved, _ = await asyncio.gather(self.db.transact(self._move, refunds), self._at_once(acts))
        if not isinstance(moved, Refused):
            self.venue = next(venue for venue in VERSIONS if venue.version == moved.venue_version)

    async def _move(self, conn: Connection, refunds: bool) -> EventMoveResult | Refused:
        await conn.execute("select from programme.event where id = $1 for no key update", self.event_id)
        event = (await programme_reads.events(conn, [self.event_id]))[self.event_id]
        old, new = sorted(VERSIONS, key=lambda venue: venue.version != event.venue_version)
        affected = (await preview_move(conn, event, old, new)).affected
        choices = {found.ticket_id: GiveBack() if refunds else BestEqual() for found in affected if not found.held}
        moved = await move_event(conn, event, old, new, choices, None, self.clock.now())
        await conn.execute("update programme.event set ground_version = $2 where id = $1", event.id, new.version)
        return moved


def test_random_concurrent_actions_keep_all_invariants(database_url: str) -> None:
    play(OrderServiceMachine, database_url, 20)


def test_an_event_that_moves_during_random_actions_keeps_all_invariants(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_install(database_url, monkeypatch))
    play(MovingMachine, database_url, 10)


async def _install(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    db = await Database.open(database_url)
    await install(db, monkeypatch, *VERSIONS)
    await db.close()


def play(machine_of: type[OrderServiceMachine], database_url: str, examples: int) -> None:
    """Run random actions of a machine on a database; no transaction may end in a deadlock."""
    with asyncio.Runner() as runner:
        machine = type("Machine", (machine_of,), {"runner": runner, "url": database_url})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=15,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert runner.run(deadlocks(database_url)) == 0


async def deadlocks(url: str) -> int:
    """The number of deadlocks, which is known once the sessions have ended."""
    db = await Database.open(url)
    async with db.connection() as conn:
        found: int = await conn.fetchval("select deadlocks from pg_stat_database where datname = current_database()")
    await db.close()
    return found
