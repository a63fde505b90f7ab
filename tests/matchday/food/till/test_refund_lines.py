"""Refunds compared with their sale: items, prices, tips, deposits, and bonus credit that never becomes cash."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
from hypothesis import given
from msgspec.structs import replace

from tests.matchday.food.menu.board import CUP
from tests.matchday.food.till.bar import ROUND, ROUND_CENTS, Fan, by_card, sent
from tests.money.fiscal.till import NOW, Till, beer, cup, fries, refund_of
from virage.matchday.food.menu.store.catalogue import Publication
from virage.matchday.food.till.reads.deviations import deviations
from virage.matchday.food.till.rules.booking import (
    Part,
    bonus_limit,
    booked_parts,
    key_of,
    pay_part,
    refund_parts,
    refund_refusal,
    remaining_by_payer,
)
from virage.matchday.food.till.rules.refunds import Receipt, cash_liability, refund_deviations
from virage.money.fiscal.rules.record import Kind, Line, Record, Tender, TenderKind, VerifiedRecord
from virage.money.wallet.ledger import acts as ledger
from virage.money.wallet.ledger.rules import AccountKind, Posted, Transfer, account, bonus
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

NOT_IN_SALE = "not_in_sale"
EXCEEDS = "refund_exceeds_sale"


def cash(cents: int) -> list[Tender]:
    return [Tender(TenderKind.CASH, cents, None)]


def back_of(
    till: Till, sale: VerifiedRecord, lines: Sequence[Line], kind: TenderKind = TenderKind.CASH, **said: Any
) -> Record:
    cents = sum(line.cents for line in lines) + said.get("tip_cents", 0)
    tenders = [Tender(kind, cents, None)]
    return till.record(Kind.REFUND, lines=list(lines), tenders=tenders, refund_of=refund_of(sale), **said)


async def send_online(bar: "Bar", till: Till, record: Record) -> tuple[str | None, dict[str, Any]]:
    written = till.sign(record)
    (answer,) = await bar.send(till, sent(written))
    if answer.outcome == "booked":
        till.keep(written)
    return answer.reason, answer.data


async def upload(bar: "Bar", till: Till, *records: VerifiedRecord) -> list[str]:
    return [answer.outcome for answer in await bar.send(till, *(sent(one, offline=True) for one in records))]


async def stored_deviations(bar: "Bar") -> list[tuple[Any, str, int | None]]:
    async with bar.db.connection() as conn:
        return [(one.record_id, str(one.reason), one.line) for one in await deviations(conn, None, None)]


# --- the lines of a sale ---------------------------------------------------------------------------------------------


async def test_an_online_refund_returns_only_items_of_the_sale(bar: "Bar") -> None:
    till = await bar.till()
    sale, _ = await bar.sell_online(till, cash(1_850), lines=[beer(2), fries()])
    for lines, line, left in (
        ([beer(-3, 600)], 0, 0),  # more pieces, at another price
        ([fries(-1), beer(-1, 701)], 1, 0),  # a higher price
        ([replace(beer(-1), vat_permille=100)], 0, 0),  # at another rate of VAT
        ([replace(beer(-1), product=new_id())], 0, 0),  # another product
        ([replace(beer(-1), deposit=True, vat_permille=0)], 0, 0),  # a cup that the sale did not have
        ([fries(-1), fries(-1)], 1, 0),  # too many, in two lines
        ([fries(-2)], 0, 1),
    ):
        assert await send_online(bar, till, back_of(till, sale, lines)) == (
            NOT_IN_SALE,
            {"line": line, "left": left},
        ), lines
    assert await bar.of_kind("cash") == -1_850, "a refused refund changes nothing"
    assert await send_online(bar, till, back_of(till, sale, [replace(beer(-1), name="Beer 50 cl")])) == (None, {})


async def test_refunds_of_one_sale_never_exceed_its_quantities(bar: "Bar") -> None:
    till, other = await bar.till(), await bar.till()
    sale, _ = await bar.sell_online(till, cash(1_850), lines=[beer(2), fries()])
    assert await upload(bar, other, other.keep(other.sign(back_of(other, sale, [beer(-1)])))) == ["booked"]
    assert await send_online(bar, till, back_of(till, sale, [beer(-2, 200)])) == (NOT_IN_SALE, {"line": 0, "left": 0})
    assert await send_online(bar, till, back_of(till, sale, [beer(-1)])) == (None, {})
    again = other.keep(other.sign(back_of(other, sale, [beer(-1, 450)])))
    assert await upload(bar, other, again) == ["booked"], "an offline refund is booked"
    assert await stored_deviations(bar) == [(again.record.id, NOT_IN_SALE, 0)]
    assert await upload(bar, other, again) == ["known"]
    assert len(await stored_deviations(bar)) == 1


async def test_an_offline_refund_to_a_card_that_did_not_pay_is_a_deviation(bar: "Bar") -> None:
    till, other = await bar.till(), await bar.till()
    sale, _ = await bar.sell_online(till, cash(1_850), lines=[beer(2), fries()])
    wrong = other.keep(other.sign(back_of(other, sale, [beer(-1)], TenderKind.CARD)))
    assert await upload(bar, other, wrong) == ["booked"]
    assert await stored_deviations(bar) == [(wrong.record.id, "card_not_accepted", None)]


async def test_a_tip_is_refunded_once(bar: "Bar") -> None:
    till = await bar.till()
    sale, _ = await bar.sell_online(till, cash(1_600), lines=[beer(2)], tip_cents=200)
    wrong = back_of(till, sale, [beer(-1)], tip_cents=-201)
    assert await send_online(bar, till, wrong) == (NOT_IN_SALE, {"left_cents": 200})
    assert await send_online(bar, till, back_of(till, sale, [beer(-1)], tip_cents=-200)) == (None, {})
    assert await send_online(bar, till, back_of(till, sale, [beer(-1)], tip_cents=-1)) == (EXCEEDS, {})


async def test_refunds_uploaded_before_their_sale_are_checked_once_it_is_booked(bar: "Bar") -> None:
    till, desk, fan = await bar.till(), await bar.till(), await bar.fan(3_000)
    sale = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()))
    wrong = desk.keep(desk.sign(back_of(desk, sale, [beer(-1)])))  # in cash, after a payment by card
    twice = desk.keep(desk.sign(back_of(desk, sale, [beer(-1), fries(-1)], TenderKind.CARD)))
    assert await upload(bar, desk, wrong, twice) == ["booked", "booked"]
    unknown = [(one.record.id, "sale_unknown", None) for one in (wrong, twice)]
    assert await stored_deviations(bar) == unknown
    assert await upload(bar, till, sale) == ["booked"]
    assert sorted(await stored_deviations(bar), key=str) == sorted(
        [
            *unknown,
            (wrong.record.id, EXCEEDS, None),
            (twice.record.id, EXCEEDS, None),
            (twice.record.id, NOT_IN_SALE, 0),
        ],
        key=str,
    )
    assert await bar.balance_of(fan) == 3_000 - 700, "a cash refund is not credited to the card as well"


async def test_a_sale_that_names_another_sale_is_not_its_refund(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(5_000)
    sale, _ = await bar.sell_online(till, by_card(ROUND_CENTS, fan.tap()))
    strange = till.write(lines=ROUND, tenders=by_card(ROUND_CENTS, fan.tap()), refund_of=refund_of(sale))
    assert await upload(bar, till, strange) == ["booked"]
    for one in (sale, strange):
        assert (await bar.refund(till, one, ROUND_CENTS, TenderKind.CARD)).outcome == "booked"
        assert (await bar.refund(till, one, 700, TenderKind.CARD)).reason == EXCEEDS
    assert await bar.balance_of(fan) == 5_000


async def test_cups_at_a_wrong_deposit_are_a_deviation(bar: "Bar", board: Publication) -> None:
    till = await bar.till()
    line = Line(CUP.id, "Gobelet", -3, CUP.cents + 1, 0, [], deposit=True)
    said = till.record(Kind.REFUND, lines=[line], tenders=cash(line.cents), refund_of=None, catalogue=board.version)
    dear = till.keep(till.sign(said))
    assert await upload(bar, till, dear) == ["booked"]
    assert await stored_deviations(bar) == [(dear.record.id, "price_wrong", 0)]


pieces = st.lists(st.sampled_from([beer(), fries(), cup(), beer(1, 600)]), min_size=1, max_size=6)


@given(pieces, st.lists(pieces, max_size=4))
def test_refunds_without_deviation_never_exceed_their_sale(sold: list[Line], backs: list[list[Line]]) -> None:
    till = Till()
    sale = till.record(lines=sold)
    receipt, left = Receipt(sale, []), [*sold]
    for back in backs:
        refund = till.record(Kind.REFUND, lines=[replace(line, quantity=-line.quantity) for line in back])
        found, over = refund_deviations(refund, receipt), []
        trial = [*left]
        for number, line in enumerate(back):
            if line in trial:
                trial.remove(line)
            else:
                over.append(number)
        assert [one.line for one in found] == over
        if not over:
            receipt.refunds.append(refund)
            left = trial


# --- bonus credit -----------------------------------------------------------------------------------------------------


async def give(bar: "Bar", fan: Fan, cents: int) -> None:
    grants = account(AccountKind.GRANTS, "tests")
    async with bar.db.transaction() as conn:
        gift = Transfer(fan.card_id, grants, bonus(fan.wallet_id), cents, "gift", fan.wallet_id)
        (outcome,) = await ledger.post(conn, [[gift]], NOW)
    assert isinstance(outcome, Posted)


WITH_CUP = [beer(), fries(), cup()]  # 12.50, of which 1.00 is a deposit


async def test_bonus_credit_pays_no_deposit(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(99)
    await give(bar, fan, 5_000)
    _, answer = await bar.sell_online(till, by_card(1_250, fan.tap()), lines=WITH_CUP)
    assert (answer.reason, answer.data) == ("insufficient_funds", {"available_cents": 1_249})
    await bar.load(fan, 1)
    _, answer = await bar.sell_online(till, by_card(1_250, fan.tap()), lines=WITH_CUP)
    assert answer.outcome == "booked"
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (0, 5_000 - 1_150)


async def test_bonus_credit_pays_no_tip_also_after_refunds(bar: "Bar") -> None:
    """Tips are paid out to staff, so bonus credit would become cash."""
    till, fan = await bar.till(), await bar.fan(99)
    await give(bar, fan, 5_000)
    _, answer = await bar.sell_online(till, by_card(ROUND_CENTS + 100, fan.tap()), tip_cents=100)
    assert (answer.reason, answer.data) == ("insufficient_funds", {"available_cents": ROUND_CENTS + 99})
    await bar.load(fan, 1)
    sale, answer = await bar.sell_online(till, by_card(ROUND_CENTS + 100, fan.tap()), tip_cents=100)
    assert answer.outcome == "booked"
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (0, 5_000 - ROUND_CENTS)
    for lines, tip, own in (([beer(-1)], 0, 0), ([fries(-1)], -100, 100)):
        assert await send_online(bar, till, back_of(till, sale, lines, TenderKind.CARD, tip_cents=tip)) == (None, {})
        assert await bar.balance_of(fan) == own
    assert await bar.of_kind("bonus") == 5_000


async def test_an_offline_deposit_is_not_paid_by_bonus_credit(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(0)
    await give(bar, fan, 5_000)
    sale = till.write(lines=WITH_CUP, tenders=by_card(1_250, fan.tap()))
    (answer,) = await bar.send(till, sent(sale, offline=True))
    assert (answer.outcome, answer.loss_cents) == ("booked", 100)
    assert await bar.of_kind("bonus") == 5_000 - 1_150


async def test_bonus_credit_never_becomes_cash_by_a_deposit(bar: "Bar") -> None:
    """The goods are refunded to bonus credit, because the cup is refunded in cash."""
    till, fan = await bar.till(), await bar.fan(100)
    await give(bar, fan, 1_150)
    sale, _ = await bar.sell_online(till, by_card(1_250, fan.tap()), lines=WITH_CUP)
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (0, 0)
    assert await send_online(bar, till, back_of(till, sale, [beer(-1)], TenderKind.CARD)) == (None, {})
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (0, 700)
    assert await send_online(bar, till, back_of(till, sale, [fries(-1)], TenderKind.CARD)) == (None, {})
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (0, 1_150)
    assert await send_online(bar, till, back_of(till, sale, [cup(-1)], TenderKind.CARD)) == (None, {})
    assert (await bar.balance_of(fan), await bar.of_kind("bonus")) == (100, 1_150)


async def test_a_deposit_paid_in_cash_does_not_allow_a_cash_refund_of_food(bar: "Bar") -> None:
    till, fan = await bar.till(), await bar.fan(0)
    await give(bar, fan, 1_150)
    split = [*cash(100), *by_card(1_150, fan.tap())]
    sale, _ = await bar.sell_online(till, split, lines=WITH_CUP)
    cheap = [replace(fries(-1), unit_cents=100)]
    assert await send_online(bar, till, back_of(till, sale, cheap)) == (EXCEEDS, {})
    assert await send_online(bar, till, back_of(till, sale, [beer(-1), fries(-1)], TenderKind.CARD)) == (None, {})
    assert await bar.of_kind("bonus") == 1_150
    assert await send_online(bar, till, back_of(till, sale, [cup(-1)])) == (None, {})


@given(
    st.integers(0, 3),
    st.integers(0, 2_000),
    st.integers(0, 2_000),
    st.integers(0, 2_000),
    st.lists(st.sampled_from(["beer", "cup"]), max_size=8),
)
def test_deposits_bring_no_more_cash_than_the_payers_own_money(
    beers: int, by_hand: int, own: int, given_cents: int, backs: list[str]
) -> None:
    till, wallet_id = Till(), new_id()
    lines = [beer(beers + 1), cup(beers + 1)]
    total = sum(line.cents for line in lines)
    hand = min(by_hand, total)
    tenders = [*(cash(hand) if hand else []), *(by_card(total - hand, "x") if total > hand else [])]
    sale = till.sign(till.record(lines=lines, tenders=tenders))
    available = {wallet_id: own, bonus(wallet_id).id: given_cents}
    parts: list[Part] = []
    for at, tender in enumerate(tenders):
        part = Part(at, tender.cents, wallet_id if tender.kind is TenderKind.CARD else None)
        paid = pay_part(part, available, bonus_limit_cents=bonus_limit(sale.record), has_happened=False)
        if isinstance(paid, Refused):
            return
        parts += paid
    booked = booked_parts(sale.record, parts)
    own_paid = sum(part.cents for part in parts if not part.bonus)
    receipt, own_back = Receipt(sale.record, []), 0
    for what in backs:
        line = {"beer": beer(-1), "cup": cup(-1)}[what]
        for kind in (TenderKind.CARD, TenderKind.CASH):
            refund = back_of(till, sale, [line], kind)
            cash_liability_cents = cash_liability(sale.record, [*receipt.refunds, refund])
            if refund_deviations(refund, receipt) or refund_refusal(
                refund, booked, cash_liability_cents=cash_liability_cents
            ):
                continue
            given_parts = refund_parts(refund, booked, {}, cash_liability_cents=cash_liability_cents)
            booked += booked_parts(refund, given_parts)
            receipt.refunds.append(refund)
            own_back -= sum(part.cents for part in given_parts if not part.bonus)
            break
    cash_liability_cents = cash_liability(sale.record, receipt.refunds)
    assert own_back + cash_liability_cents <= own_paid, "cups not yet returned may still be refunded in cash"
    assert all(cents >= 0 for cents in remaining_by_payer(key_of(sale.record), booked).values())
