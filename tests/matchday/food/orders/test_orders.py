"""Food by phone: money is held and taken once, an order is handed over once, and clearing accounts
are empty.
"""

import asyncio
import gzip
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.conftest import FakeClock
from tests.matchday.food.menu.board import line
from tests.matchday.food.orders.kitchen import BEER, CAPACITY, COFFEE, COLA, FRIES, HOT_DOG, KETCHUP, Dying, Kitchen
from tests.matchday.food.till.bar import ROUND_CENTS, Bar
from tests.money.wallet.ledger.books import loaded_wallet
from virage.identity.people import acts as people
from virage.identity.people.acts import push
from virage.identity.people.rules.push import PushJob, Subscriber
from virage.matchday.food.menu.acts.stock import Sold, record, record_sales
from virage.matchday.food.menu.rules.alcohol import Reason as AlcoholReason
from virage.matchday.food.menu.rules.catalogue import Station
from virage.matchday.food.menu.rules.stock import StockLine, StockRequest
from virage.matchday.food.orders.acts import kitchen as acts
from virage.matchday.food.orders.acts import ordering
from virage.matchday.food.orders.acts.kitchen import Step
from virage.matchday.food.orders.reads.orders import FoodOrder
from virage.matchday.food.orders.rules.orders import VOUCHERS_MAX, FoodState, KitchenCapacity, Order, Reason
from virage.money.fiscal.reads.archive import archive
from virage.money.fiscal.rules.record import Tender, TenderKind
from virage.money.fiscal.rules.verifying import verify
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

HERE, THERE = "01", "02"
MINUTE = timedelta(minutes=1)
LEVEL = "select level from food_menu.stock where outlet = '01' and product_id = $1"
EACH_CENTS = 900  # a hot dog and fries, early


def state_of(outcome: Order | FoodOrder | Refused) -> str:
    return str(outcome.reason) if isinstance(outcome, Refused) else str(outcome.state)


async def verified(kitchen: Kitchen) -> list[Any]:
    """The result of `virage fiscal verify` on the archives of the outlets' tills."""
    found: list[Any] = []
    for (till_id,) in await kitchen.rows("select till_id from food_orders.kitchen order by outlet"):
        async with kitchen.db.transaction() as conn:
            made = await archive(conn, kitchen.vault, till_id, since=None, until=None, now=kitchen.clock.now())
        if made is not None:
            file = b"".join([piece async for piece in made.gzip(kitchen.db)])
            found += verify(gzip.decompress(file).splitlines()).findings
    return found


async def test_an_order_holds_money_its_acceptance_captures_it_and_a_refund_returns_it(
    kitchen: Kitchen,
) -> None:
    fan = await kitchen.fan(2_000, bonus_cents=300)
    order = await kitchen.placed(fan)
    assert (order.state, order.total_cents, order.bonus_cents) == (FoodState.PLACED, EACH_CENTS, 300)
    assert await kitchen.money(fan) == (2_000, 600, 0)
    await kitchen.clean()
    for _ in range(2):  # again, the same
        assert state_of(await kitchen.step("accept", order.id)) == "accepted"
    assert await kitchen.money(fan) == (1_400, 0, 0)
    ((number, kind, total, defect),) = await kitchen.rows("select number, kind, total_cents, defect from fiscal.record")
    assert (number, kind, total, defect) == (1, "sale", EACH_CENTS, None)
    for _ in range(2):
        assert state_of(await kitchen.step("refund", order.id)) == "refunded"
    assert await kitchen.money(fan) == (2_000, 0, 300)
    assert [row["total_cents"] for row in await kitchen.rows("select * from fiscal.record order by number")] == [
        EACH_CENTS,
        -EACH_CENTS,
    ]
    await kitchen.clean()
    assert await verified(kitchen) == []


