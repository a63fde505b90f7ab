"""Malicious or early uploads of a till do not affect sales of other tills or balances."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.matchday.food.menu.board import BEER, HERE
from tests.matchday.food.till.bar import LIMITS, ROUND, ROUND_CENTS, Fan, by_card, sent
from tests.money.fiscal.till import NOW, Till, beer, fries, refund_of
from tests.zones import PARIS
from virage.matchday.food.menu.acts import stock as stock_acts
from virage.matchday.food.menu.reads.stock import levels
from virage.matchday.food.menu.rules.stock import StockLine, StockRequest
from virage.matchday.food.menu.store.catalogue import Publication
from virage.matchday.food.orders.acts import kitchen
from virage.matchday.food.till.acts.selling import book_uploads
from virage.matchday.food.till.rules.booking import key_of
from virage.matchday.food.till.rules.tendering import UploadedRecord
from virage.money.fiscal.rules.record import Kind, Line, Tender, TenderKind, VerifiedRecord
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import AccountKind, Posted, Transfer, account, bonus
from virage.platform.values.refusals import Refused

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

CASH = [Tender(TenderKind.CASH, ROUND_CENTS, None)]
ALL: dict[str, Any] = {"lines": [beer(-1), fries(-1)], "tenders": [Tender(TenderKind.CARD, -ROUND_CENTS, None)]}


async def offline(bar: "Bar", till: Till, *written: VerifiedRecord) -> list[str]:
    return [answer.outcome for answer in await bar.send(till, *(sent(one, offline=True) for one in written))]


# --- the ids of another till -----------------------------------------------------------------------------------------


async def test_a_till_that_reuses_an_id_from_a_receipt_does_not_block_the_sale(bar: "Bar") -> None:
    honest, thief, desk = [await bar.till() for _ in range(3)]
    fan = await bar.fan(3000)
    sale = honest.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    copy = thief.write(lines=ROUND, tenders=CASH, id=sale.record.id)
    assert await offline(bar, thief, copy) == ["booked"]
    assert await offline(bar, honest, sale) == ["booked"]
    assert await bar.balance_of(fan) == 3000 - ROUND_CENTS
    assert (await bar.refund(desk, sale, 700, TenderKind.CARD)).outcome == "booked"
    assert await bar.balance_of(fan) == 3000 - ROUND_CENTS + 700
    assert (await bar.refund(desk, copy, 700, TenderKind.CARD)).reason == "card_not_accepted"
    assert await bar.of_kind("loss") == 0


async def test_a_tap_read_from_a_receipt_cannot_pay_again(bar: "Bar") -> None:
    honest, thief, fan = await bar.till(), await bar.till(), await bar.fan(9000)
    sale, _ = await bar.sell_online(honest, by_card(ROUND_CENTS, fan.tap()))
    proof = by_card(ROUND_CENTS, sale.record.tenders[0].proof or "")
    _, answer = await bar.sell_online(thief, proof, id=sale.record.id)
    assert answer.reason == "tap_replayed"
    assert await offline(bar, thief, thief.write(lines=ROUND, tenders=proof, id=sale.record.id)) == ["booked"]
    assert await bar.balance_of(fan) == 9000 - ROUND_CENTS
    assert await bar.lost(thief.id) == [(ROUND_CENTS, "tap_replayed")]


async def test_stock_documents_cannot_block_a_sale(bar: "Bar", board: Publication) -> None:
    till = await bar.till()
    assert board.version
    sale = till.write(lines=[Line(BEER.id, "Bière", 3, 700, 200, [], deposit=False)])
    async with bar.db.transaction() as conn:
        wish = StockRequest(key_of(sale.record).derived_id("stock"), "delivery", HERE, [StockLine(BEER.id, 10)])
        assert not isinstance(await stock_acts.record(conn, wish, None, till.at), Refused)
    assert await offline(bar, till, sale) == ["booked"]
    async with bar.db.transaction() as conn:
        (again,) = await stock_acts.record(conn, wish, None, till.at)  # type: ignore[misc]  # a list of movements
        assert (again.kind, again.quantity) == ("delivery", 10)
        assert [level.level for level in await levels(conn, [HERE])] == [7]


async def test_stock_falls_below_zero_if_tills_sell_more(bar: "Bar", board: Publication) -> None:
    till, deep = await bar.till(), -(2**31)
    assert board.version
    async with bar.db.connection() as conn:
        await conn.execute(
            "insert into food_menu.stock (outlet, product_id, level) values ($1, $2, $3)", HERE, BEER.id, deep
        )
    assert await offline(bar, till, till.write(lines=[Line(BEER.id, "Bière", 9, 700, 200, [], deposit=False)])) == [
        "booked"
    ]
    async with bar.db.connection() as conn:
        assert [level.level for level in await levels(conn, [HERE])] == [deep - 9]


# --- a refund uploaded before its sale
# --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["refund first", "both at once", "sale first"])
async def test_a_sale_and_its_refund_uploaded_by_two_tills_in_any_order_leave_the_wallet_unchanged(
    bar: "Bar", order: str
) -> None:
    bars, desks = [await bar.till() for _ in range(4)], [await bar.till() for _ in range(4)]
    fans = [await bar.fan(3000) for _ in range(4)]
    sales = [
        till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap())) for till, fan in zip(bars, fans, strict=True)
    ]
    backs = [till.write(Kind.REFUND, refund_of=refund_of(sale), **ALL) for till, sale in zip(desks, sales, strict=True)]
    ways: list[Any] = [
        lambda at: offline(bar, desks[at], backs[at]),
        lambda at: bar.send(bars[at], sent(sales[at], offline=True), process=1),
    ]
    if order == "both at once":
        await asyncio.gather(*(way(at) for at in range(4) for way in ways))
    else:
        for way in ways if order == "refund first" else reversed(ways):
            await asyncio.gather(*(way(at) for at in range(4)))
    assert [await bar.balance_of(fan) for fan in fans] == [3000] * 4
    assert await bar.of_kind("loss") == await bar.of_kind("revenue") == 0
    assert (await bar.refund(bars[0], sales[0], 1, TenderKind.CARD)).reason == "refund_exceeds_sale"


async def test_a_sale_waits_for_a_concurrent_refund_of_it(bar: "Bar") -> None:
    till, desk, fan = await bar.till(), await bar.till(), await bar.fan(3000)
    sale = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    back = desk.write(Kind.REFUND, refund_of=refund_of(sale), **ALL)
    async with bar.db.transaction() as refunding:
        await book_uploads(
            refunding, [[UploadedRecord(back, offline=True, seen={})]], LIMITS, kitchen, zone=PARIS, now=NOW
        )
        selling = asyncio.create_task(offline(bar, till, sale))
        async with bar.db.connection() as conn:
            waiting = "select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock' and datname = $1"
            here = await conn.fetchval("select current_database()")
            while not selling.done() and not await conn.fetchval(waiting, here):
                continue
    assert await selling == ["booked"]
    assert (await bar.balance_of(fan), await bar.of_kind("loss")) == (3000, 0)


async def test_refunds_that_wait_for_a_sale_give_together_at_most_its_amount(bar: "Bar") -> None:
    till, desks, fan = await bar.till(), [await bar.till(), await bar.till()], await bar.fan(1000)
    sale = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    for desk in desks:
        back: dict[str, Any] = {"lines": [beer(-1)], "tenders": [Tender(TenderKind.CARD, -700, None)]}
        assert await offline(bar, desk, desk.write(Kind.REFUND, refund_of=refund_of(sale), **back)) == ["booked"]
    assert await bar.of_kind("loss") == 1400, "the operator bears it until the sale is known"
    assert await offline(bar, till, sale) == ["booked"]
    assert await bar.balance_of(fan) == 1000
    assert await bar.of_kind("loss") == 1400 - 1000 - 150, (
        "kept by the desks, less what the wallet got, less what it lacked"
    )
    assert await offline(bar, till, sale) == ["known"]
    assert await bar.balance_of(fan) == 1000


# --- a tap whose online sale was refused
# ------------------------------------------------------------------------------


async def test_a_refused_tap_pays_only_the_same_record(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(100)
    proof = fan.tap()
    refused, _ = await bar.sell_online(till, by_card(ROUND_CENTS, proof))
    await bar.load(fan, 9000)
    for tip in (0, 500):
        tenders = by_card(ROUND_CENTS + tip, proof)
        _, answer = await bar.sell_online(till, tenders, id=refused.record.id, tip_cents=tip, event_id=fan.card_id)
        assert answer.reason == "tap_replayed"
    (answer,) = await bar.send(till, sent(refused))
    assert (answer.outcome, await bar.balance_of(fan)) == ("booked", 9100 - ROUND_CENTS)


async def test_a_refused_tap_is_invalid_after_the_next_tap(bar: "Bar") -> None:
    till, other, fan = await bar.till(), await bar.till(), await bar.fan(100)
    refused, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    await bar.load(fan, 9000)
    await bar.sell_online(other, by_card(ROUND_CENTS, fan.tap()))
    (answer,) = await bar.send(till, sent(refused))
    assert (answer.reason, await bar.balance_of(fan)) == ("tap_replayed", 9100 - ROUND_CENTS)


# --- bonus credit ----------------------------------------------------------------------------------------------------


async def give(bar: "Bar", fan: Fan, cents: int) -> None:
    """Grant bonus credit to a wallet."""
    grants = account(AccountKind.GRANTS, "tests")
    async with bar.db.transaction() as conn:
        gift = Transfer(fan.card_id, grants, bonus(fan.wallet_id), cents, "gift", fan.wallet_id)
        (outcome,) = await ledger.post(conn, [[gift]], NOW)
    assert isinstance(outcome, Posted)


@pytest.mark.parametrize("is_offline", [False, True])
async def test_bonus_credit_is_spent_first_and_each_payer_is_refunded_what_it_paid(
    bar: "Bar", is_offline: bool
) -> None:
    till, fan = await bar.till(), await bar.fan(2000)
    await give(bar, fan, 400)
    sale = till.sign(till.record(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap())))
    (answer,) = await bar.send(till, sent(sale, offline=is_offline))
    till.keep(sale)
    assert (answer.outcome, answer.available_cents, answer.loss_cents) == ("booked", 2400 - ROUND_CENTS, 0)
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (2000 - 750, 0)
    assert (await bar.refund(till, sale, 700, TenderKind.CARD)).outcome == "booked"
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (2000 - 50, 0), "the wallet is refunded first"
    assert (await bar.refund(till, sale, 450, TenderKind.CARD)).outcome == "booked"
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (2000, 400)


async def test_a_card_may_spend_bonus_credit_and_balance_together(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(700)
    await give(bar, fan, 449)
    _, answer = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert (answer.reason, answer.data) == ("insufficient_funds", {"available_cents": 1149})
    sale = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    (answer,) = await bar.send(till, sent(sale, offline=True))
    assert (answer.loss_cents, await bar.balance_of(fan), await bar.of_kind("bonus")) == (1, 0, 0)
