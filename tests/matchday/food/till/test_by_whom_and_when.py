"""Who sells at a till, when, and with how large a tip: refused while it is asked, noted once it has happened."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.food.till.bar import ROUND, ROUND_CENTS, by_card, sent
from tests.money.fiscal.till import NOW, Till, beer, refund_of
from virage.money.fiscal.rules.record import Kind, Tender, TenderKind, Written, stamp
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar
    from virage.matchday.food.till.acts.selling import Answer

MINUTE = timedelta(minutes=1)
CASH = [Tender(TenderKind.CASH, ROUND_CENTS, None)]


async def asked(bar: "Bar", till: Till, written: Written, *, told: bool = False) -> "Answer":
    (answer,) = await bar.send(till, sent(written, told=told))
    if answer.outcome == "booked":
        till.keep(written)
    return answer


async def noted(bar: "Bar") -> list[tuple[str, dict[str, Any]]]:
    async with bar.db.connection() as conn:
        rows = await conn.fetch("select reason, data from food_till.deviation order by noted_at, reason")
    return [(row["reason"], row["data"]) for row in rows]


async def test_who_may_not_sell_at_an_outlet_sells_nothing_and_what_they_sold_is_noted(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(5_000)
    stranger = till.sign(till.record(Kind.SALE, lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()), cashier=new_id()))
    assert (await asked(bar, till, stranger)).reason == "cashier_not_here"
    assert await bar.left(fan) == 5_000
    told = await asked(bar, till, stranger, told=True)
    assert (told.outcome, told.loss_cents, await noted(bar)) == ("booked", 0, [("cashier_not_here", {})])


async def test_who_may_not_sell_gives_nothing_back_either(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(5_000)
    sale, _ = await bar.ask(till, by_card(ROUND_CENTS, fan.tap()))
    back = till.sign(
        till.record(
            Kind.REFUND,
            lines=[beer(-1)],
            tenders=[Tender(TenderKind.CARD, -700, None)],
            refund_of=refund_of(sale),
            cashier=new_id(),
        )
    )
    assert (await asked(bar, till, back)).reason == "cashier_not_here"


@pytest.mark.parametrize("off", [timedelta(minutes=11), timedelta(minutes=-11), timedelta(days=1340)])
async def test_a_sale_is_asked_about_when_it_happens(bar: "Bar", off: timedelta) -> None:
    till = await bar.till()
    _, answer = await bar.ask(till, CASH, at=stamp(NOW + off))
    assert (answer.reason, answer.data) == ("clock_wrong", {"off_s": round(off.total_seconds())})
    for near in (10 * MINUTE, -10 * MINUTE):
        assert (await bar.ask(till, CASH, at=stamp(NOW + near)))[1].outcome == "booked"


async def test_a_sale_that_is_told_late_is_right_and_one_from_the_future_is_noted(bar: "Bar") -> None:
    till = await bar.till()
    for at in (NOW - timedelta(days=3), NOW + 10 * MINUTE, NOW + 11 * MINUTE):
        written = till.sign(till.record(Kind.SALE, lines=ROUND, tenders=CASH, at=stamp(at)))
        assert (await asked(bar, till, written, told=True)).outcome == "booked"
    assert await noted(bar) == [("clock_wrong", {"off_s": 660})]


async def test_no_tip_is_beyond_all_measure_and_one_that_was_told_is_a_defect(bar: "Bar") -> None:
    till, tip = await bar.till(), 59_000_000_000
    paid = [Tender(TenderKind.TERMINAL, ROUND_CENTS + tip, "0042")]
    written, answer = await bar.ask(till, paid, tip_cents=tip)
    assert (answer.reason, answer.data) == ("tip_excessive", {"most_cents": 100_000})
    assert (await asked(bar, till, written, told=True)).outcome == "booked"
    async with bar.db.connection() as conn:
        assert await conn.fetchval("select defect from fiscal.record") == "tip_excessive"


async def test_what_nobody_pays_of_a_sale_is_what_the_books_say(bar: "Bar") -> None:
    till = await bar.till()
    written = till.write(Kind.SALE, lines=ROUND, tenders=by_card(59_939_999_999, "no=proof"))
    (answer,) = await bar.send(till, sent(written, told=True))
    assert (answer.outcome, answer.loss_cents) == ("booked", ROUND_CENTS)
    assert await bar.of_kind("loss") == -ROUND_CENTS
