"""A basket that grows, an order with several payment attempts, and late payments of waiting buyers."""

import asyncio

import pytest

from tests.conftest import FakeClock
from tests.sale.ticketing.conftest import BLUE, System
from tests.sale.ticketing.test_selling import TEN_MINUTES, codes, expire, free_places, state_of
from virage.platform.values.ids import new_id


@pytest.mark.parametrize("at_once", [True, False])
async def test_concurrent_payments_of_an_order_return_the_same_payment_page(system: System, at_once: bool) -> None:
    fan = await system.fan()
    order = await fan.best()
    if at_once:
        answers = await asyncio.gather(*[fan.pay(order["id"]) for _ in range(3)])
    else:
        answers = [await fan.pay(order["id"]) for _ in range(3)]
    assert len({answer.json()["payment_url"] for answer in answers}) == 1
    assert len(system.provider.started) == 1
    assert len(await system.rows("select from payments.payment")) == 1
    await system.news(next(iter(system.provider.started)))
    assert await state_of(fan, order) == "paid"


async def test_added_seats_join_the_basket_and_are_paid_as_one_order(system: System) -> None:
    fan = await system.fan()
    first = await fan.best(full=2)
    joined = await fan.hold({"kind": "best", "party": {"full": 1}, "category_id": str(BLUE)}, joins=first["id"])
    order = joined.json()
    assert [line["place"] for line in order["lines"][:2]] == [line["place"] for line in first["lines"]]
    assert (order["total_cents"], order["fee_cents"]) == (2 * 8150 + 3150, 450)
    assert await state_of(fan, first) == "released"
    owners = await system.rows("select order_id from ticketing.claim")
    assert [str(row["order_id"]) for row in owners] == [order["id"]] * 3
    assert not {line["place"] for line in order["lines"]} & await free_places(fan)
    assert await system.rows("select from kernel.journal where what = 'places_freed'") == []
    payment_id = new_id()
    await fan.pay(order["id"], payment_id)
    await system.news(payment_id)
    assert len(await system.rows("select from ticketing.ticket")) == 3


async def test_a_basket_that_cannot_be_joined_is_unchanged(system: System) -> None:
    fan, other = await system.fan(), await system.fan("other@example.org")
    first = await fan.best(full=8)
    seats = {"kind": "best", "party": {"full": 2}}
    assert codes(await fan.hold(seats, joins=first["id"])) == (409, "limit_reached")
    assert codes(await other.hold(seats, joins=first["id"])) == (409, "order_not_open")
    taken = {"kind": "chosen", "places": [{"place": first["lines"][0]["place"], "tariff": "full"}]}
    assert codes(await fan.hold(taken, joins=first["id"])) == (409, "place_taken")
    await fan.pay(first["id"])
    assert codes(await fan.hold({"kind": "best", "party": {"full": 1}}, joins=first["id"])) == (409, "order_not_open")
    assert await state_of(fan, first) == "paying"
    assert len(await system.rows("select from ticketing.claim")) == 8


async def test_of_two_concurrent_requests_only_one_joins_the_basket(system: System) -> None:
    fan = await system.fan()
    first = await fan.best(full=2)
    seats = {"kind": "best", "party": {"full": 1}}
    answers = await asyncio.gather(*[fan.hold(seats, joins=first["id"]) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(await system.rows("select from ticketing.claim")) == 3


async def test_a_request_waiting_on_an_expired_order_sees_its_late_payment(system: System, clock: FakeClock) -> None:
    fan = await system.fan()
    order, payment_id = await fan.best(), new_id()
    await fan.pay(order["id"], payment_id)
    clock.advance(TEN_MINUTES)
    await expire(system)
    answer = asyncio.create_task(fan.ask("GET", f"/api/orders/{order['id']}", headers={"Prefer": "wait=20"}))
    await asyncio.sleep(0)
    await system.news(payment_id)
    assert (await answer).json()["state"] == "paid"
