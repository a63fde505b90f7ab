"""Transactions that need the same rows wait in line, never in a deadlock, and see the writes of the
one before.

Each test provokes the dangerous interleaving: one transaction starts when the other has done its
work and has not committed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from tests.sale.ticketing.conftest import BLUE, GOLD, System, block_seats
from virage.money.payments import acts as payments
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import Outcome, PaymentIntent, PaymentState
from virage.platform.data.database import Connection, Database
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.acts import holding, paying, refunding
from virage.sale.ticketing.acts.holding import Hold
from virage.sale.ticketing.acts.paying import Pay
from virage.sale.ticketing.rules.terms import (
    BestSeats,
    Buyer,
    ChosenSeat,
    ChosenSeats,
    HoldRequest,
    OrderRow,
    Party,
    Reason,
    Seats,
    Tariff,
)
from virage.sale.ticketing.store import claims as claims_store
from virage.sale.ticketing.store import orders as store
from virage.sale.ticketing.store.claims import Claim

HANDLERS = Handlers({paying.PURPOSE: paying.OrderMoney(25_000)})
TWO = BestSeats(Party(full=2), category_id=GOLD)
Act = Callable[[Connection], Awaitable[Any]]


async def until_waiting(db: Database, *tasks: "asyncio.Task[Any]") -> None:
    """Wait until each of the tasks has ended or waits for a lock."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(10), db.connection() as conn:
        while await conn.fetchval(waiting) < sum(not task.done() for task in tasks):  # noqa: ASYNC110 - a lock reports no waiters
            await asyncio.sleep(0.01)


async def in_transaction(db: Database, act: Act) -> Any:
    async with db.transaction() as conn:
        return await act(conn)


def six_best_seats(category: UUID) -> Seats:
    return BestSeats(Party(full=6), category_id=category)


def chosen_seats(*offsets: int) -> Seats:
    """Seats of one block, by their index in it."""
    return ChosenSeats(tuple(ChosenSeat(block_seats("103")[offset], Tariff.FULL) for offset in offsets))


class Counter:
    """Holds and pays for its own fans, as one process would, in the given transaction."""

    def __init__(self, system: System) -> None:
        self.system = system

    async def hold(self, conn: Connection, order_id: UUID, buyer: Buyer, seats: Seats) -> Any:
        sale = await self.system.order_service.sales.get(self.system.event_id)
        assert sale is not None
        assert buyer.owner_id is not None
        request = HoldRequest(order_id, self.system.event_id, seats)
        return (await holding.hold(conn, [Hold(request, buyer, buyer.owner_id, sale)], self.system.clock.now()))[0]

    async def pay(self, conn: Connection, order_id: UUID, buyer: Buyer, fan_id: UUID) -> Any:
        pay = Pay(order_id, new_id(), buyer, fan_id, return_url="")
        return (await paying.pay(conn, [pay], self.system.clock.now()))[0]


async def test_holds_of_one_fan_at_two_processes_keep_the_limit(system: System, db: Database) -> None:
    counter, fan = Counter(system), Buyer(new_id(), new_id())
    async with db.transaction() as conn:
        first = await counter.hold(conn, new_id(), fan, six_best_seats(GOLD))
        other = asyncio.create_task(
            in_transaction(db, lambda conn: counter.hold(conn, new_id(), fan, six_best_seats(BLUE)))
        )
        await until_waiting(db, other)
    assert isinstance(first, OrderRow)
    second = await other
    assert isinstance(second, Refused)
    assert second.reason == Reason.LIMIT_REACHED


async def test_baskets_of_two_browsers_paid_by_one_fan_at_two_processes_keep_the_limit(
    system: System, db: Database
) -> None:
    counter, fan_id, baskets = Counter(system), new_id(), {new_id(): new_id(), new_id(): new_id()}
    for order_id, session_id in baskets.items():
        async with db.transaction() as conn:
            assert isinstance(await counter.hold(conn, order_id, Buyer(session_id), six_best_seats(GOLD)), OrderRow)
    (one, ones), (other, others) = ((id_, Buyer(session, fan_id, session)) for id_, session in baskets.items())
    async with db.transaction() as conn:
        first = await counter.pay(conn, one, ones, fan_id)
        paying_other = asyncio.create_task(
            in_transaction(db, lambda conn: counter.pay(conn, other, others, fan_id)),
        )
        await until_waiting(db, paying_other)
    assert isinstance(first, paying.Paying)
    second = await paying_other
    assert isinstance(second, Refused)
    assert second.reason == Reason.LIMIT_REACHED


