"""A small board: a beer, a cola in a cup, a hot dog with a sauce, fries, a menu of them, and the
cup's deposit.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from virage.matchday.food.menu.rules.catalogue import (
    Allergen,
    Catalogue,
    Choice,
    Deposit,
    Item,
    Menu,
    Option,
    Part,
    Price,
    Product,
    ProductCategory,
    Station,
    Window,
    content_of,
    version_of,
)
from virage.matchday.food.menu.rules.pricing import Basket, BasketLine, DepositReturn
from virage.platform.values.ids import new_id
from virage.site.programme.rules import Event, EventRules, Text

NOW = datetime(2026, 5, 9, 18, tzinfo=UTC)  # the time of the fixture `clock`
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HERE, THERE = "01", "02"


def both(word: str) -> Text:
    return {"fr": word, "en": word}


def a_product(name: str = "Tea", **changes: Any) -> Product:
    content: dict[str, Any] = {
        "id": new_id(),
        "name": both(name),
        "category": ProductCategory.HOT_FOOD,
        "vat_permille": 100,
        "station": Station.COUNTER,
        "preparation_s": 0,
    }
    return Product(**(content | changes))


CUP = Deposit(id=UUID(int=1), name=both("Cup"), cents=200)
BEER = a_product(
    "Beer", id=UUID(int=2), vat_permille=200, abv_permille=50, deposit_id=CUP.id, category=ProductCategory.BEERS
)
COLA = a_product("Cola", id=UUID(int=3), deposit_id=CUP.id, category=ProductCategory.SOFT_DRINKS)
SAUCE = Option(
    "sauce",
    both("Sauce"),
    (Choice("ketchup", both("Ketchup")), Choice("truffle", both("Truffle"), 150, (Allergen.EGGS,))),
    required=True,
)
HOT_DOG = a_product("Hot dog", id=UUID(int=4), options=(SAUCE,), allergens=(Allergen.GLUTEN,))
FRIES = a_product("Fries", id=UUID(int=5), outlets=(HERE,))
COFFEE = a_product("Coffee", id=UUID(int=6), is_stocked=False, category=ProductCategory.HOT_DRINKS)
MENU = Menu(
    id=UUID(int=7),
    name=both("Menu"),
    parts=(
        Part("dish", both("Dish"), (HOT_DOG.id,)),
        Part("side", both("Side"), (FRIES.id,)),
        Part("drink", both("Drink"), (BEER.id, COLA.id)),
    ),
)
ITEMS: tuple[Item, ...] = (CUP, BEER, COLA, HOT_DOG, FRIES, COFFEE, MENU)
EARLY = Window(-120, -30)
PRICES: dict[UUID, tuple[Price, ...]] = {
    BEER.id: (Price(700), Price(800, THERE)),
    COLA.id: (Price(450),),
    HOT_DOG.id: (Price(650), Price(500, None, EARLY)),
    FRIES.id: (Price(400),),
    COFFEE.id: (Price(250), Price(300, THERE), Price(200, THERE, EARLY)),
    MENU.id: (Price(1300),),
}


def a_catalogue(items: tuple[Item, ...] = ITEMS, prices: dict[UUID, tuple[Price, ...]] | None = None) -> Catalogue:
    content = content_of(items, PRICES if prices is None else prices)
    return Catalogue(version_of(content), content)


BOARD = a_catalogue()


def line(item: Item, quantity: int = 1, **more: Any) -> BasketLine:
    return BasketLine(item.id, quantity, **more)


def basket(*lines: BasketLine, returns: Sequence[DepositReturn] = (), version: str = BOARD.version) -> Basket:
    return Basket(version, list(lines), list(returns))


def a_match(starts_at: datetime = NOW + HOUR, **changes: Any) -> Event:
    """A published match that serves alcohol, two hours long."""
    content: dict[str, Any] = {
        "id": new_id(),
        "organiser_id": new_id(),
        "kind": "match",
        "title": both("Match"),
        "doors_at": starts_at - 2 * HOUR,
        "starts_at": starts_at,
        "ends_at": starts_at + 2 * HOUR,
        "sale_opens_at": starts_at - 100 * HOUR,
        "sale_closes_at": starts_at,
        "rules": EventRules(alcohol=True),
        "series_title": None,
        "venue_version": "any",
        "venue_code": "stadium",
        "venue_name": "Stadium",
        "time_zone": "Europe/Paris",
        "state": "published",
        "revision": 1,
    }
    return Event(**(content | changes))
