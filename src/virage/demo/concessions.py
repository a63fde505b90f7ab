"""The catalogue of the demo: food, drinks and merchandise in three languages, at all outlets, with stock."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from virage.demo.ids import demo_id
from virage.demo.programme import Planned, done
from virage.demo.venues.drawing import CODES, venue
from virage.matchday.food.menu import api as menu
from virage.matchday.food.menu.types import (
    AlcoholPermitRequest,
    Allergen,
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
    StockLine,
    StockRequest,
    Window,
)
from virage.matchday.food.menu.types import Reason as AlcoholReason
from virage.platform.data.database import Connection
from virage.platform.values.localised import LocalisedText
from virage.platform.values.refusals import Refused
from virage.site.programme import api as programme
from virage.site.programme.types import content_of
from virage.site.venue.types import Outlet

WRITTEN: Final = datetime(2026, 1, 1, tzinfo=UTC)
KIOSK_EVERY = 4
BEFORE_KICK_OFF = Window(-90, -45)
OPENING_STOCK: Final = {
    ProductCategory.BEERS: 600,
    ProductCategory.SOFT_DRINKS: 400,
    ProductCategory.HOT_FOOD: 250,
    ProductCategory.SNACKS: 200,
    ProductCategory.SWEETS: 120,
    ProductCategory.SHOP: 80,
}

GLUTEN, MILK, EGGS, MUSTARD = Allergen.GLUTEN, Allergen.MILK, Allergen.EGGS, Allergen.MUSTARD
SESAME, SOYBEANS, NUTS, CELERY = Allergen.SESAME, Allergen.SOYBEANS, Allergen.NUTS, Allergen.CELERY


class Offer(Struct, frozen=True):
    """An item and its price."""

    item: Item
    prices: tuple[Price, ...] = ()


def _id(key: str) -> UUID:
    return demo_id(f"concessions {key}", WRITTEN)


def _sauce(*, required: bool) -> Option:
    choices = (
        Choice("none", {"fr": "Sans sauce", "en": "No sauce", "de": "Ohne Soße"}),
        Choice("ketchup", {"fr": "Ketchup", "en": "Ketchup", "de": "Ketchup"}, 0, (CELERY,)),
        Choice("mayonnaise", {"fr": "Mayonnaise", "en": "Mayonnaise", "de": "Mayonnaise"}, 0, (EGGS, MUSTARD)),
        Choice("mustard", {"fr": "Moutarde", "en": "Mustard", "de": "Senf"}, 0, (MUSTARD,)),
        Choice("cheddar", {"fr": "Sauce cheddar", "en": "Cheddar sauce", "de": "Cheddarsoße"}, 100, (MILK,)),
    )
    return Option("sauce", {"fr": "Sauce", "en": "Sauce", "de": "Soße"}, choices, required)


SIZE = Option(
    "size",
    {"fr": "Taille", "en": "Size", "de": "Größe"},
    tuple(Choice(size.lower(), {"fr": size, "en": size, "de": size}) for size in ("XS", "S", "M", "L", "XL", "XXL")),
    required=True,
)
WHITE = Option(
    "milk",
    {"fr": "Lait", "en": "Milk", "de": "Milch"},
    (
        Choice("cow", {"fr": "Lait de vache", "en": "Cow's milk", "de": "Kuhmilch"}, 0, (MILK,)),
        Choice("oat", {"fr": "Boisson à l'avoine", "en": "Oat drink", "de": "Haferdrink"}, 30, (GLUTEN,)),
    ),
)
CUP = Deposit(id=_id("cup"), name={"fr": "Gobelet consigné", "en": "Cup deposit", "de": "Becherpfand"}, cents=200)


@cache
def outlets() -> tuple[Outlet, ...]:
    """Return the outlets of every venue, those of the stadium first."""
    return tuple(outlet for code in CODES for outlet in venue(code).outlets)


@cache
def shops() -> tuple[str, ...]:
    """Return the merchandise outlets: the last one of each stand on the lowest concourse."""
    lowest = ({outlet.stand: outlet.code for outlet in venue(at).outlets if outlet.ring == 1} for at in CODES)
    return tuple(code for of_venue in lowest for code in of_venue.values())


@cache
def kitchens() -> tuple[str, ...]:
    """Return the outlets with a grill and a fryer: all but the shops and every fourth one, a kiosk."""
    return tuple(code for number, code in enumerate(counters()) if number % KIOSK_EVERY != KIOSK_EVERY - 1)


@cache
def counters() -> tuple[str, ...]:
    """Return the food outlets: kitchens and kiosks."""
    return tuple(outlet.code for outlet in outlets() if outlet.code not in shops())


def _named(french: str, english: str, german: str) -> LocalisedText:
    return {"fr": french, "en": english, "de": german}


def _offer(key: str, names: tuple[str, str, str], cents: int, category: ProductCategory, **more: Any) -> Offer:
    """Return a product; `names` are French, English and German, further arguments override the category's defaults."""
    hot = category in (ProductCategory.HOT_FOOD, ProductCategory.MENUS)
    outlets = {ProductCategory.SHOP: shops()}.get(category, kitchens() if hot else counters())
    station, seconds = {
        ProductCategory.BEERS: (Station.BAR, 12),
        ProductCategory.SOFT_DRINKS: (Station.BAR, 8),
        ProductCategory.HOT_DRINKS: (Station.COFFEE, 25),
        ProductCategory.HOT_FOOD: (Station.GRILL, 60),
    }.get(category, (Station.COUNTER, 0))
    content: dict[str, Any] = {
        "id": _id(key),
        "name": _named(*names),
        "category": category,
        "position": cents,
        "vat_permille": 200 if category in (ProductCategory.BEERS, ProductCategory.SHOP) else 100,
        "station": station,
        "preparation_s": seconds,
        "outlets": outlets,
        "deposit_id": CUP.id if category in (ProductCategory.BEERS, ProductCategory.SOFT_DRINKS) else None,
        "is_stocked": category is not ProductCategory.HOT_DRINKS,
    }
    return Offer(Product(**(content | more)), (Price(cents),))