@pytest.mark.parametrize("ends", ["declined", "cancelled", "expired", "erased"])
async def test_a_declined_order_costs_nothing_and_frees_its_capacity(
    kitchen: Kitchen, clock: FakeClock, ends: str
) -> None:
    fan = await kitchen.fan()
    order = await kitchen.placed(fan, line(HOT_DOG, 4, options=KETCHUP))
    for _ in range(2):
        if ends == "declined":
            await kitchen.step("decline", order.id)
        elif ends == "cancelled":
            await kitchen.act(ordering.cancel, order.id, fan)
        elif ends == "erased":
            async with kitchen.db.transaction() as conn:
                for handler in (ordering.lock_orders_of_erased, ordering.forget_orders):
                    assert await handler(conn, fan, clock.now()) is None
        else:
            clock.advance(10 * MINUTE)
            await kitchen.act(ordering.expire, at_end=(100,))
    assert await kitchen.states() == ["cancelled" if ends == "erased" else ends]
    assert await kitchen.money(fan) == (5_000, 0, 0)
    assert await kitchen.rows("select * from food_orders.food_load") == []
    assert state_of(await kitchen.step("accept", order.id)) == Reason.WRONG_STATE
    await kitchen.clean()


async def test_the_same_order_from_two_processes_is_one_and_anothers_id_is_taken(kitchen: Kitchen) -> None:
    fan, other, request = await kitchen.fan(), await kitchen.fan(), kitchen.request()
    found = await asyncio.gather(*(kitchen.order(fan, request, process=at % 2) for at in range(6)))
    assert {one.number for one in found if isinstance(one, FoodOrder)} == {1}
    assert await kitchen.money(fan) == (5_000, EACH_CENTS, 0)
    assert state_of(await kitchen.order(other, request)) == Reason.ID_TAKEN
    assert state_of(await kitchen.order(fan, kitchen.like(request, outlet=THERE))) == Reason.ID_TAKEN


async def test_of_two_fans_for_the_last_capacity_one_gets_it_and_the_other_an_alternative(kitchen: Kitchen) -> None:
    slot = kitchen.clock.now() + 5 * MINUTE
    fans = [await kitchen.fan() for _ in range(2)]
    requests = [kitchen.request(line(HOT_DOG, 3, options=KETCHUP), slot_at=slot, place=100) for _ in fans]
    found = await asyncio.gather(
        *(kitchen.order(fan, request, process=at) for at, (fan, request) in enumerate(zip(fans, requests, strict=True)))
    )
    (refused,) = [one for one in found if isinstance(one, Refused)]
    (placed,) = [one for one in found if isinstance(one, FoodOrder)]
    assert placed.promise.ready_at == slot
    assert refused.reason == Reason.OUTLET_FULL
    assert {(one.outlet, one.ready_at - slot) for one in refused.data["next"]} == {
        (THERE, timedelta(0)),
        (HERE, 5 * MINUTE),
    }
    assert all(one.walking_s > 0 for one in refused.data["next"])
    await kitchen.says(msgspec.structs.replace(CAPACITY, delivers=False), THERE)
    later = kitchen.request(line(HOT_DOG, 4, options=KETCHUP), slot_at=slot, deliver_to=100)
    full = await kitchen.order(fans[0], later)
    assert isinstance(full, Refused)
    assert [(one.outlet, one.ready_at - slot) for one in full.data["next"]] == [(HERE, 5 * MINUTE)], (
        "outlets without delivery are not offered"
    )


async def test_concurrent_orders_never_exceed_the_capacity_of_an_interval(kitchen: Kitchen) -> None:
    fans = [await kitchen.fan() for _ in range(12)]
    pair = line(HOT_DOG, 2, options=KETCHUP)
    found = await asyncio.gather(
        *(kitchen.order(fan, kitchen.request(pair), process=at % 2) for at, fan in enumerate(fans))
    )
    assert all(isinstance(one, FoodOrder) for one in found)
    rows = await kitchen.rows(
        "select sum(pieces) as pieces from food_orders.food_load where station = 'grill' group by starts_at"
    )
    assert [row["pieces"] for row in rows] == [4] * 6
    numbers = sorted(one.number for one in found if isinstance(one, FoodOrder))
    assert numbers == list(range(1, 13))


