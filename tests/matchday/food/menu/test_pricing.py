"""The price of a basket: one price applies, a menu is split to the cent, cups are without VAT."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.matchday.food.menu.board import (
    BEER,
    BOARD,
    COFFEE,
    COLA,
    CUP,
    EARLY,
    FRIES,
    HERE,
    HOT_DOG,
    HOUR,
    MENU,
    MINUTE,
    NOW,
    PRICES,
    THERE,
    a_catalogue,
    a_match,
    a_product,
    basket,
    both,
    line,
)
from virage.matchday.food.menu.reads.catalogue import shown_at
from virage.matchday.food.menu.rules.catalogue import Item, Menu, Part, Price, Product, Window
from virage.matchday.food.menu.rules.defects import check_prices
from virage.matchday.food.menu.rules.pricing import (
    Basket,
    BasketLine,
    BasketVat,
    DepositReturn,
    PartChoice,
    Priced,
    Reason,
    list_price,
    price,
    split,
)
from virage.platform.values.ids import new_id
from virage.platform.values.money import vat_included
from virage.platform.values.refusals import Refused

KETCHUP = {"sauce": "ketchup"}
WITH_COLA = {"dish": PartChoice(HOT_DOG.id, KETCHUP), "drink": PartChoice(COLA.id)}
WITH_BEER = WITH_COLA | {"drink": PartChoice(BEER.id)}


def priced(wanted: Basket, outlet: str = HERE, catalogue: Any = BOARD, event: Any = None) -> Priced:
    found = price(wanted, catalogue, outlet, NOW, event=event)
    assert isinstance(found, Priced), found
    return found


def refusal(wanted: Basket, outlet: str = HERE) -> Refused:
    found = price(wanted, BOARD, outlet, NOW, event=None)
    assert isinstance(found, Refused), found
    return found


def test_a_line_is_its_quantity_times_its_price_and_contains_its_vat() -> None:
    found = priced(basket(line(COFFEE, 3)))
    (one,) = found.lines
    assert (one.quantity, one.unit_cents, one.gross_cents) == (3, 250, 750)
    assert (one.vat_permille, one.vat_cents) == (100, 68)  # 750 / 11
    assert found.vat == (BasketVat(100, 750, 68),)
    assert found.total_cents == 750


def test_the_surcharge_of_a_choice_is_in_the_price_of_each() -> None:
    (one,) = priced(basket(line(HOT_DOG, 2, options={"sauce": "truffle"}))).lines
    assert (one.unit_cents, one.gross_cents, one.options) == (800, 1600, {"sauce": "truffle"})


def test_a_cup_is_a_line_of_its_own_without_vat() -> None:
    found = priced(basket(line(COLA, 2)))
    drink, cup = found.lines
    assert (drink.kind, drink.gross_cents) == ("product", 900)
    assert (cup.kind, cup.item_id, cup.quantity, cup.gross_cents) == ("deposit", CUP.id, 2, 400)
    assert (cup.vat_permille, cup.vat_cents) == (0, 0)
    assert found.vat == (BasketVat(0, 400, 0), BasketVat(100, 900, 82))
    assert found.total_cents == 1300


def test_a_returned_cup_is_a_negative_line_and_may_be_the_only_one() -> None:
    found = priced(basket(returns=(DepositReturn(CUP.id, 3),)))
    (cup,) = found.lines
    assert (cup.kind, cup.quantity, cup.unit_cents, cup.gross_cents) == ("deposit_return", -3, 200, -600)
    assert found.total_cents == -600


def test_a_menu_has_one_line_per_part_with_its_vat() -> None:
    found = priced(basket(line(MENU, 2, parts=WITH_BEER)))
    dish, side, drink, cup = found.lines
    assert [(one.item_id, one.part, one.menu_id) for one in (dish, side, drink)] == [
        (HOT_DOG.id, "dish", MENU.id),
        (FRIES.id, "side", MENU.id),
        (BEER.id, "drink", MENU.id),
    ]
    assert [one.unit_cents for one in (dish, side, drink)] == [483, 297, 520]  # 1300 by 650 : 400 : 700
    assert [one.vat_permille for one in found.lines] == [100, 100, 200, 0]
    assert (cup.quantity, found.total_cents) == (2, 2 * 1300 + 2 * 200)


def test_the_surcharge_of_a_choice_is_added_to_the_price_of_its_menu() -> None:
    parts = WITH_COLA | {"dish": PartChoice(HOT_DOG.id, {"sauce": "truffle"})}
    found = priced(basket(line(MENU, parts=parts)))
    assert found.total_cents == 1300 + 150 + 200


def test_a_part_with_one_product_need_not_be_chosen_but_its_required_option_must() -> None:
    assert refusal(basket(line(MENU, parts={"drink": PartChoice(COLA.id)}))).data == {"line": 0, "option": "sauce"}
    assert priced(basket(line(MENU, parts=WITH_COLA))).lines[1].item_id == FRIES.id


@given(st.integers(0, 100_000), st.lists(st.integers(0, 100_000), min_size=1, max_size=8))
def test_parts_sum_to_the_whole_and_none_is_off_by_a_cent_or_more(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    shares = weights if any(weights) else [1] * len(weights)
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=True):
        assert abs(part * sum(shares) - total * share) < sum(shares)


@given(
    st.lists(st.tuples(st.integers(0, 5000), st.sampled_from([55, 100, 200]), st.booleans()), min_size=1, max_size=8),
    st.integers(0, 10_000),
    st.integers(1, 99),
)
def test_a_menu_costs_its_price_to_the_cent_whatever_is_in_it(
    sold: list[tuple[int, int, bool]], cents: int, quantity: int
) -> None:
    items: list[Item] = [CUP]
    prices: dict[Any, tuple[Price, ...]] = {}
    parts = []
    for number, (own, rate, in_cup) in enumerate(sold):
        product = a_product(vat_permille=rate, deposit_id=CUP.id if in_cup else None)
        items.append(product)
        prices[product.id] = (Price(own),)
        parts.append(Part(f"p{number}", both("Part"), (product.id,)))
    menu = Menu(id=new_id(), name=both("Menu"), parts=tuple(parts))
    catalogue = a_catalogue((*items, menu), prices | {menu.id: (Price(cents),)})
    found = priced(basket(line(menu, quantity), version=catalogue.version), catalogue=catalogue)
    parts_of_it = [one for one in found.lines if one.kind == "product"]
    cups = sum(in_cup for _, _, in_cup in sold)
    assert sum(one.gross_cents for one in parts_of_it) == cents * quantity
    assert found.total_cents == (cents + cups * CUP.cents) * quantity


@given(st.data())
def test_a_receipt_adds_up_line_by_line_and_rate_by_rate(data: st.DataObject) -> None:
    amounts = st.integers(1, 99)
    some = {
        "coffee": line(COFFEE, data.draw(amounts)),
        "beer": line(BEER, data.draw(amounts)),
        "dog": line(HOT_DOG, data.draw(amounts), options=KETCHUP),
        "menu": line(MENU, data.draw(amounts), parts=data.draw(st.sampled_from([WITH_COLA, WITH_BEER]))),
    }
    chosen = data.draw(st.lists(st.sampled_from(sorted(some)), min_size=1, max_size=6))
    returns = tuple(DepositReturn(CUP.id, one) for one in data.draw(st.lists(amounts, max_size=2)))
    found = priced(basket(*(some[name] for name in chosen), returns=returns))
    for one in found.lines:
        assert one.gross_cents == one.quantity * one.unit_cents
        assert abs(one.vat_cents - vat_included(one.gross_cents, one.vat_permille)) <= 1
    assert [total.vat_permille for total in found.vat] == sorted({one.vat_permille for one in found.lines})
    for total in found.vat:
        lines = [one for one in found.lines if one.vat_permille == total.vat_permille]
        assert total.gross_cents == sum(one.gross_cents for one in lines)
        assert total.vat_cents == vat_included(total.gross_cents, total.vat_permille)
        assert total.vat_cents == sum(one.vat_cents for one in lines)
    assert sum(total.gross_cents for total in found.vat) == found.total_cents


# --- the applied price ---------------------------------------------------------------------------------------------

SAID = (
    Price(1),
    Price(2, None, Window(-60, 0)),
    Price(3, HERE),
    Price(4, HERE, Window(-60, 0)),
    Price(5, THERE, Window(-60, 0)),
)


@pytest.mark.parametrize(
    ("outlet", "minute", "cents"),
    [
        ("09", None, 1),
        ("09", 5, 1),
        ("09", -30, 2),
        (HERE, 5, 3),
        (HERE, -30, 4),
        (HERE, None, 3),
        (THERE, -30, 5),
        (THERE, 5, 1),
    ],
)
def test_the_most_specific_price_applies(outlet: str, minute: int | None, cents: int) -> None:
    since = None if minute is None else timedelta(minutes=minute)
    assert list_price(SAID, outlet, since) == cents


def test_a_price_of_the_outlet_overrides_a_price_window() -> None:
    assert list_price((Price(1), Price(2, None, Window(-60, 0)), Price(3, HERE)), HERE, timedelta(minutes=-30)) == 3


def test_a_window_begins_with_its_first_minute_and_ends_before_its_last() -> None:
    found = [list_price(PRICES[HOT_DOG.id], HERE, timedelta(minutes=at)) for at in (-121, -120, -31, -30)]
    assert found == [650, 500, 500, 650]


def test_a_window_follows_the_start_of_the_event_and_is_closed_without_one() -> None:
    wanted = basket(line(HOT_DOG, options=KETCHUP))
    assert priced(wanted, event=a_match(NOW + HOUR)).total_cents == 500
    assert priced(wanted, event=a_match(NOW + 29 * MINUTE)).total_cents == 650
    assert priced(wanted).total_cents == 650


WINDOWS = st.tuples(st.integers(-200, 200), st.integers(-200, 200)).map(lambda two: Window(min(two), max(two) + 1))
SOME_PRICES = st.lists(
    st.builds(Price, st.integers(0, 999), st.sampled_from([None, HERE, THERE]), st.none() | WINDOWS), max_size=6
).filter(lambda said: check_prices(said, {HERE, THERE}) is None)


@given(SOME_PRICES, st.integers(-250, 250) | st.none())
@example([Price(3, HERE), Price(2, None, Window(-60, 0))], -30)
@example([Price(4, HERE, Window(-60, 0)), Price(2, None, Window(-90, 0))], -30)
def test_the_tills_pack_gives_the_same_price_offline(said: list[Price], minute: int | None) -> None:
    base = [one for one in said if one.outlet is None and one.window is None] or [Price(1000)]
    prices = (*base, *(one for one in said if one not in base))
    since = None if minute is None else timedelta(minutes=minute)
    (shown,) = shown_at(a_catalogue((COFFEE,), {COFFEE.id: prices}), HERE).items
    opened = [one.cents for one in shown.prices if since is not None and one.window.is_open(since)]
    assert (opened or [shown.cents])[0] == list_price(prices, HERE, since)


# --- baskets without a price ---------------------------------------------------------------------------------------


def test_a_basket_of_another_catalogue_version_gets_the_one_in_force() -> None:
    found = refusal(basket(line(COFFEE), version="0" * 32))
    assert (found.reason, found.data) == (Reason.PRICE_CHANGED, {"version": BOARD.version})


@pytest.mark.parametrize(
    ("wanted", "outlet", "reason"),
    [
        (line(a_product()), HERE, Reason.UNKNOWN),
        (line(CUP), HERE, Reason.UNKNOWN),
        (line(COFFEE, 0), HERE, Reason.QUANTITY),
        (line(COFFEE, 100), HERE, Reason.QUANTITY),
        (line(COFFEE, -1), HERE, Reason.QUANTITY),
        (line(FRIES), THERE, Reason.NOT_HERE),
        (line(MENU, parts=WITH_COLA), THERE, Reason.NOT_HERE),
        (line(HOT_DOG), HERE, Reason.OPTION_MISSING),
        (line(HOT_DOG, options={"sauce": "pesto"}), HERE, Reason.OPTION_UNKNOWN),
        (line(HOT_DOG, options=KETCHUP | {"size": "large"}), HERE, Reason.OPTION_UNKNOWN),
        (line(MENU, parts={"dish": PartChoice(HOT_DOG.id, KETCHUP)}), HERE, Reason.PART_MISSING),
        (line(MENU, parts=WITH_COLA | {"drink": PartChoice(COFFEE.id)}), HERE, Reason.PART_UNKNOWN),
        (line(MENU, parts=WITH_COLA | {"sweet": PartChoice(COFFEE.id)}), HERE, Reason.PART_UNKNOWN),
        (line(MENU, options=KETCHUP, parts=WITH_COLA), HERE, Reason.OPTION_UNKNOWN),
        (line(COFFEE, parts=WITH_COLA), HERE, Reason.PART_UNKNOWN),
    ],
)
def test_a_line_without_a_price_has_a_reason(wanted: BasketLine, outlet: str, reason: Reason) -> None:
    found = refusal(basket(line(COFFEE), wanted), outlet)
    assert (found.reason, found.data["line"]) == (reason, 1)


def test_a_basket_too_large_for_a_receipt_is_refused() -> None:
    assert len(priced(basket(*[line(COLA)] * 30)).lines) == 60
    assert refusal(basket(*[line(COLA)] * 31)) == Refused(Reason.TOO_LONG, {"lines": 62, "lines_max": 60})


def test_the_vat_of_a_rate_is_that_of_its_sum_and_its_lines_share_it() -> None:
    found = priced(basket(*[line(HOT_DOG, options=KETCHUP)] * 3))
    assert found.vat == (BasketVat(100, 1950, 177),)  # 1950 / 11 is 177.27, three times 650 / 11 is 3 x 59.09
    assert [one.vat_cents for one in found.lines] == [59, 59, 59]
    found = priced(basket(*[line(FRIES)] * 5))
    assert found.vat == (BasketVat(100, 2000, 182),)  # 181.8, and not five times 36
    assert [one.vat_cents for one in found.lines] == [37, 37, 36, 36, 36]


def test_an_empty_basket_and_an_unknown_cup_have_no_price() -> None:
    assert refusal(basket()).reason == Reason.EMPTY
    assert refusal(basket(returns=(DepositReturn(COLA.id, 1),))).reason == Reason.UNKNOWN
    assert refusal(basket(line(COFFEE), returns=(DepositReturn(CUP.id, 0),))).data == {"line": 1}


def test_a_set_menu_offers_products_of_its_outlet() -> None:
    only_there: Product = a_product(outlets=(THERE,))
    menu = Menu(id=new_id(), name=both("Menu"), parts=(Part("one", both("One"), (COFFEE.id, only_there.id)),))
    prices = PRICES | {only_there.id: (Price(100),), menu.id: (Price(200),)}
    catalogue = a_catalogue((COFFEE, only_there, menu), prices)
    assert priced(basket(line(menu), version=catalogue.version), HERE, catalogue).lines[0].item_id == COFFEE.id
    wanted = basket(line(menu, parts={"one": PartChoice(only_there.id)}), version=catalogue.version)
    found = price(wanted, catalogue, HERE, NOW, event=None)
    assert isinstance(found, Refused)
    assert found.reason == Reason.NOT_HERE


def test_adjacent_price_windows_do_not_overlap() -> None:
    after = Window(EARLY.until_min, 0)
    assert check_prices((Price(1), Price(2, None, EARLY), Price(3, None, after)), {HERE}) is None