def drinks() -> list[Offer]:
    """Return the drinks. Beer with alcohol is sold only under an alcohol permit."""
    beers, soft, hot = ProductCategory.BEERS, ProductCategory.SOFT_DRINKS, ProductCategory.HOT_DRINKS
    barley = {"allergens": (GLUTEN,)}
    return [
        _offer(
            "beer-free",
            ("Bière 0,0 %, 50 cl", "Beer 0.0%, 50 cl", "Bier 0,0 %, 50 cl"),
            650,
            beers,
            **barley,
            vat_permille=100,
        ),
        _offer(
            "beer",
            ("Bière blonde pression, 50 cl", "Draught lager, 50 cl", "Helles vom Fass, 50 cl"),
            800,
            beers,
            **barley,
            abv_permille=50,
        ),
        _offer(
            "beer-small",
            ("Bière blonde, 25 cl", "Lager, 25 cl", "Helles, 25 cl"),
            450,
            beers,
            **barley,
            abv_permille=50,
        ),
        _offer("panache", ("Panaché, 50 cl", "Shandy, 50 cl", "Radler, 50 cl"), 700, beers, **barley, abv_permille=25),
        _offer("cola", ("Cola, 40 cl", "Cola, 40 cl", "Cola, 40 cl"), 450, soft),
        _offer(
            "cola-zero", ("Cola sans sucres, 40 cl", "Cola without sugar, 40 cl", "Cola ohne Zucker, 40 cl"), 440, soft
        ),
        _offer("orange", ("Soda à l'orange, 40 cl", "Orange soda, 40 cl", "Orangenlimonade, 40 cl"), 445, soft),
        _offer(
            "iced-tea", ("Thé glacé à la pêche, 40 cl", "Peach iced tea, 40 cl", "Pfirsich-Eistee, 40 cl"), 455, soft
        ),
        _offer("water", ("Eau plate, 50 cl", "Still water, 50 cl", "Stilles Wasser, 50 cl"), 300, soft),
        _offer("coffee", ("Café", "Coffee", "Kaffee"), 250, hot, options=(WHITE,)),
        _offer("tea", ("Thé", "Tea", "Tee"), 260, hot, options=(WHITE,), diet="vegan"),
        _offer(
            "chocolate",
            ("Chocolat chaud", "Hot chocolate", "Heiße Schokolade"),
            350,
            hot,
            allergens=(MILK,),
            diet="vegetarian",
        ),
    ]