async def test_a_wallet_pays_up_to_its_balance_and_reports_the_rest(kitchen: Kitchen) -> None:
    fan = await kitchen.fan(EACH_CENTS, bonus_cents=EACH_CENTS - 1)
    found = await asyncio.gather(*(kitchen.order(fan, kitchen.request()) for _ in range(2)))
    (refused,) = [one for one in found if isinstance(one, Refused)]
    assert (refused.reason, refused.data["available_cents"]) == (Reason.INSUFFICIENT_FUNDS, EACH_CENTS - 1)
    assert state_of(await kitchen.order(new_id(), kitchen.request())) == Reason.INSUFFICIENT_FUNDS, (
        "a person without a wallet cannot order"
    )
    await kitchen.clean()


async def test_sold_out_and_forbidden_products_cannot_be_ordered(kitchen: Kitchen) -> None:
    fan = await kitchen.fan()
    await kitchen.act(record, StockRequest(new_id(), "count", HERE, [StockLine(FRIES.id, 2)]), None)
    first = await kitchen.placed(fan, line(FRIES))
    assert state_of(await kitchen.order(fan, kitchen.request(line(FRIES, 2)))) == Reason.SOLD_OUT, (
        "the first order holds one piece"
    )
    await kitchen.step("accept", first.id)
    assert state_of(await kitchen.order(fan, kitchen.request(line(FRIES, 2)))) == Reason.SOLD_OUT
    assert await kitchen.rows(LEVEL, FRIES.id) == [(1,)]
    for request, reason in (
        (kitchen.request(line(BEER), age_confirmed=True), AlcoholReason.FORBIDDEN),
        (kitchen.like(kitchen.request(), version="0" * 32), "price_changed"),
        (kitchen.like(kitchen.request(), event_id=new_id()), Reason.EVENT_NOT_ON),
        (kitchen.request(line(COFFEE), outlet="03"), Reason.OUTLET_CLOSED),
        (kitchen.request(line(COFFEE), slot_at=kitchen.clock.now() + MINUTE), Reason.SLOT_INVALID),
        (kitchen.request(line(COFFEE), deliver_to=10_000_000), Reason.NO_DELIVERY),
    ):
        assert state_of(await kitchen.order(fan, request)) == reason
    await kitchen.says(KitchenCapacity({Station.COFFEE: 1}, open=True))
    assert state_of(await kitchen.order(fan, kitchen.request(line(COFFEE), deliver_to=100))) == Reason.NO_DELIVERY
    assert state_of(await kitchen.order(fan, kitchen.request(line(FRIES)))) == Reason.STATION_CLOSED
    await kitchen.says(KitchenCapacity({Station.COFFEE: 1}, open=False))
    assert state_of(await kitchen.order(fan, kitchen.request(line(COFFEE)))) == Reason.OUTLET_CLOSED
    assert len(await kitchen.rows("select * from food_orders.food_order")) == 1
    await kitchen.clean()


async def test_counter_sales_are_taken_into_account(kitchen: Kitchen) -> None:
    sold = Sold(new_id(), HERE, {HOT_DOG.id: 4}, kitchen.clock.now() - MINUTE)
    async with kitchen.db.transaction() as conn:
        await record_sales(conn, [sold])
    order = await kitchen.placed(await kitchen.fan(), line(HOT_DOG, options=KETCHUP))
    assert order.promise.ready_at == kitchen.clock.now() + 20 * MINUTE


async def test_an_order_is_accepted_or_cancelled_and_never_both(kitchen: Kitchen) -> None:
    for _ in range(8):
        fan = await kitchen.fan(EACH_CENTS)
        order = await kitchen.placed(fan, line(COLA))
        steps: list[Awaitable[Any]] = [
            kitchen.step("accept", order.id),
            kitchen.act(ordering.cancel, order.id, fan),
            kitchen.step("accept", order.id),
            kitchen.step("decline", order.id),
        ]
        found = [state_of(one) for one in await asyncio.gather(*steps)]
        ((state,),) = await kitchen.rows("select state from food_orders.food_order where id = $1", order.id)
        assert set(found) <= {state, Reason.WRONG_STATE}
        paid = EACH_CENTS - order.total_cents if state == "accepted" else EACH_CENTS
        assert await kitchen.money(fan) == (paid, 0, 0)
    await kitchen.clean()
    assert await verified(kitchen) == []


