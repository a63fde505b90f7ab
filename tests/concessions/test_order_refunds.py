"""Orders by phone that are given back: by their kitchen, by a counter, by both; and what then is where."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tests.concessions.bar import Bar, sent
from tests.concessions.board import line
from tests.concessions.kitchen import COLA, FRIES, HOT_DOG, KETCHUP, LATE, Kitchen
from tests.concessions.test_orders import EACH_CENTS, HERE, LEVEL, state_of
from tests.concessions.till import Till
from virage.concessions.reads.catalogue import Catalogues
from virage.concessions.reads.kitchen import board
from virage.concessions.reads.orders import FoodOrder
from virage.concessions.rules.fiscal.record import Kind, Line, Record, RefundOf, Tender, TenderKind, read_record
from virage.concessions.rules.orders import Reason


async def sale_of(kitchen: Kitchen, order: FoodOrder) -> Record:
    ((body,),) = await kitchen.rows("select body from concessions.record where id = $1", order.id)
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


@pytest.mark.parametrize("is_told", [False, True])
@pytest.mark.parametrize("state", ["accepted", "ready", "handed_over"])
async def test_an_order_that_a_counter_gives_back_whole_is_refunded_everywhere(
    bar: Bar, kitchen: Kitchen, state: str, is_told: bool
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
        (answer,) = await bar.send(till, sent(back, told=is_told))
        assert answer.outcome == outcome
    assert await kitchen.money(fan) == (2_000, 0, 0)
    assert await kitchen.rows("select state, reason from concessions.food_order") == [("refunded", "not_made")]
    told = await kitchen.rows("select who, about from kernel.journal where what = 'food_order_refunded'")
    assert told == [(back.record.cashier, order.id)], "the kitchen and the phone follow it"
    async with kitchen.db.connection() as conn:
        shown = await board(conn, Catalogues(kitchen.db), HERE, LATE, kitchen.clock.now())
    assert [one.state for one in shown.tickets] == ["refunded"]
    ((after,),) = await kitchen.rows(LEVEL, COLA.id)
    assert after - before == (1 if state == "accepted" else 0), "what nobody made is there again"
    assert (await kitchen.rows("select * from concessions.food_load") == []) is (state == "accepted")
    assert state_of(await kitchen.step("refund", order.id)) == "refunded", "again, the same"
    assert len(await kitchen.rows("select * from concessions.record")) == 2
    await kitchen.clean()


async def test_an_order_of_which_a_counter_gives_a_part_back_is_made_until_the_rest_goes_back_too(
    bar: Bar, kitchen: Kitchen
) -> None:
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


async def test_a_kitchen_and_a_counter_that_give_an_order_back_at_once_give_it_back_once(
    bar: Bar, kitchen: Kitchen
) -> None:
    orders = [await accepted(kitchen) for _ in range(6)]
    tills = [await bar.till() for _ in orders]
    backs = [till.sign(back_of(till, sale, sale.lines)) for till, (_, _, sale) in zip(tills, orders, strict=True)]
    await asyncio.gather(
        *(bar.send(till, sent(back)) for till, back in zip(tills, backs, strict=True)),
        *(kitchen.step("refund", order.id) for _, order, _ in orders),
    )
    assert await kitchen.states() == ["refunded"] * 6
    assert [await kitchen.money(fan) for fan, _, _ in orders] == [(2_000, 0, 0)] * 6
    assert len(await kitchen.rows("select * from concessions.record where kind = 'refund'")) == 6
    await kitchen.clean()


async def test_a_kitchen_gives_nothing_back_that_a_till_gave_back_before(bar: Bar, kitchen: Kitchen) -> None:
    fan, order, sale = await accepted(kitchen)
    till, part = await bar.till(), sale.lines[0]
    (answer,) = await bar.send(till, sent(till.keep(till.sign(back_of(till, sale, [part])))))
    assert answer.outcome == "booked"
    assert await kitchen.money(fan) == (2_000 - EACH_CENTS + part.cents, 0, 0), "it goes to the purse that paid"
    assert state_of(await kitchen.step("refund", order.id)) == Reason.REFUND_EXCEEDS_SALE
    await kitchen.clean()


async def test_a_kitchen_gives_nothing_back_that_a_drawer_gave_back_before(bar: Bar, kitchen: Kitchen) -> None:
    fan, order, sale = await accepted(kitchen)
    till = await bar.till()
    back = back_of(till, sale, sale.lines[:1], TenderKind.CASH)
    (asked,) = await bar.send(till, sent(till.sign(back)))
    assert asked.reason == Reason.REFUND_EXCEEDS_SALE, "what a purse paid is given back to it"
    (told,) = await bar.send(till, sent(till.keep(till.sign(back)), told=True))
    assert told.outcome == "booked"
    assert state_of(await kitchen.step("refund", order.id)) == Reason.REFUND_EXCEEDS_SALE
    assert await kitchen.money(fan) == (2_000 - EACH_CENTS, 0, 0)
    await kitchen.clean()


async def test_a_kitchen_that_gives_back_what_nobody_made_has_it_again(kitchen: Kitchen) -> None:
    _, order, _ = await accepted(kitchen, line(COLA, 3))
    for state, level in (("accepted", 97), ("refunded", 100)):
        assert (await kitchen.rows(LEVEL, COLA.id), await kitchen.states()) == ([(level,)], [state])
        await kitchen.step("refund", order.id)
    _, order, _ = await accepted(kitchen, line(FRIES))
    await kitchen.step("ready", order.id)
    await kitchen.step("refund", order.id)
    assert await kitchen.rows(LEVEL, FRIES.id) == [(99,)], "what is made is made"


@pytest.mark.parametrize("locale", ["fr", "en", None])
async def test_a_receipt_of_an_order_is_in_the_language_of_whoever_ordered(
    kitchen: Kitchen, locale: str | None
) -> None:
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
    bodies = await kitchen.rows("select body from concessions.record order by number")
    records = [read_record(body) for (body,) in bodies]
    printed = [[(one.name, one.options) for one in record.lines] for record in records if record is not None]
    expected = [
        (getattr(one.name, locale or "fr"), [getattr(option.choice, locale or "fr") for option in one.options])
        for one in order.lines
    ]
    assert printed == [expected, expected], "and its refund says what the sale said"