def dishes() -> list[Offer]:
    """Return the food."""
    hot, snacks, sweets = ProductCategory.HOT_FOOD, ProductCategory.SNACKS, ProductCategory.SWEETS
    bread = (GLUTEN, SESAME)
    fried: dict[str, Any] = {"station": Station.FRYER, "preparation_s": 90}
    sauce = {"options": (_sauce(required=True),)}
    return [
        _offer("hot-dog", ("Hot-dog", "Hot dog", "Hotdog"), 650, hot, allergens=(GLUTEN, MUSTARD, CELERY), **sauce),
        _offer(
            "merguez",
            ("Sandwich merguez", "Merguez sandwich", "Merguez im Brot"),
            750,
            hot,
            allergens=(GLUTEN,),
            **sauce,
        ),
        _offer(
            "burger",
            ("Burger bœuf cheddar", "Beef burger with cheddar", "Rindfleischburger mit Cheddar"),
            900,
            hot,
            allergens=(*bread, MILK),
            **sauce,
        ),
        _offer(
            "veggie-burger",
            ("Burger végétarien à l'halloumi", "Vegetarian halloumi burger", "Vegetarischer Halloumi-Burger"),
            910,
            hot,
            allergens=(*bread, MILK),
            diet="vegetarian",
            **sauce,
        ),
        _offer(
            "falafel",
            ("Wrap falafel et houmous", "Falafel and hummus wrap", "Wrap mit Falafel und Hummus"),
            850,
            hot,
            allergens=bread,
            diet="vegan",
            station=Station.COLD,
            preparation_s=30,
        ),
        _offer(
            "fries", ("Frites", "Fries", "Pommes"), 450, hot, diet="vegan", options=(_sauce(required=False),), **fried
        ),
        _offer(
            "nachos",
            ("Nachos, sauce cheddar", "Nachos with cheddar sauce", "Nachos mit Cheddarsoße"),
            550,
            snacks,
            allergens=(MILK,),
        ),
        _offer("popcorn", ("Pop-corn salé", "Salted popcorn", "Popcorn, gesalzen"), 400, snacks, diet="vegan"),
        _offer("crisps", ("Chips, 45 g", "Crisps, 45 g", "Chips, 45 g"), 300, snacks, diet="vegan", vat_permille=55),
        _offer(
            "waffle",
            ("Gaufre au sucre", "Sugar waffle", "Waffel mit Zucker"),
            460,
            sweets,
            allergens=(GLUTEN, MILK, EGGS),
            preparation_s=45,
        ),
        _offer(
            "praline",
            ("Tartelette à la praline", "Praline tartlet", "Praliné-Törtchen"),
            480,
            sweets,
            allergens=(GLUTEN, MILK, EGGS, NUTS),
        ),
        _offer("compote", ("Compote de pommes", "Apple purée", "Apfelmus"), 280, sweets, diet="vegan", vat_permille=55),
    ]


def wares() -> list[Offer]:
    """Return the merchandise."""
    shop = ProductCategory.SHOP
    return [
        _offer("scarf", ("Écharpe du club", "Club scarf", "Clubschal"), 2000, shop),
        _offer("cap", ("Casquette", "Cap", "Kappe"), 2500, shop),
        _offer("shirt", ("Maillot domicile", "Home shirt", "Heimtrikot"), 9500, shop, options=(SIZE,)),
    ]


