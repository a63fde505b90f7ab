"""Cashier, time and tip of a sale: refused online, a deviation offline."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.food.till.bar import ROUND, ROUND_CENTS, by_card, sent
from tests.money.fiscal.till import NOW, Till, beer, refund_of
from virage.money.fiscal.rules.record import Kind, Tender, TenderKind, VerifiedRecord, stamp
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar
    from virage.matchday.food.till.acts.selling import RecordAnswer

MINUTE = timedelta(minutes=1)
CASH = [Tender(TenderKind.CASH, ROUND_CENTS, None)]


async def send_sale(bar: "Bar", till: Till, written: VerifiedRecord, *, offline: bool = False) -> "RecordAnswer":
    (answer,) = await bar.send(till, sent(written, offline=offline))
    if answer.outcome == "booked":
        till.keep(written)
    return answer


async def stored_deviations(bar: "Bar") -> list[tuple[str, dict[str, Any]]]:
    async with bar.db.connection() as conn:
        rows = await conn.fetch("select reason, data from food_till.deviation order by noted_at, reason")
    return [(row["reason"], row["data"]) for row in rows]


async def test_a_cashier_of_another_outlet_is_refused_online_and_a_deviation_offline(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(5_000)
    stranger = till.sign(till.record(Kind.SALE, lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()), cashier=new_id()))
    assert (await send_sale(bar, till, stranger)).reason == "cashier_not_here"
    assert await bar.balance_of(fan) == 5_000
    offline = await send_sale(bar, till, stranger, offline=True)
    assert (offline.outcome, offline.loss_cents, await stored_deviations(bar)) == (
        "booked",
        0,
        [("cashier_not_here", {})],
    )


async def test_a_cashier_of_another_outlet_cannot_refund(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(5_000)
    sale, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    back = till.sign(
        till.record(
            Kind.REFUND,
            lines=[beer(-1)],
            tenders=[Tender(TenderKind.CARD, -700, None)],
            refund_of=refund_of(sale),
            cashier=new_id(),
        )
    )
    assert (await send_sale(bar, till, back)).reason == "cashier_not_here"


@pytest.mark.parametrize("off", [timedelta(minutes=11), timedelta(minutes=-11), timedelta(days=1340)])
async def test_an_online_sale_is_refused_if_its_time_is_off(bar: "Bar", off: timedelta) -> None:
    till = await bar.till()
    _, answer = await bar.sell_online(till, CASH, at=stamp(NOW + off))
    assert (answer.reason, answer.data) == ("clock_wrong", {"off_s": round(off.total_seconds())})
    for near in (10 * MINUTE, -10 * MINUTE):
        assert (await bar.sell_online(till, CASH, at=stamp(NOW + near)))[1].outcome == "booked"


async def test_a_late_offline_sale_is_right_and_one_from_the_future_is_a_deviation(bar: "Bar") -> None:
    till = await bar.till()
    for at in (NOW - timedelta(days=3), NOW + 10 * MINUTE, NOW + 11 * MINUTE):
        written = till.sign(till.record(Kind.SALE, lines=ROUND, tenders=CASH, at=stamp(at)))
        assert (await send_sale(bar, till, written, offline=True)).outcome == "booked"
    assert await stored_deviations(bar) == [("clock_wrong", {"off_s": 660})]


async def test_an_excessive_tip_is_refused_online_and_a_defect_offline(bar: "Bar") -> None:
    till, tip = await bar.till(), 59_000_000_000
    paid = [Tender(TenderKind.TERMINAL, ROUND_CENTS + tip, "0042")]
    written, answer = await bar.sell_online(till, paid, tip_cents=tip)
    assert (answer.reason, answer.data) == ("tip_excessive", {"most_cents": 100_000})
    assert (await send_sale(bar, till, written, offline=True)).outcome == "booked"
    async with bar.db.connection() as conn:
        assert await conn.fetchval("select defect from fiscal.record") == "tip_excessive"


async def test_the_loss_in_an_answer_is_the_booked_loss(bar: "Bar") -> None:
    till = await bar.till()
    written = till.write(Kind.SALE, lines=ROUND, tenders=by_card(59_939_999_999, "no=proof"))
    (answer,) = await bar.send(till, sent(written, offline=True))
    assert (answer.outcome, answer.loss_cents) == ("booked", ROUND_CENTS)
    assert await bar.of_kind("loss") == -ROUND_CENTS
