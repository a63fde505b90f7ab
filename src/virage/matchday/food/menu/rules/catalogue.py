"""What is sold: products, menus and deposits with their prices, and the immutable versions that are published."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import replace

from virage.platform.values.localised import hashed
from virage.site.programme.types import Text
from virage.site.venue.types import Venue, local_code, owner_of

PRICE_MAX: Final = 100_000
"""The dearest thing on sale, in cents."""
ADULT_AGE: Final = 18
SOFT_PERMILLE_MAX: Final = 12
"""Alcohol by volume up to which a drink is soft: 1.2 % (code de la santé publique, L3321-1, first group)."""
VERSION_CHARS: Final = 32
UNNAMED_ZONE: Final = "Europe/Paris"
"""Time zone of clients that are told none: packs and boards of 0.2.0 name no zone, and their bytes stay."""
PARTS_MAX, CHOICES_MAX, OPTIONS_MAX, PRICES_MAX = 8, 20, 8, 500

Cents = Annotated[int, Meta(ge=0, le=PRICE_MAX)]
Code = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[a-z0-9-]+$")]
OutletCode = Annotated[str, Meta(min_length=1, max_length=40)]
PictureName = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\.(jpg|png|webp)$")]
Version = Annotated[str, Meta(min_length=VERSION_CHARS, max_length=VERSION_CHARS, pattern=r"^[0-9a-f]+$")]
Minutes = Annotated[int, Meta(ge=-1440, le=1440)]
Diet = Literal["vegetarian", "vegan"]


class Allergen(StrEnum):
    """What must be declared: Regulation (EU) 1169/2011, annex II, in its order."""

    GLUTEN = "gluten"
    CRUSTACEANS = "crustaceans"
    EGGS = "eggs"
    FISH = "fish"
    PEANUTS = "peanuts"
    SOYBEANS = "soybeans"
    MILK = "milk"
    NUTS = "nuts"
    CELERY = "celery"
    MUSTARD = "mustard"
    SESAME = "sesame"
    SULPHITES = "sulphites"
    LUPIN = "lupin"
    MOLLUSCS = "molluscs"


class ProductCategory(StrEnum):
    """Under which heading a thing stands, in the order of the board."""

    MENUS = "menus"
    BEERS = "beers"
    SOFT_DRINKS = "soft_drinks"
    HOT_DRINKS = "hot_drinks"
    HOT_FOOD = "hot_food"
    SNACKS = "snacks"
    SWEETS = "sweets"
    SHOP = "shop"


class Station(StrEnum):
    """The station that makes a product; products of the counter need no preparation."""

    COUNTER = "counter"
    BAR = "bar"
    GRILL = "grill"
    FRYER = "fryer"
    COFFEE = "coffee"
    COLD = "cold"


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """One way to have an option. Its surcharge is gross, in cents, at the VAT rate of the product."""

    code: Code
    name: Text
    surcharge_cents: Cents = 0
    allergens: tuple[Allergen, ...] = ()


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """A question to the buyer, answered by one of the choices, or by none where it is not required."""

    code: Code
    name: Text
    choices: tuple[Choice, ...]
    required: bool = False


class Product(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="product"):
    """One thing on sale.

    VAT in permille, contained in the price. `abv_permille` is alcohol by volume (50 is 5 %); `distilled` is what no
    derogation allows in a sports ground. `outlets` None is everywhere. `deposit_id` is the cup that comes with each.
    `is_stocked` False: not counted, such as coffee from a machine.
    """

    id: UUID
    name: Text
    description: Text = field(default_factory=lambda: hashed({}))
    category: ProductCategory
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    vat_permille: Annotated[int, Meta(ge=0, le=999)]
    station: Station
    preparation_s: Annotated[int, Meta(ge=0, le=3600)]
    allergens: tuple[Allergen, ...] = ()
    diet: Diet | None = None
    abv_permille: Annotated[int, Meta(ge=0, le=1000)] = 0
    distilled: bool = False
    age_min: Annotated[int, Meta(ge=0, le=ADULT_AGE)] = 0
    deposit_id: UUID | None = None
    options: tuple[Option, ...] = ()
    outlets: tuple[OutletCode, ...] | None = None
    picture: PictureName | None = None
    is_stocked: bool = True

    @property
    def is_alcohol(self) -> bool:
        """Whether it is more than a soft drink."""
        return self.abv_permille > SOFT_PERMILLE_MAX

    @property
    def age_limit(self) -> int:
        """Minimum age of the buyer; 0 for none. Alcohol is always for adults."""
        return max(self.age_min, ADULT_AGE) if self.is_alcohol else self.age_min


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """One part of a menu: the buyer takes one of these products."""

    code: Code
    name: Text
    products: tuple[UUID, ...]


class Menu(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="menu"):
    """Products together at one price, which is split over them by their own prices, so that each bears its own VAT."""

    id: UUID
    name: Text
    description: Text = field(default_factory=lambda: hashed({}))
    category: ProductCategory = ProductCategory.MENUS
    position: Annotated[int, Meta(ge=0, le=10_000)] = 0
    parts: tuple[Part, ...]
    outlets: tuple[OutletCode, ...] | None = None
    picture: PictureName | None = None


class Deposit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="deposit"):
    """The deposit of a cup, refunded on its return, the same at every outlet and without VAT."""

    id: UUID
    name: Text
    cents: Annotated[int, Meta(ge=1, le=PRICE_MAX)]


Item = Product | Menu | Deposit
ORDER: Final = {category: number for number, category in enumerate(ProductCategory)}


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """From so many minutes after the event's start (negative: before) until so many, the end not included."""

    from_min: Minutes
    until_min: Minutes

    def is_open(self, since_start: timedelta) -> bool:
        """Whether it is open so long after the start."""
        return timedelta(minutes=self.from_min) <= since_start < timedelta(minutes=self.until_min)


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """What an item costs, gross in cents: at one outlet or at all (None), in a window of the event or at any time."""

    cents: Cents
    outlet: OutletCode | None = None
    window: Window | None = None


