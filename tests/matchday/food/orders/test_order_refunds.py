"""Refunds of orders by phone: by their kitchen, by a counter, by both; and the accounts afterwards."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.conftest import FakeClock
from tests.matchday.food.menu.board import CUP, line
from tests.matchday.food.orders.kitchen import COLA, FRIES, HOT_DOG, KETCHUP, LATE, Kitchen
from tests.matchday.food.orders.test_orders import EACH_CENTS, HERE, LEVEL, state_of
from tests.matchday.food.till.bar import Bar, sent
from tests.money.fiscal.till import Till
from virage.matchday.food.menu.reads.catalogue import Catalogues
from virage.matchday.food.orders.acts import kitchen as acts
from virage.matchday.food.orders.reads.kitchen import board
from virage.matchday.food.orders.reads.orders import FoodOrder
from virage.matchday.food.orders.rules.orders import Reason
from virage.money.fiscal.rules.record import Kind, Line, Record, RefundOf, Tender, TenderKind, read_record
from virage.platform.values.refusals import Refused


async def sale_of(kitchen: Kitchen, order: FoodOrder) -> Record:
    ((body,),) = await kitchen.rows("select body from fiscal.record where id = $1", order.id)
    found = read_record(body)
    assert found is not None
    return found


def back_of(
    till: Till, sale: Record, lines: Sequence[Line], kind: TenderKind = TenderKind.CARD, reason: str = "wrong_order"
) -> Record:
    """A refund of these lines of a sale, as a counter writes it."""
    back = [replace(one, quantity=-one.quantity) for one in lines]
    tenders = [Tender(kind, sum(one.cents for one in back), None)]
    of = RefundOf(sale.till, sale.id, reason)
    return till.record(Kind.REFUND, lines=back, tenders=tenders, refund_of=of)


async def accepted(kitchen: Kitchen, *lines: Any) -> tuple[Any, FoodOrder, Record]:
    fan = await kitchen.fan(2_000)
    order = await kitchen.placed(fan, *lines)
    await kitchen.step("accept", order.id)
    return fan, order, await sale_of(kitchen, order)


@pytest.mark.parametrize("is_offline", [False, True])
@pytest.mark.parametrize("state", ["accepted", "ready", "handed_over"])
async def test_an_order_fully_refunded_at_a_till_is_refunded_everywhere(
    bar: Bar, kitchen: Kitchen, state: str, is_offline: bool
) -> None:
    fan, order, sale = await accepted(kitchen, line(HOT_DOG, options=KETCHUP), line(COLA))
    if state != "accepted":
        await kitchen.step("ready", order.id)
    if state == "handed_over":
        await kitchen.step("hand_over", order.id, code=None)
    ((before,),) = await kitchen.rows(LEVEL, COLA.id)
    till = await bar.till()
    back = till.keep(till.sign(back_of(till, sale, sale.lines, reason="sold_out")))
    for outcome in ("booked", "known"):
        (answer,) = await bar.send(till, sent(back, offline=is_offline))
        assert answer.outcome == outcome
    assert await kitchen.money(fan) == (2_000, 0, 0)
    assert await kitchen.rows("select state, reason from food_orders.food_order") == [("refunded", "not_made")]
    facts = await kitchen.rows("select who, about from kernel.journal where what = 'food_order_refunded'")
    assert facts == [(back.record.cashier, order.id)], "the kitchen and the phone follow this fact"
    async with kitchen.db.connection() as conn:
        shown = await board(conn, Catalogues(kitchen.db), HERE, LATE, kitchen.clock.now())
    assert [one.state for one in shown.tickets] == ["refunded"]
    ((after,),) = await kitchen.rows(LEVEL, COLA.id)
    assert after - before == (1 if state == "accepted" else 0), "unprepared items return to the stock"
    assert (await kitchen.rows("select * from food_orders.food_load") == []) is (state == "accepted")
    assert state_of(await kitchen.step("refund", order.id)) == "refunded", "a repeated refund changes nothing"
    assert len(await kitchen.rows("select * from fiscal.record")) == 2
    await kitchen.clean()


async def test_a_partly_refunded_order_is_prepared_until_the_rest_is_refunded(bar: Bar, kitchen: Kitchen) -> None:
    fan, order, sale = await accepted(kitchen)
    first, second = sale.lines
    till = await bar.till()
    for lines, state in (([first], "accepted"), ([second], "refunded")):
        assert (await bar.send(till, sent(till.keep(till.sign(back_of(till, sale, lines))))))[0].outcome == "booked"
        assert await kitchen.states() == [state]
        if state == "accepted":
            assert state_of(await kitchen.step("refund", order.id)) == Reason.REFUND_EXCEEDS_SALE
    assert await kitchen.money(fan) == (2_000, 0, 0)
    await kitchen.clean()


async def test_concurrent_refunds_by_kitchen_and_till_refund_an_order_once(bar: Bar, kitchen: Kitchen) -> None:
    orders = [await accepted(kitchen) for _ in range(6)]
    tills = [await bar.till() for _ in orders]
    backs = [till.sign(back_of(till, sale, sale.lines)) for till, (_, _, sale) in zip(tills, orders, strict=True)]
    await asyncio.gather(
        *(bar.send(till, sent(back)) for till, back in zip(tills, backs, strict=True)),
        *(kitchen.step("refund", order.id) for _, order, _ in orders),
    )
    assert await kitchen.states() == ["refunded"] * 6
    assert [await kitchen.money(fan) for fan, _, _ in orders] == [(2_000, 0, 0)] * 6
    assert len(await kitchen.rows("select * from fiscal.record where kind = 'refund'")) == 6
    await kitchen.clean()


async def test_a_kitchen_does_not_refund_what_a_till_refunded(bar: Bar, kitchen: Kitchen) -> None:
    fan, order, sale = await accepted(kitchen)
    till, part = await bar.till(), sale.lines[0]
    (answer,) = await bar.send(till, sent(till.keep(till.sign(back_of(till, sale, [part])))))
    assert answer.outcome == "booked"
    assert await kitchen.money(fan) == (2_000 - EACH_CENTS + part.cents, 0, 0), (
        "the money returns to the wallet that paid"
    )
    assert state_of(await kitchen.step("refund", order.id)) == Reason.REFUND_EXCEEDS_SALE
    await kitchen.clean()


async def test_a_kitchen_does_not_refund_what_was_refunded_in_cash(bar: Bar, kitchen: Kitchen) -> None:
    fan, order, sale = await accepted(kitchen)
    till = await bar.till()
    back = back_of(till, sale, sale.lines[:1], TenderKind.CASH)
    (asked,) = await bar.send(till, sent(till.sign(back)))
    assert asked.reason == Reason.REFUND_EXCEEDS_SALE, "a wallet payment is refunded to the wallet only"
    (offline,) = await bar.send(till, sent(till.keep(till.sign(back)), offline=True))
    assert offline.outcome == "booked"
    assert state_of(await kitchen.step("refund", order.id)) == Reason.REFUND_EXCEEDS_SALE
    assert await kitchen.money(fan) == (2_000 - EACH_CENTS, 0, 0)
    await kitchen.clean()


async def test_refunded_items_that_were_not_made_return_to_the_stock(kitchen: Kitchen) -> None:
    _, order, _ = await accepted(kitchen, line(COLA, 3))
    for state, level in (("accepted", 97), ("refunded", 100)):
        assert (await kitchen.rows(LEVEL, COLA.id), await kitchen.states()) == ([(level,)], [state])
        await kitchen.step("refund", order.id)
    _, order, _ = await accepted(kitchen, line(FRIES))
    await kitchen.step("ready", order.id)
    await kitchen.step("refund", order.id)
    assert await kitchen.rows(LEVEL, FRIES.id) == [(99,)], "prepared items do not return to the stock"


async def test_bonus_credit_pays_no_cup_of_an_order(kitchen: Kitchen) -> None:
    poor = await kitchen.fan(CUP.cents - 1, bonus_cents=2_000)
    refused = await kitchen.order(poor, kitchen.request(line(COLA)))
    assert isinstance(refused, Refused)
    total = refused.data["total_cents"]
    assert (refused.reason, refused.data["available_cents"]) == (Reason.INSUFFICIENT_FUNDS, total - 1)
    fan = await kitchen.fan(CUP.cents, bonus_cents=2_000)
    order = await kitchen.placed(fan, line(COLA))
    assert order.total_cents - order.bonus_cents == CUP.cents
    await kitchen.step("accept", order.id)
    assert await kitchen.money(fan) == (0, 0, 2_000 - order.bonus_cents)
    await kitchen.step("refund", order.id)
    assert await kitchen.money(fan) == (CUP.cents, 0, 2_000)
    await kitchen.clean()


@pytest.mark.parametrize(("step", "state"), [("hand_over", "handed_over"), ("delivered", "delivered")])
async def test_a_kitchen_refunds_no_cup_after_the_handover_because_any_till_does(
    bar: Bar, kitchen: Kitchen, step: str, state: str
) -> None:
    fan = await kitchen.fan(CUP.cents + 50, bonus_cents=2_000)
    order = await kitchen.placed(fan, line(COLA), deliver_to=20_000)
    for one in ("accept", "ready", step):
        await kitchen.step(one, order.id, code=None)
    assert await kitchen.states() == [state]
    for _ in range(2):
        assert state_of(await kitchen.step("refund", order.id)) == "refunded"
    assert await kitchen.money(fan) == (50, 0, 2_000), "the food is refunded, the cup is not"
    sale, till = await sale_of(kitchen, order), await bar.till()
    (cup,) = [one for one in sale.lines if one.deposit]
    (again,) = await bar.send(till, sent(till.sign(back_of(till, sale, sale.lines))))
    assert again.reason == Reason.REFUND_EXCEEDS_SALE
    (brought,) = await bar.send(till, sent(till.sign(back_of(till, sale, [cup]))))
    assert brought.outcome == "booked"
    assert await kitchen.money(fan) == (CUP.cents + 50, 0, 2_000)
    await kitchen.clean()


async def test_a_refund_uploaded_before_the_acceptance_ends_the_order_at_the_acceptance(
    bar: Bar, kitchen: Kitchen
) -> None:
    """A card refund waits for the sale, a cash refund has left the drawer: the order is not made in
    either case.
    """
    fans = [await kitchen.fan(2_000) for _ in range(3)]
    orders = [await kitchen.placed(fan, line(COLA)) for fan in fans]
    model = await kitchen.placed(await kitchen.fan(2_000), line(COLA))
    await kitchen.step("accept", model.id)
    like, till = await sale_of(kitchen, model), await bar.till()
    food = [one for one in like.lines if not one.deposit]
    for order, lines, kind in zip(
        orders, (like.lines, like.lines, food), (TenderKind.CARD, TenderKind.CASH, TenderKind.CARD), strict=True
    ):
        early = till.keep(till.sign(back_of(till, replace(like, id=order.id), lines, kind)))
        assert (await bar.send(till, sent(early, offline=True)))[0].outcome == "booked"
    for order in orders:
        await kitchen.step("accept", order.id)
        await kitchen.step("accept", order.id)
    assert await kitchen.states() == ["refunded", "refunded", "accepted", "accepted"]
    assert [await kitchen.money(fan) for fan in fans] == [
        (2_000, 0, 0),
        (2_000 - model.total_cents, 0, 0),
        (2_000 - CUP.cents, 0, 0),
    ]
    assert await kitchen.rows("select * from food_till.booking where awaits_cents > 0") == []
    assert await kitchen.rows("select * from food_till.loss") == []
    await kitchen.clean()


async def test_the_compensation_of_a_late_order_is_at_most_the_price_paid_and_not_refunded(
    bar: Bar, kitchen: Kitchen, clock: FakeClock
) -> None:
    """The promised compensation is 300 cents. Payments by bonus, returned cups and refunds do not
    count.
    """
    cola_cents = 450
    fans = {
        "who paid all of it": await kitchen.fan(2_000),
        "who paid 99 cents and a cup": await kitchen.fan(2_000, bonus_cents=cola_cents - 99),
        "who paid the cup alone": await kitchen.fan(2_000, bonus_cents=cola_cents),
        "who was given the food back": await kitchen.fan(2_000),
    }
    orders = {who: await kitchen.placed(fan, line(COLA)) for who, fan in fans.items()}
    for order in orders.values():
        assert order.total_cents == cola_cents + CUP.cents
        await kitchen.step("accept", order.id)
    sale, till = await sale_of(kitchen, orders["who was given the food back"]), await bar.till()
    await bar.send(till, sent(till.sign(back_of(till, sale, [one for one in sale.lines if not one.deposit]))))
    before = {who: (await kitchen.money(fan))[2] for who, fan in fans.items()}
    clock.advance(timedelta(hours=1))
    for _ in range(2):
        await kitchen.act(acts.compensate, at_start=(LATE, 300), at_end=(100,))
    given = {who: (await kitchen.money(fan))[2] - before[who] for who, fan in fans.items()}
    assert given == {
        "who paid all of it": 300,
        "who paid 99 cents and a cup": 99,
        "who paid the cup alone": 0,
        "who was given the food back": 0,
    }
    await kitchen.clean()


@pytest.mark.parametrize("locale", ["fr", "en", None])
async def test_the_receipt_of_an_order_is_in_the_language_of_its_buyer(kitchen: Kitchen, locale: str | None) -> None:
    fan = await kitchen.fan()
    if locale is not None:
        await kitchen.rows(
            "insert into people.person (id, email, locale, joined_at) values ($1, 'fan@example.org', $2, now())",
            fan,
            locale,
        )
    order = await kitchen.placed(fan, line(COLA), line(HOT_DOG, options=KETCHUP))
    await kitchen.step("accept", order.id)
    await kitchen.rows("update people.person set locale = 'fr'")
    await kitchen.step("refund", order.id)
    bodies = await kitchen.rows("select body from fiscal.record order by number")
    records = [read_record(body) for (body,) in bodies]
    printed = [[(one.name, one.options) for one in record.lines] for record in records if record is not None]
    expected = [
        (one.name[locale or "fr"], [option.choice[locale or "fr"] for option in one.options]) for one in order.lines
    ]
    assert printed == [expected, expected], "the refund has the texts of its sale"
