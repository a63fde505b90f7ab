"""The demo's board: the products of a French stadium, priced, stocked, and the same on each load."""

from datetime import timedelta
from typing import Any

import pytest

from tests.matchday.food.menu.board import NOW
from virage.demo.concessions import counters, kitchens, load_concessions, offers, shops
from virage.demo.kitchens import load_kitchens
from virage.demo.programme import load_programme, planned
from virage.demo.venues.drawing import CODES, stadium, venue
from virage.identity.keys.rules.vault import KeyVault
from virage.matchday.food.menu.reads import stock
from virage.matchday.food.menu.reads.catalogue import Catalogues, draft_view, shown_at, terms_at
from virage.matchday.food.menu.rules.alcohol import may_sell
from virage.matchday.food.menu.rules.catalogue import Allergen, Deposit, Menu, Product, ProductCategory, outlet_codes
from virage.matchday.food.menu.rules.pricing import Basket, BasketLine, PartChoice, Priced, price
from virage.matchday.food.orders.reads.orders import FoodReads
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock

PLANS = planned(NOW)
VENUES = [venue(code) for code in CODES]


@pytest.fixture
async def loaded(db: Database) -> None:
    async with db.transaction() as conn:
        await load_programme(conn, PLANS, NOW)
        await load_concessions(conn, PLANS[0], NOW)


def test_every_outlet_of_the_venue_has_products_and_one_kind() -> None:
    assert len(outlet_codes(VENUES)) == 58 + 16 + 16
    assert set(shops()) | set(counters()) == outlet_codes(VENUES)
    assert set(kitchens()) < set(counters())
    assert not set(shops()) & set(counters())
    assert len(shops()) == 3 * 4


def test_the_demo_menu_has_vegetarian_vegan_and_alcohol_free_products() -> None:
    products = [offer.item for offer in offers() if isinstance(offer.item, Product)]
    hot = [product for product in products if product.category is ProductCategory.HOT_FOOD]
    assert len(products) >= 25
    assert {product.diet for product in hot} == {None, "vegetarian", "vegan"}
    assert [p for p in products if p.category is ProductCategory.BEERS and not p.is_alcohol]
    assert [p for p in products if p.is_alcohol]
    assert all(p.deposit_id for p in products if p.category in (ProductCategory.BEERS, ProductCategory.SOFT_DRINKS))
    assert {p.vat_permille for p in products if p.is_alcohol} == {200}
    assert Allergen.GLUTEN in next(p for p in products if p.name["en"] == "Draught lager, 50 cl").allergens


@pytest.mark.usefixtures("loaded")
async def test_the_demonstration_is_complete_at_all_outlets_and_loads_twice(db: Database) -> None:
    async with db.transaction() as conn:
        await load_programme(conn, PLANS, NOW)
        await load_concessions(conn, PLANS[0], NOW + timedelta(minutes=1))
        view = await draft_view(conn)
        catalogue = await Catalogues(db).in_force(conn)
        levels = await stock.levels(conn, None)
        assert await stock.alerts(conn, None) == []
    assert (view.version, view.defects) == (view.in_force, ())
    assert catalogue is not None
    assert {level.outlet for level in levels} == outlet_codes(VENUES)
    assert all(level.level > (level.low_at or 0) for level in levels)
    for outlet in outlet_codes(VENUES):
        shown = shown_at(catalogue, outlet).items
        assert {isinstance(one.item, Menu) for one in shown} == ({True, False} if outlet in kitchens() else {False})
        counted = {level.product_id for level in levels if level.outlet == outlet}
        assert counted == {one.item.id for one in shown if isinstance(one.item, Product) and one.item.is_stocked}


@pytest.mark.usefixtures("loaded")
async def test_everything_on_the_board_can_be_sold_at_its_outlets(db: Database) -> None:
    async with db.connection() as conn:
        catalogue = await Catalogues(db).in_force(conn)
    assert catalogue is not None

    def options(product: Product | None) -> dict[str, str]:
        assert product is not None
        return {option.code: option.choices[0].code for option in product.options}

    for item in catalogue.content.items:
        if isinstance(item, Deposit):
            continue
        more: dict[str, Any] = {"options": options(item)} if isinstance(item, Product) else {}
        if isinstance(item, Menu):
            firsts = {part.code: part.products[0] for part in item.parts}
            more["parts"] = {
                code: PartChoice(product_id, options(catalogue.product(product_id)))
                for code, product_id in firsts.items()
            }
        wanted = Basket(catalogue.version, [BasketLine(item.id, 1, **more)])
        for outlet in item.outlets or ():
            assert isinstance(price(wanted, catalogue, outlet, NOW, event=None), Priced), (item.name["en"], outlet)


@pytest.mark.usefixtures("loaded")
async def test_tonight_serves_beer_to_adults_and_another_evening_does_not(db: Database) -> None:
    tonight, concert = PLANS[0].event, PLANS[1].event
    beers = [offer.item for offer in offers() if isinstance(offer.item, Product) and offer.item.is_alcohol]
    async with db.connection() as conn:
        for event, sold in ((tonight, True), (concert, False)):
            terms = await terms_at(conn, "01", event.starts_at)
            assert terms.event is not None
            for beer in beers:
                answer = may_sell(beer, terms.event, event.starts_at, terms.permits, age_confirmed=True)
                assert (answer is None) == sold


@pytest.mark.usefixtures("loaded")
async def test_a_newcomer_can_order_by_phone_for_tonight_at_every_counter(
    db: Database, vault: KeyVault, clock: Clock
) -> None:
    for _ in range(2):
        async with db.transaction() as conn:
            await load_kitchens(conn, vault, NOW)
    reads = FoodReads(db, Catalogues(db))
    found = await reads.outlets(PLANS[0].event.id, 20_000, clock.now(), step_free=True)
    assert {one.outlet for one in found if one.closed_reason is None} == set(counters()) & outlet_codes([stadium()])
    best = [(one.in_hand_at, one.walking_s) for one in found if one.in_hand_at and one.walking_s is not None]
    assert best == sorted(best), "with equal times the nearest outlet is offered first"