class Pair:
    """Two orders of two fans; the one with the higher id was written first, so that no plan finds
    them in order.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.low, self.high = new_id(), new_id()
        self.starts: dict[UUID, PaymentIntent] = {}
        self.fans = {self.low: Buyer(new_id(), new_id()), self.high: Buyer(new_id(), new_id())}

    async def held(self, db: Database) -> None:
        for order_id in (self.high, self.low):
            async with db.transaction() as conn:
                order = await Counter(self.system).hold(conn, order_id, self.fans[order_id], TWO)
                assert isinstance(order, OrderRow)
        async with db.connection() as conn:
            await conn.execute("analyze ticketing.orders")  # a plan may now read the table in its physical order

    async def begin_payments(self, db: Database) -> None:
        await self.held(db)
        async with db.transaction() as conn:
            answers = await paying.pay(conn, self.pays(), self.system.clock.now())
        for answer in answers:
            assert isinstance(answer, paying.Paying)
            assert answer.start is not None
            self.starts[answer.order.id] = answer.start

    def pays(self) -> list[Pay]:
        fans = {order_id: self.fans[order_id].fan_id for order_id in (self.high, self.low)}
        return [
            Pay(order_id, new_id(), self.fans[order_id], fan_id, return_url="")
            for order_id, fan_id in fans.items()
            if fan_id
        ]

    async def settle(self, conn: Connection, **states: PaymentState) -> None:
        """The provider's notifications for the payments of `low` and `high`."""
        starts = [self.starts[getattr(self, name)] for name in states]
        outcomes = [
            Outcome(start.payment_id, state, start.amount_cents if state is PaymentState.CAPTURED else 0)
            for start, state in zip(starts, states.values(), strict=True)
        ]
        await payments.settle(conn, outcomes, self.system.clock.now(), HANDLERS)

    async def expire_low(self, db: Database) -> None:
        async with db.transaction() as conn:
            await holding.close(conn, [self.low], "expired", self.system.clock.now())

    async def pay_low(self, db: Database) -> None:
        async with db.transaction() as conn:
            await self.settle(conn, low=PaymentState.CAPTURED)


async def begin_payments(pair: Pair, db: Database) -> None:
    await pair.begin_payments(db)


async def expired_low(pair: Pair, db: Database) -> None:
    await pair.begin_payments(db)
    await pair.expire_low(db)


async def paid_low(pair: Pair, db: Database) -> None:
    await pair.begin_payments(db)
    await pair.pay_low(db)


CASES: dict[str, tuple[Callable[[Pair, Database], Awaitable[None]], Callable[[Pair, Connection], Awaitable[Any]]]] = {
    "both go to pay": (
        lambda pair, db: pair.held(db),
        lambda pair, conn: paying.pay(conn, pair.pays(), pair.system.clock.now()),
    ),
    "both are paid": (
        begin_payments,
        lambda pair, conn: pair.settle(conn, high=PaymentState.CAPTURED, low=PaymentState.CAPTURED),
    ),
    "both cards are declined": (
        begin_payments,
        lambda pair, conn: pair.settle(conn, high=PaymentState.DECLINED, low=PaymentState.DECLINED),
    ),
    "one card is declined, the other order paid": (
        begin_payments,
        lambda pair, conn: pair.settle(conn, high=PaymentState.DECLINED, low=PaymentState.CAPTURED),
    ),
    "one is paid, the money of the other is late": (
        expired_low,
        lambda pair, conn: pair.settle(conn, high=PaymentState.CAPTURED, low=PaymentState.CAPTURED),
    ),
    "both are let go": (
        begin_payments,
        lambda pair, conn: holding.close(conn, [pair.high, pair.low], "released", pair.system.clock.now()),
    ),
    "the event is off": (
        paid_low,
        lambda pair, conn: refunding.refund_cancelled_orders(conn, pair.system.event_id, pair.system.clock.now()),
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_orders_are_locked_in_the_order_of_their_ids(system: System, db: Database, case: str) -> None:
    """The second transaction waits for the lower order and then needs the higher one. A third one
    that locked the higher order first would deadlock with it.
    """
    prepare, act = CASES[case]
    pair = Pair(system)
    await prepare(pair, db)

    async with db.transaction() as conn:
        await store.lock_orders(conn, [pair.low])
        both = [pair.low, pair.high]
        second = asyncio.create_task(in_transaction(db, lambda conn: store.lock_orders(conn, both)))
        await until_waiting(db, second)
        third = asyncio.create_task(in_transaction(db, lambda conn: act(pair, conn)))
        await until_waiting(db, second, third)
        assert not third.done()
    await asyncio.gather(second, third)


async def test_a_late_payment_claims_places_before_issuing_passes(system: System, db: Database) -> None:
    """Two payments come late for one seat; the first order has another seat to sell, and waits for
    a seat that is locked.
    """

    async def start(*offsets: int) -> PaymentIntent:
        order_id, fan = new_id(), Buyer(new_id(), new_id())
        assert fan.fan_id is not None
        async with db.transaction() as conn:
            assert isinstance(await counter.hold(conn, order_id, fan, chosen_seats(*offsets)), OrderRow)
        async with db.transaction() as conn:
            answer = await counter.pay(conn, order_id, fan, fan.fan_id)
        return answer.start  # type: ignore[no-any-return]  # it has a price, so there is one

    async def expired(*offsets: int) -> PaymentIntent:
        begun = await start(*offsets)
        async with db.transaction() as conn:
            await holding.close(conn, [begun.subject], "expired", system.clock.now())
        system.forget()
        return begun

    async def money(conn: Connection, *starts: PaymentIntent) -> None:
        outcomes = [Outcome(begun.payment_id, PaymentState.CAPTURED, begun.amount_cents) for begun in starts]
        await payments.settle(conn, outcomes, system.clock.now(), HANDLERS)

    counter = Counter(system)
    two_seats, one_of_them, another = await expired(20, 21), await expired(21), await start(30)
    async with db.transaction() as conn:
        await claims_store.claim_places(conn, [Claim(system.event_id, block_seats("103")[20], new_id())], {})
        first = asyncio.create_task(in_transaction(db, lambda conn: money(conn, two_seats, another)))
        await until_waiting(db, first)
        second = asyncio.create_task(in_transaction(db, lambda conn: money(conn, one_of_them)))
        await until_waiting(db, first, second)
    await asyncio.gather(first, second)
    states = {row["id"]: row["state"] for row in await system.rows("select id, state from ticketing.orders")}
    assert [states[begun.subject] for begun in (two_seats, one_of_them, another)] == ["expired", "paid", "paid"]