def menus() -> list[Offer]:
    """Return the set menus; they cost less until 45 minutes before kick-off."""
    soft = tuple(_id(key) for key in ("cola", "cola-zero", "orange", "iced-tea", "water"))
    side = Part("side", {"fr": "Accompagnement", "en": "Side", "de": "Beilage"}, (_id("fries"),))
    drink = Part("drink", {"fr": "Boisson", "en": "Drink", "de": "Getränk"}, soft)
    or_beer = replace(drink, products=(*soft, _id("beer-free"), _id("beer")))
    dish = {"fr": "Plat", "en": "Dish", "de": "Gericht"}
    made = (
        ("menu-hot-dog", ("Menu hot-dog", "Hot dog meal", "Hotdog-Menü"), 1250, ("hot-dog", "merguez"), or_beer),
        ("menu-burger", ("Menu burger", "Burger meal", "Burger-Menü"), 1550, ("burger", "veggie-burger"), or_beer),
        ("menu-vegan", ("Menu falafel", "Falafel meal", "Falafel-Menü"), 1450, ("falafel",), drink),
    )
    return [
        Offer(
            Menu(
                id=_id(key),
                name=_named(*names),
                position=cents,
                parts=(Part("dish", dish, tuple(_id(key) for key in keys)), side, drinks_of_it),
                outlets=kitchens(),
            ),
            (Price(cents), Price(cents - 150, None, BEFORE_KICK_OFF)),
        )
        for key, names, cents, keys, drinks_of_it in made
    ]


def offers() -> list[Offer]:
    """Return the whole catalogue."""
    return [Offer(CUP), *drinks(), *dishes(), *wares(), *menus()]


async def load_concessions(conn: Connection, tonight: Planned, now: datetime) -> None:
    """Publish the catalogue and stock the outlets, once, with an alcohol permit for tonight's match."""
    await _allow_beer(conn, tonight, now)
    if await menu.publications(conn):
        return  # it may have been changed since
    for offer in offers():
        done(await menu.put_item(conn, offer.item, None, now))
        if offer.prices:
            done(await menu.set_prices(conn, offer.item.id, offer.prices, None, now))
    view = await menu.draft_view(conn)
    done(await menu.publish_catalogue(conn, _id("publication"), view.version, None, now))
    for outlet in outlets():
        await _fill(conn, outlet.code, now)


async def _fill(conn: Connection, outlet: str, now: datetime) -> None:
    """Deliver stock to an outlet, with an alarm at a tenth of it."""
    sold = [
        offer.item
        for offer in offers()
        if isinstance(offer.item, Product) and offer.item.is_stocked and outlet in (offer.item.outlets or ())
    ]
    lines = [StockLine(product.id, OPENING_STOCK[product.category]) for product in sold]
    done(await menu.record_stock(conn, StockRequest(_id(f"delivery {outlet}"), "delivery", outlet, lines), None, now))
    low_at: dict[UUID, int | None] = {line.product_id: line.quantity // 10 for line in lines}
    done(await menu.set_thresholds(conn, outlet, low_at, None, now))


async def _allow_beer(conn: Connection, plan: Planned, now: datetime) -> None:
    """Add an alcohol permit for an event and its house rules, unless the ten of the year are used."""
    event = await programme.event(conn, plan.event.id)
    permit_id = demo_id(f"derogation {plan.event.id}", plan.event.doors_at)
    if event is None or await menu.alcohol_permit(conn, permit_id) is not None:
        return
    wish = AlcoholPermitRequest(
        permit_id, event.organiser_id, event.doors_at, event.ends_at, f"{event.doors_at:%Y-%m-%d}"
    )
    entered = await menu.add_alcohol_permit(conn, wish, None, now)
    if isinstance(entered, Refused) and entered.reason == AlcoholReason.YEAR_IS_FULL:
        return
    done(entered)
    content = content_of(event)
    served = replace(content, rules=replace(content.rules, alcohol=True))
    done(await programme.amend(conn, event.id, served, None, now))
