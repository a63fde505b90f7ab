"""Offline sales are always booked, once, in any order of uploads."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.matchday.food.menu.board import BEER, HERE, HOT_DOG
from tests.matchday.food.till.bar import ROUND, ROUND_CENTS, by_card, sent
from tests.money.fiscal.till import NOW, Till, beer, refund_of
from virage.matchday.food.menu.reads.stock import levels
from virage.matchday.food.menu.store.catalogue import Publication
from virage.money.fiscal.rules.record import (
    CENTS_MAX,
    LINES_MAX,
    QUANTITY_MAX,
    UNIT_CENTS_MAX,
    Kind,
    Line,
    Tender,
    TenderKind,
)
from virage.money.wallet.cards.acts import cards as card_acts
from virage.money.wallet.cards.acts.cards import Block
from virage.money.wallet.cards.rules.cards import BlockReason

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

CASH = [Tender(TenderKind.CASH, ROUND_CENTS, None)]


async def test_a_till_that_uploads_twice_sells_once(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(9000)
    sold = [till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap())) for _ in range(3)]
    upload = [sent(one, offline=True) for one in sold]
    answers = await asyncio.gather(*(bar.send(till, *upload, process=at) for at in range(2)))
    outcomes = sorted(tuple(answer.outcome for answer in one) for one in answers)
    assert outcomes == [("booked",) * 3, ("known",) * 3]
    assert await bar.balance_of(fan) == 9000 - 3 * ROUND_CENTS


async def test_two_offline_tills_and_one_card_lose_only_the_uncovered_amount(bar: "Bar") -> None:
    tills, fan = [await bar.till(), await bar.till()], await bar.fan(1500)
    taps = [fan.tap(), fan.tap()]
    for till, proof in zip(tills, reversed(taps), strict=True):  # the later tap is uploaded first
        await bar.sell_offline(till, by_card(ROUND_CENTS, proof))
    assert await bar.balance_of(fan) == 0
    assert [await bar.lost(till.id) for till in tills] == [[], [(2 * ROUND_CENTS - 1500, "insufficient_funds")]]
    assert await bar.of_kind("revenue") == 2 * ROUND_CENTS
    assert await bar.of_kind("loss") == 1500 - 2 * ROUND_CENTS


async def test_an_offline_tap_counts_once_in_any_order_of_uploads(bar: "Bar") -> None:
    tills, fan = [await bar.till(), await bar.till()], await bar.fan(9000)
    first, second = fan.tap(), fan.tap()
    await bar.sell_online(tills[0], by_card(ROUND_CENTS, second))
    answers = [(await bar.sell_offline(till, by_card(ROUND_CENTS, first)))[0] for till in tills]
    assert [answer.loss_cents for answer in answers] == [0, ROUND_CENTS]
    assert await bar.lost(tills[1].id) == [(ROUND_CENTS, "tap_replayed")]
    assert await bar.balance_of(fan) == 9000 - 2 * ROUND_CENTS


@pytest.mark.parametrize("what", ["tap_forged", "card_blocked", "tap_replayed"])
async def test_an_offline_sale_is_booked_and_an_uncovered_amount_is_a_loss_with_its_reason(
    bar: "Bar", what: str
) -> None:
    till, fan = await bar.till(), await bar.fan(9000)
    proof = fan.tap()
    if what == "tap_forged":
        proof = proof[:-1] + ("0" if proof[-1] != "0" else "1")
    if what == "card_blocked":
        async with bar.db.transaction() as conn:
            await card_acts.block_cards(conn, [Block(fan.card_id, BlockReason.LOST, None)], NOW)
    if what == "tap_replayed":
        await bar.sell_online(till, by_card(ROUND_CENTS, proof))
    (answer,) = await bar.sell_offline(till, by_card(ROUND_CENTS, proof))
    assert (answer.outcome, answer.loss_cents) == ("booked", ROUND_CENTS)
    assert await bar.lost(till.id) == [(ROUND_CENTS, what)]
    assert await bar.of_kind("loss") == -ROUND_CENTS


async def test_a_sale_sent_online_and_then_offline_is_one_sale(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(9000)
    written, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    (answer,) = await bar.send(till, sent(written, offline=True))
    assert (answer.outcome, answer.loss_cents) == ("known", 0)
    assert await bar.balance_of(fan) == 9000 - ROUND_CENTS


async def test_a_refused_sale_that_is_uploaded_offline_is_booked_as_a_loss(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(150)
    written, refused = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    (answer,) = await bar.send(till, sent(written, offline=True))
    assert (refused.outcome, answer.outcome, answer.loss_cents) == ("refused", "booked", 1000)
    assert await bar.balance_of(fan) == 0


async def test_an_inconsistent_offline_sale_is_booked(bar: "Bar") -> None:
    till = await bar.till()
    (answer,) = await bar.sell_offline(till, [Tender(TenderKind.CASH, ROUND_CENTS - 100, None)])
    assert answer.outcome == "booked"
    assert await bar.of_kind("loss") == -100


async def test_an_offline_sale_of_any_size_is_booked(bar: "Bar") -> None:
    till = await bar.till()
    lines = [beer(QUANTITY_MAX, UNIT_CENTS_MAX)] * LINES_MAX
    written = till.write(lines=lines, tenders=[Tender(TenderKind.CASH, CENTS_MAX, None)])
    (answer,) = await bar.send(till, sent(written, offline=True))
    assert answer.outcome == "booked"
    assert await bar.of_kind("revenue") == CENTS_MAX


async def test_a_till_that_lost_its_storage_receives_the_head_of_its_chain(bar: "Bar") -> None:
    till = await bar.till()
    written = till.write(lines=ROUND, tenders=CASH)
    await bar.send(till, sent(written, offline=True))
    empty = Till(till.id, till.signer)
    (answer,) = await bar.send(till, sent(empty.write(lines=ROUND, tenders=CASH), offline=True))
    assert (answer.reason, answer.data["expected"], answer.data["previous"]) == ("chain_forked", 2, written.hash)
    later = till.write(lines=ROUND, tenders=CASH)
    gap = till.write(lines=ROUND, tenders=CASH)
    (answer,) = await bar.send(till, sent(gap, offline=True))
    assert (answer.reason, answer.data["expected"]) == ("chain_gap", 2)
    assert [one.outcome for one in await bar.send(till, sent(later, offline=True), sent(gap, offline=True))] == [
        "booked"
    ] * 2


async def test_sold_items_leave_the_stock_once_and_cups_do_not(bar: "Bar", board: Publication) -> None:
    assert board.version
    till = await bar.till()
    lines = [
        Line(BEER.id, "Bière", 3, 700, 200, [], deposit=False),
        Line(HOT_DOG.id, "Consigne", 3, 100, 0, [], deposit=True),
    ]
    written = till.sign(till.record(lines=lines))
    for _ in range(2):
        await bar.send(till, sent(written, offline=True))
    till.keep(written)
    of, back = refund_of(written), [Line(BEER.id, "Bière", -1, 700, 200, [], deposit=False)]
    refund = till.sign(till.record(Kind.REFUND, lines=back, refund_of=of))
    assert [answer.outcome for answer in await bar.send(till, sent(refund))] == ["booked"]
    async with bar.db.connection() as conn:
        found = {(level.outlet, level.product_id): level.level for level in await levels(conn, [HERE])}
    assert found == {(HERE, BEER.id): -3}


@pytest.mark.parametrize("cents", [-100, 0])
async def test_a_card_tender_of_zero_or_less_does_not_block_the_till(bar: "Bar", cents: int) -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    for proof in (fan.tap(), "picc_data=hello"):
        tenders = [Tender(TenderKind.CARD, cents, proof), Tender(TenderKind.CASH, ROUND_CENTS - cents, None)]
        written = till.write(Kind.SALE, lines=ROUND, tenders=tenders)
        (answer,) = await bar.send(till, sent(written, offline=True))
        assert answer.outcome == "booked"
    assert await bar.balance_of(fan) == 3000
    assert await bar.of_kind("revenue") == 2 * ROUND_CENTS


async def test_a_moved_till_uploads_sales_of_its_earlier_outlet(bar: "Bar") -> None:
    till = await bar.till()
    till.outlet = "02"
    written = till.write(Kind.SALE, lines=ROUND, tenders=CASH)
    till.outlet = "01"
    (answer,) = await bar.send(till, sent(written, offline=True))
    assert answer.outcome == "booked"


async def test_a_sale_before_the_card_was_blocked_is_paid(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    sale = till.write(Kind.SALE, lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    async with bar.db.transaction() as conn:
        await conn.execute(
            "update wallet_cards.card set blocked_reason = 'owner', blocked_at = $1 where id = $2",
            sale.record.moment + timedelta(minutes=5),
            fan.card_id,
        )
    (answer,) = await bar.send(till, sent(sale, offline=True))
    assert (answer.loss_cents, await bar.balance_of(fan)) == (0, 3000 - ROUND_CENTS)