async def test_two_kitchens_accept_at_once_each_into_its_own_chain(kitchen: Kitchen) -> None:
    fans = [await kitchen.fan() for _ in range(12)]
    orders = [await kitchen.placed(fan, line(COLA), outlet=(HERE, THERE)[at % 2]) for at, fan in enumerate(fans)]
    await asyncio.gather(*(kitchen.step("accept", order.id, order.outlet) for order in orders * 2))
    rows = await kitchen.rows("select outlet, array_agg(number order by number) from fiscal.record group by outlet")
    assert {tuple(row) for row in [(outlet, tuple(numbers)) for outlet, numbers in rows]} == {
        (HERE, (1, 2, 3, 4, 5, 6)),
        (THERE, (1, 2, 3, 4, 5, 6)),
    }
    await kitchen.clean()
    assert await verified(kitchen) == []


async def test_a_crash_between_any_two_statements_of_an_acceptance_leaves_it_undone(kitchen: Kitchen) -> None:
    fan = await kitchen.fan(2_000, bonus_cents=100)
    order = await kitchen.placed(fan)
    died = 0
    while True:
        survived = False
        try:
            async with kitchen.db.transaction() as conn:
                dying = Dying(conn, died)
                step = Step(HERE, order.id, new_id())
                await acts.accept(dying.as_connection, kitchen.vault, step, kitchen.clock.now())
                survived = dying.left > 0
                if not survived:  # between the last statement and the commit
                    dying.die()
        except Exception:  # noqa: BLE001 - any report of the connection's end
            assert not survived
        if survived:
            break
        died += 1
        assert await kitchen.states() == ["placed"]
        assert await kitchen.money(fan) == (2_000, 800, 0)
        assert await kitchen.rows("select * from fiscal.record") == []
    assert died > 10, "the acceptance has several statements"
    assert await kitchen.states() == ["accepted"]
    assert await kitchen.rows(LEVEL, FRIES.id) == [(99,)]
    await kitchen.clean()
    assert await verified(kitchen) == []


async def test_an_order_is_handed_over_for_its_code_with_limited_tries(kitchen: Kitchen) -> None:
    order = await kitchen.placed(await kitchen.fan())
    right, wrong = order.pick_up_code, f"{(int(order.pick_up_code) + 1) % 10_000:04}"
    assert state_of(await kitchen.step("hand-over", order.id, code=right)) == Reason.WRONG_STATE
    await kitchen.step("accept", order.id)
    await kitchen.step("ready", order.id)
    assert state_of(await kitchen.step("ready", order.id, THERE)) == Reason.NOT_FOUND, (
        "the order belongs to another outlet"
    )
    for left in range(4, -1, -1):
        refused = Refused(Reason.WRONG_CODE, {"tries_left": left}, commit=True)
        assert await kitchen.step("hand-over", order.id, code=wrong) == refused
    assert state_of(await kitchen.step("hand-over", order.id, code=right)) == Reason.CODE_LOCKED
    assert state_of(await kitchen.step("hand-over", order.id, code=None)) == "handed_over"
    assert state_of(await kitchen.step("delivered", order.id)) == Reason.WRONG_STATE
    brought = await kitchen.placed(await kitchen.fan(), deliver_to=20_000)
    assert brought.promise.arrives_at is not None
    assert brought.promise.arrives_at > brought.promise.ready_at
    for step in ("accept", "ready", "delivered"):
        found = await kitchen.step(step, brought.id)
    assert state_of(found) == "delivered"


async def test_order_timing_is_measured_and_a_late_order_compensated_once(kitchen: Kitchen, clock: FakeClock) -> None:
    fans = [await kitchen.fan(bonus_cents=given) for given in (0, 0, 0, 350)]
    orders = [await kitchen.placed(fan, line(COLA)) for fan in fans]  # at the counter: all for the same time
    promised = orders[0].promise.ready_at
    for order in orders:
        await kitchen.step("accept", order.id)
    for order, late in zip(orders[:3], (-60, 120, 660), strict=True):
        clock.set(promised + timedelta(seconds=late))
        await kitchen.step("ready", order.id)
    for _ in range(2):
        await kitchen.act(acts.compensate, at_start=(timedelta(minutes=10), 300), at_end=(100,))
    given = [(await kitchen.money(fan))[2] for fan in fans]
    assert given == [0, 0, 300, 100], "also before it is ready, at most the own money paid without the deposit"
    (found,) = await kitchen.promises()
    assert (found.outlet, found.orders, found.p50_s, found.p90_s, found.broken) == (HERE, 3, 120, 552, 2)
    assert (found.vouchers, found.voucher_cents) == (2, 400)
    await kitchen.clean()