class Content(Struct, frozen=True):
    """All that is sold and what it costs, by the id of the item; deposits carry their own price."""

    items: tuple[Item, ...] = ()
    prices: dict[UUID, tuple[Price, ...]] = {}


class Catalogue(Struct, frozen=True, dict=True, eq=False):
    """A published version: it never changes, and its name is the hash of its content."""

    version: str
    content: Content

    @cached_property
    def items(self) -> Mapping[UUID, Item]:
        """Every item by its id."""
        return {item.id: item for item in self.content.items}

    def product(self, product_id: UUID) -> Product | None:
        """Return a product by id; None for another item."""
        found = self.items.get(product_id)
        return found if isinstance(found, Product) else None

    def deposit(self, deposit_id: UUID | None) -> Deposit | None:
        """Return a deposit by id; None for another item."""
        found = None if deposit_id is None else self.items.get(deposit_id)
        return found if isinstance(found, Deposit) else None

    def prices_of(self, item_id: UUID) -> Sequence[Price]:
        """What was said of an item's price."""
        return self.content.prices.get(item_id, ())

    def choices_at(self, part: Part, outlet: str) -> list[Product]:
        """The products of a menu's part that an outlet has, in the order of the part."""
        found = (self.product(product_id) for product_id in part.products)
        return [product for product in found if product is not None and self.sells(product, outlet)]

    def sells(self, item: Item, outlet: str) -> bool:
        """Whether an outlet has an item: a menu only where it has something for each of its parts."""
        if isinstance(item, Deposit):
            return True
        if item.outlets is not None and outlet not in item.outlets:
            return False
        return not isinstance(item, Menu) or all(self.choices_at(part, outlet) for part in item.parts)


def outlet_codes(venues: Iterable[Venue]) -> frozenset[str]:
    """Return the codes of the outlets of venues."""
    return frozenset(code for venue in venues for code in venue.outlet_by_code)


def has_outlet(venues: Sequence[Venue], code: str) -> bool:
    """Return whether a code is that of an outlet of one of the venues."""
    venue = owner_of(venues, code)
    return venue is not None and code in venue.outlet_by_code


def outlet_label(venues: Sequence[Venue], code: str) -> str:
    """Return the code of an outlet as people read it; with its venue's name if there are several venues."""
    venue = owner_of(venues, code)
    return local_code(code) if venue is None or len(venues) == 1 else f"{local_code(code)}, {venue.name}"


def zone_name(venue: Venue) -> str | UnsetType:
    """Return the time zone that tills and kitchens show times in; unset for `UNNAMED_ZONE`."""
    return UNSET if venue.time_zone == UNNAMED_ZONE else venue.time_zone


def in_order(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return items in the order of the board, deposits last."""

    def key(item: Item) -> tuple[int, int, UUID]:
        if isinstance(item, Deposit):
            return len(ORDER), 0, item.id
        return ORDER[item.category], item.position, item.id

    return tuple(sorted(items, key=key))


def normal(item: Item) -> Item:
    """Return an item in canonical form: sets are sorted, so that the same content has the same hash."""
    if isinstance(item, Deposit):
        return item
    outlets = None if item.outlets is None else tuple(sorted(set(item.outlets)))
    if isinstance(item, Menu):
        return replace(item, outlets=outlets)
    options = tuple(
        replace(
            option, choices=tuple(replace(choice, allergens=_sorted(choice.allergens)) for choice in option.choices)
        )
        for option in item.options
    )
    return replace(item, outlets=outlets, allergens=_sorted(item.allergens), options=options)


def _sorted(allergens: Sequence[Allergen]) -> tuple[Allergen, ...]:
    return tuple(allergen for allergen in Allergen if allergen in allergens)


def normal_prices(prices: Sequence[Price]) -> tuple[Price, ...]:
    """Return prices in one order: first those of all outlets, then by outlet, each the standing one and its windows."""

    def key(price: Price) -> tuple[str, bool, int]:
        return price.outlet or "", price.window is not None, 0 if price.window is None else price.window.from_min

    return tuple(sorted(prices, key=key))


def content_of(items: Sequence[Item], prices: Mapping[UUID, Sequence[Price]]) -> Content:
    """Return what is published of items and prices: in order, and without prices of what is not sold."""
    ordered = in_order(items)
    kept = {item.id: normal_prices(prices[item.id]) for item in ordered if prices.get(item.id)}
    return Content(ordered, kept)


def is_version(text: str) -> bool:
    """Tell whether a text may be the name of a version."""
    return len(text) == VERSION_CHARS and all(char in "0123456789abcdef" for char in text)


def version_of(content: Content) -> str:
    """Return the name of a content: the first 128 bits of its SHA-256, in hexadecimal."""
    items = tuple(
        item if isinstance(item, Deposit) else replace(item, description=hashed(item.description))
        for item in content.items
    )
    plain = msgspec.to_builtins(replace(content, items=items), str_keys=True)
    return sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()[:VERSION_CHARS]
