"""Deviations of records from their catalogue version and the law."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.matchday.food.menu import board as shop
from tests.matchday.food.menu.board import (
    BEER,
    BOARD,
    COFFEE,
    COLA,
    CUP,
    FRIES,
    HERE,
    HOT_DOG,
    HOUR,
    MENU,
    THERE,
    a_match,
)
from tests.matchday.food.till.bar import sent
from tests.money.fiscal.till import NOW, Till
from virage.matchday.food.menu.rules.alcohol import AlcoholPermit
from virage.matchday.food.menu.rules.catalogue import Catalogue, Product
from virage.matchday.food.menu.rules.pricing import BasketLine, DepositReturn, PartChoice, Priced, price
from virage.matchday.food.menu.store.catalogue import Publication
from virage.matchday.food.till.reads.deviations import deviations
from virage.matchday.food.till.rules.catalogue_check import sale_deviations
from virage.money.fiscal.rules.record import Kind, Line, Record, Tender, TenderKind, VerifiedRecord
from virage.platform.values.ids import new_id

if TYPE_CHECKING:
    from tests.matchday.food.till.bar import Bar

MATCH = a_match()
ALLOWED = AlcoholPermit(new_id(), MATCH.organiser_id, NOW - HOUR, NOW + 4 * HOUR, "2026-17")


def printed(priced: Priced, catalogue: Catalogue = BOARD) -> list[Line]:
    """Return the record lines of a basket."""
    lines = []
    for one in priced.lines:
        item = catalogue.items[one.item_id]
        options = []
        if isinstance(item, Product):
            chosen = {option.code: {choice.code: choice.name for choice in option.choices} for option in item.options}
            options = [chosen[code][choice]["fr"] for code, choice in one.options.items()]
        is_cup = one.kind != "product"
        lines.append(
            Line(one.item_id, one.name["fr"], one.quantity, one.unit_cents, one.vat_permille, options, deposit=is_cup)
        )
    return lines


def sale(lines: Sequence[Line], at: datetime = NOW, outlet: str = HERE) -> Record:
    till = Till()
    till.at, till.outlet = at, outlet
    return till.record(lines=list(lines), catalogue=BOARD.version)


def reasons(record: Record, event: Any = MATCH, allowed: Sequence[AlcoholPermit] = (ALLOWED,)) -> list[tuple[str, Any]]:
    return [(one.reason.value, one.line) for one in sale_deviations(record, BOARD, event, allowed)]


WISHES = st.lists(
    st.one_of(
        st.builds(BasketLine, st.sampled_from([BEER.id, COLA.id, COFFEE.id, FRIES.id]), st.integers(1, 9)),
        st.builds(
            lambda n, sauce: BasketLine(HOT_DOG.id, n, {"sauce": sauce}),
            st.integers(1, 9),
            st.sampled_from(["ketchup", "truffle"]),
        ),
        st.builds(
            lambda n, sauce, drink: BasketLine(
                MENU.id,
                n,
                parts={"dish": PartChoice(HOT_DOG.id, {"sauce": sauce}), "drink": PartChoice(drink)},
            ),
            st.integers(1, 9),
            st.sampled_from(["ketchup", "truffle"]),
            st.sampled_from([BEER.id, COLA.id]),
        ),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(WISHES, st.integers(-150, 100), st.integers(0, 3))
def test_a_basket_priced_by_the_rules_is_never_a_deviation(wishes: list[BasketLine], minutes: int, cups: int) -> None:
    moment = MATCH.starts_at + timedelta(minutes=minutes)
    returns = [DepositReturn(CUP.id, cups)] if cups else []
    priced = price(shop.basket(*wishes, returns=returns), BOARD, HERE, moment, event=MATCH)
    assert isinstance(priced, Priced), priced
    assert reasons(sale(printed(priced), moment), allowed=[replace(ALLOWED, starts_at=moment)]) == []


@settings(deadline=None)
@given(WISHES, st.data())
def test_a_cent_more_or_less_is_a_deviation_of_its_line(wishes: list[BasketLine], data: st.DataObject) -> None:
    priced = price(shop.basket(*wishes), BOARD, HERE, NOW, event=MATCH)
    assert isinstance(priced, Priced)
    lines = printed(priced)
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = replace(lines[at], unit_cents=lines[at].unit_cents + data.draw(st.sampled_from([-1, 1])))
    assert ("price_wrong", at) in reasons(sale(lines))


def a_beer(**changes: Any) -> Line:
    return replace(Line(BEER.id, "Bière", 1, 700, 200, [], deposit=False), **changes)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (a_beer(product=new_id()), "unknown_product"),
        (a_beer(vat_permille=100), "vat_rate_wrong"),
        (a_beer(unit_cents=800), "price_wrong"),
        (a_beer(options=["Ketchup"]), "option_unknown"),
        (Line(HOT_DOG.id, "Hot dog", 1, 650, 100, [], deposit=False), "option_unknown"),
        (Line(CUP.id, "Gobelet", 1, 150, 0, [], deposit=True), "price_wrong"),
        (Line(BEER.id, "Gobelet", 1, 700, 0, [], deposit=True), "unknown_product"),
    ],
)
def test_a_line_without_a_matching_price_names_its_reason(line: Line, reason: str) -> None:
    assert (reason, 0) in reasons(sale([line]))


def test_an_outlet_sells_its_own_items_at_its_own_prices() -> None:
    fries = Line(FRIES.id, "Frites", 1, 400, FRIES.vat_permille, [], deposit=False)
    assert reasons(sale([fries], outlet=THERE)) == [("not_at_this_outlet", 0)]
    assert reasons(sale([a_beer(unit_cents=800)], outlet=THERE)) == []


@pytest.mark.parametrize(
    ("event", "allowed", "why"),
    [
        (MATCH, [], "no_derogation"),
        (None, [ALLOWED], "no_event"),
        (replace(MATCH, rules=replace(MATCH.rules, alcohol=False)), [ALLOWED], "house_rule"),
        (MATCH, [replace(ALLOWED, withdrawn_at=NOW)], "no_derogation"),
    ],
)
def test_alcohol_rules_apply_at_the_time_of_the_sale(event: Any, allowed: list[AlcoholPermit], why: str) -> None:
    (found,) = sale_deviations(sale([a_beer()]), BOARD, event, allowed)
    assert (found.reason, found.data) == ("alcohol_forbidden", {"why": why})


# --- at the counter --------------------------------------------------------------------------------------------------


COFFEE_LINE = Line(COFFEE.id, "Café", 1, 250, COFFEE.vat_permille, [], deposit=False)


def a_coffee(till: Till, version: str, **changes: Any) -> VerifiedRecord:
    line = replace(COFFEE_LINE, **changes)
    return till.sign(till.record(lines=[line], tenders=[Tender(TenderKind.CASH, line.cents, None)], catalogue=version))


async def test_an_online_sale_outside_the_catalogue_is_refused(bar: "Bar", board: Publication) -> None:
    till = await bar.till()
    for written, reason, data in (
        (a_coffee(till, board.version, unit_cents=200), "price_wrong", {"unit_cents": 250, "line": 0}),
        (a_coffee(till, "0" * 32), "price_changed", {"version": board.version}),
        (a_coffee(till, board.version, product=BEER.id), "vat_rate_wrong", {"vat_permille": 200, "line": 0}),
    ):
        (answer,) = await bar.send(till, sent(written))
        assert (answer.reason, answer.data) == (reason, data)
    (answer,) = await bar.send(till, sent(a_coffee(till, board.version)))
    assert answer.outcome == "booked"


async def test_a_cup_returned_without_a_sale_is_refunded_its_deposit(bar: "Bar", board: Publication) -> None:
    till = await bar.till()
    for cents, outcome, reason in ((CUP.cents + 1, "refused", "price_wrong"), (CUP.cents, "booked", None)):
        line = Line(CUP.id, "Gobelet", -3, cents, 0, [], deposit=True)
        cash = [Tender(TenderKind.CASH, line.cents, None)]
        said = till.record(Kind.REFUND, lines=[line], tenders=cash, refund_of=None, catalogue=board.version)
        (answer,) = await bar.send(till, sent(till.sign(said)))
        assert (answer.outcome, answer.reason) == (outcome, reason)
    assert await bar.of_kind("cash") == 3 * CUP.cents


async def test_offline_records_are_booked_and_their_deviations_stored_once(bar: "Bar", board: Publication) -> None:
    till = await bar.till()
    cheap = till.keep(a_coffee(till, board.version, unit_cents=200))
    strange = till.keep(a_coffee(till, "no version"))
    right = till.keep(a_coffee(till, board.version))
    for _ in range(2):
        await bar.send(till, *(sent(one, offline=True) for one in (cheap, strange, right)))
    async with bar.db.connection() as conn:
        noted = await deviations(conn, None, None)
        elsewhere = await deviations(conn, ["02"], None)
        facts = await conn.fetchval("select count(*) from kernel.journal where what = 'record_deviated'")
    assert [(one.record_id, one.reason, one.line) for one in noted] == [
        (cheap.record.id, "price_wrong", 0),
        (strange.record.id, "catalogue_unknown", None),
    ]
    assert (elsewhere, facts) == ([], 2)
    assert await bar.of_kind("cash") == -(200 + 250 + 250)