async def test_a_till_cannot_pay_a_sale_with_an_order(bar: Bar, kitchen: Kitchen) -> None:
    order = await kitchen.placed(await kitchen.fan())
    till, tenders = await bar.till(), [Tender(TenderKind.WALLET, ROUND_CENTS, str(order.id))]
    _, asked = await bar.sell_online(till, tenders)
    assert asked.outcome == "refused"
    (offline,) = await bar.sell_offline(till, tenders)
    assert (offline.outcome, offline.loss_cents) == ("booked", ROUND_CENTS)
    await kitchen.clean()


async def test_an_order_before_the_doors_is_planned_for_the_opening(kitchen: Kitchen, clock: FakeClock) -> None:
    fan, doors = await kitchen.fan(), kitchen.event.doors_at
    clock.set(doors - timedelta(hours=24, seconds=1))
    assert state_of(await kitchen.order(fan, kitchen.request())) == Reason.EVENT_NOT_ON
    clock.set(doors - timedelta(hours=9))
    order = await kitchen.placed(fan)
    assert (order.promise.ready_at, order.accept_by) == (doors + 5 * MINUTE, doors + 10 * MINUTE)
    slots = await kitchen.desks[0].reads.slots(kitchen.event.id, HERE, clock.now())
    assert (slots[0].at, slots[0].left[Station.GRILL]) == (doors + 5 * MINUTE, 3)
    offers = await kitchen.desks[0].reads.outlets(kitchen.event.id, 20_000, clock.now(), step_free=False)
    assert [one.ready_at for one in offers] == [doors + 5 * MINUTE] * 2
    assert offers[0].in_hand_at == doors + 5 * MINUTE
    clock.set(kitchen.event.ends_at)
    assert state_of(await kitchen.order(fan, kitchen.request())) == Reason.EVENT_NOT_ON
    assert {
        one.closed_reason
        for one in await kitchen.desks[0].reads.outlets(kitchen.event.id, None, clock.now(), step_free=False)
    } == {"closed"}


async def test_a_fan_is_notified_once_of_a_ready_order(kitchen: Kitchen, clock: FakeClock) -> None:
    point = b"\x04" + bytes(64)
    async with kitchen.db.transaction() as conn:
        fan = await people.ensure_fan(conn, "fan@example.org", None, clock.now())
        await loaded_wallet(conn, 5_000, fan)
    async with kitchen.db.transaction() as conn:
        session = await people.open_session(conn, fan, clock.now())
        browser = Subscriber("https://push.example.org/x", point, bytes(16), point)
        assert await push.subscribe(conn, new_id(), session.session_id, browser, clock.now()) is None
    order = await kitchen.placed(fan)
    for step in ("accept", "ready", "ready"):
        await kitchen.step(step, order.id)
    ((payload,),) = await kitchen.rows("select payload from kernel.job where entrypoint = 'push'")
    due = msgspec.json.decode(payload, type=PushJob)
    said = msgspec.json.decode(due.text)
    assert (said["kind"], said["order"], said["title"]) == ("food_ready", str(order.id), "Commande 1 prête")
    assert due.topic == order.id
    assert "fan@example.org" not in due.text


async def test_a_wallet_gets_at_most_three_compensations_per_event(kitchen: Kitchen, clock: FakeClock) -> None:
    fan = await kitchen.fan()
    for _ in range(VOUCHERS_MAX + 1):
        order = await kitchen.placed(fan, line(COLA))
        await kitchen.step("accept", order.id)
        clock.set(order.promise.ready_at + timedelta(minutes=11))
        await kitchen.act(acts.compensate, at_start=(timedelta(minutes=10), 100), at_end=(100,))
        await kitchen.step("refund", order.id)
    assert (await kitchen.money(fan))[2] == VOUCHERS_MAX * 100
    await kitchen.clean()
