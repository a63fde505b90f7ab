"""Refunds at tills: to the payers, up to what they paid."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid5

from tests.matchday.food.till.bar import ROUND, ROUND_CENTS, by_card, sent
from tests.money.fiscal.till import Till, beer, fries, refund_of
from virage.matchday.food.till.rules.booking import Part, transfers
from virage.money.fiscal.rules.record import Kind, Tender, TenderKind

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

CASH = [Tender(TenderKind.CASH, ROUND_CENTS, None)]
ROUND_BACK = [beer(-1), fries(-1)]
MORE = "refund_exceeds_sale"


async def test_a_refund_goes_to_the_paying_wallet_and_never_exceeds_the_sale(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    sale, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    assert (await bar.refund(till, sale, 700, TenderKind.CARD)).outcome == "booked"
    assert await bar.balance_of(fan) == 3000 - ROUND_CENTS + 700
    assert (await bar.refund(till, sale, 451, TenderKind.CARD)).reason == "refund_exceeds_sale"
    assert (await bar.refund(till, sale, 450, TenderKind.CARD)).outcome == "booked"
    assert await bar.of_kind("revenue") == 0


async def test_an_inconsistent_refund_is_refused_online(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    sale, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    for tender in (Tender(TenderKind.CARD, -699, None), Tender(TenderKind.CARD, 700, "picc_data=0&cmac=0")):
        of = refund_of(sale)
        written = till.sign(till.record(Kind.REFUND, lines=[beer(-1)], tenders=[tender], refund_of=of))
        (answer,) = await bar.send(till, sent(written))
        assert answer.outcome == "refused"
    assert await bar.balance_of(fan) == 3000 - ROUND_CENTS


async def test_an_offline_refund_never_credits_more_than_its_sale(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    sale, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    for cents in (700, 700):
        of = refund_of(sale)
        tenders = [Tender(TenderKind.CARD, -cents, None)]
        written = till.write(Kind.REFUND, lines=[beer(-1, cents)], tenders=tenders, refund_of=of)
        (answer,) = await bar.send(till, sent(written, offline=True))
        assert answer.outcome == "booked"
    assert await bar.balance_of(fan) == 3000
    assert await bar.of_kind("loss") == 2 * 700 - ROUND_CENTS, "the uncovered amount is not refunded"


async def test_a_refund_returns_to_each_card_what_it_paid_and_no_uncovered_amount(bar: "Bar") -> None:
    till, first, second, poor = await bar.till(), await bar.fan(100), await bar.fan(1050), await bar.fan(0)
    split = [*by_card(100, first.tap()), *by_card(1050, second.tap())]
    sale, _ = await bar.sell_online(till, split)
    assert (await bar.refund(till, sale, ROUND_CENTS, TenderKind.CARD)).outcome == "booked"
    assert (await bar.balance_of(first), await bar.balance_of(second)) == (100, 1050)
    lost = till.write(Kind.SALE, lines=ROUND, tenders=by_card(ROUND_CENTS, poor.tap()))
    await bar.send(till, sent(lost, offline=True))
    for kind in (TenderKind.CARD, TenderKind.CASH):
        assert (await bar.refund(till, lost, 700, kind)).reason == "refund_exceeds_sale"


async def test_a_sale_and_its_refund_in_one_upload_leave_the_wallet_unchanged(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    sale = till.write(Kind.SALE, lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    of = refund_of(sale)
    tenders = [Tender(TenderKind.CARD, -ROUND_CENTS, None)]
    back = till.write(Kind.REFUND, lines=[beer(-1), fries(-1)], tenders=tenders, refund_of=of)
    answers = await bar.send(till, sent(sale, offline=True), sent(back, offline=True))
    assert [answer.outcome for answer in answers] == ["booked", "booked"]
    assert await bar.balance_of(fan) == 3000
    assert await bar.of_kind("loss") == 0


async def test_a_refund_follows_a_card_that_was_linked_meanwhile(bar: "Bar") -> None:
    till, fan, other = await bar.till(), await bar.fan(3000), await bar.fan(0)
    sale, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    async with bar.db.connection() as conn:
        await conn.execute("update wallet_cards.card set purse_id = $1 where id = $2", other.wallet_id, fan.card_id)
    assert (await bar.refund(till, sale, 700, TenderKind.CARD)).outcome == "booked"
    assert (await bar.balance_of(other), await bar.balance_of(fan)) == (700, 3000 - ROUND_CENTS)


async def test_two_tills_cannot_refund_the_same_amount(bar: "Bar") -> None:
    tills, fan = [await bar.till() for _ in range(3)], await bar.fan(3000)
    sale, _ = await bar.sell_online(tills[0], by_card(1400, fan.tap()), lines=[beer(2)])
    answers = await asyncio.gather(*(bar.refund(till, sale, 700, TenderKind.CARD) for till in tills))
    assert sorted(answer.outcome for answer in answers) == ["booked", "booked", "refused"]
    assert await bar.balance_of(fan) == 3000


async def test_a_refund_of_no_sale_or_to_a_card_that_did_not_pay_is_refused(bar: "Bar") -> None:
    till = await bar.till()
    sale, _ = await bar.sell_online(till, CASH)
    assert (await bar.refund(till, sale, 700, TenderKind.CARD)).reason == "card_not_accepted"
    unknown = till.sign(till.record(lines=ROUND, tenders=CASH))
    assert (await bar.refund(till, unknown, 700, TenderKind.CASH)).reason == "sale_unknown"
    assert (await bar.refund(till, sale, 700, TenderKind.CASH)).outcome == "booked"


async def test_a_cash_refund_never_exceeds_the_cash_and_terminal_payments(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(3000)
    sale, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    for kind in (TenderKind.CASH, TenderKind.TERMINAL):
        assert (await bar.refund(till, sale, 700, kind)).reason == "refund_exceeds_sale"
    split = [*by_card(700, fan.tap()), Tender(TenderKind.CASH, 450, None)]
    sale, _ = await bar.sell_online(till, split)
    assert (await bar.refund(till, sale, 451, TenderKind.CASH)).reason == "refund_exceeds_sale"
    assert (await bar.refund(till, sale, 450, TenderKind.CASH)).outcome == "booked"
    assert (await bar.refund(till, sale, 1, TenderKind.CASH)).reason == "refund_exceeds_sale"
    assert (await bar.refund(till, sale, 700, TenderKind.CARD)).outcome == "booked"
    assert await bar.balance_of(fan) == 3000 - ROUND_CENTS


async def test_an_offline_cash_refund_is_not_also_credited_to_a_wallet(bar: "Bar") -> None:
    tills, fan = [await bar.till() for _ in range(2)], await bar.fan(3000)
    sale, _ = await bar.sell_online(tills[0], by_card(ROUND_CENTS, fan.tap()))
    offline = ((TenderKind.CASH, [beer(-1)]), (TenderKind.CARD, ROUND_BACK))
    for till, (kind, lines) in zip(tills, offline, strict=True):
        back = -sum(line.cents for line in lines)
        tenders, of = [Tender(kind, -back, None)], refund_of(sale)
        written = till.write(Kind.REFUND, lines=lines, tenders=tenders, refund_of=of)
        (answer,) = await bar.send(till, sent(written, offline=True))
        assert answer.outcome == "booked"
        asked = await bar.refund(till, sale, 450, TenderKind.CARD)
        assert (asked.outcome, asked.reason) == (("booked", None) if kind is TenderKind.CASH else ("refused", MORE))
    assert await bar.balance_of(fan) == 3000 - 700
    async with bar.db.connection() as conn:
        noted = [row[0] for row in await conn.fetch("select reason from food_till.deviation")]
    by_hand, *twice = noted
    assert by_hand == "refund_exceeds_sale", "a card payment refunded in cash"
    assert twice == ["refund_exceeds_sale", "not_in_sale", "not_in_sale"], "more than the amount of the sale"


def test_the_transfers_of_a_record_have_the_same_ids_each_time() -> None:
    till = Till()
    till.at += timedelta(minutes=1)
    record = till.record(lines=ROUND, tenders=CASH)
    first, again = transfers(record, [Part(0, ROUND_CENTS)]), transfers(record, [Part(0, ROUND_CENTS)])
    assert first == again
    assert first[0].id == uuid5(record.till, f"{record.id} transfer 0")
