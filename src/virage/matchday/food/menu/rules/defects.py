"""What is wrong with an item, with its prices, and with a catalogue that is to be published."""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

from virage.matchday.food.menu.rules.catalogue import (
    CHOICES_MAX,
    OPTIONS_MAX,
    PARTS_MAX,
    Allergen,
    Catalogue,
    Choice,
    Content,
    Deposit,
    Item,
    Menu,
    Option,
    Part,
    Price,
    Product,
)
from virage.platform.values.localised import is_partial, missing_in
from virage.platform.values.refusals import Refused, invalid_inputs
from virage.site.programme.types import Text

NOT_VEGETARIAN = frozenset({Allergen.FISH, Allergen.CRUSTACEANS, Allergen.MOLLUSCS})
NOT_VEGAN = NOT_VEGETARIAN | {Allergen.EGGS, Allergen.MILK}

Errors = Iterable[tuple[str, str]]


class DefectCode(StrEnum):
    """What keeps a catalogue from being published."""

    EMPTY = "catalogue_empty"
    NO_BASE_PRICE = "base_price_missing"
    NO_DEPOSIT = "unknown_deposit"
    NO_PRODUCT = "unknown_product"


class CatalogueDefect(Struct, frozen=True):
    """One thing that is wrong: a stable code, and the item (`items.<id>`) or a part of it."""

    code: DefectCode
    at: str


def check_item(item: Item, outlets: Collection[str], languages: Sequence[str] = ()) -> Refused | None:
    """Refuse an invalid item, with all its defects; `outlets` are those of all venues.

    Its texts must stand in all `languages`; without any, in one.
    """
    errors = list(_errors(item, outlets, languages))
    return invalid_inputs(errors) if errors else None


def _errors(item: Item, outlets: Collection[str], languages: Sequence[str]) -> Errors:
    yield from _name("name", item.name, languages)
    if isinstance(item, Deposit):
        return
    if is_partial(item.description, languages):
        yield "description", "A description stands in every language, or in none."
    for code in item.outlets or ():
        if code not in outlets:
            yield "outlets", f"There is no outlet {code!r}."
    yield from _menu_errors(item, languages) if isinstance(item, Menu) else _product_errors(item, languages)


def _name(source: str, text: Text, languages: Sequence[str]) -> Errors:
    if not languages and not any(part.strip() for part in text.values()):
        yield source, "It needs a name."
    for language in missing_in(text, languages):
        yield f"{source}.{language}", "It needs a name in every language."


def _product_errors(product: Product, languages: Sequence[str]) -> Errors:
    if product.distilled and not product.is_alcohol:
        yield "abv_permille", "What is distilled has more than 1.2 % of alcohol."
    wrong = {"vegan": NOT_VEGAN, "vegetarian": NOT_VEGETARIAN}.get(product.diet or "", frozenset())
    if wrong & set(product.allergens):
        yield "diet", f"What is {product.diet} holds none of: {', '.join(sorted(wrong & set(product.allergens)))}."
    yield from _codes("options", product.options, 0, OPTIONS_MAX)
    for option in product.options:
        at = f"options.{option.code}"
        yield from _name(f"{at}.name", option.name, languages)
        yield from _codes(f"{at}.choices", option.choices, 1, CHOICES_MAX)
        for choice in option.choices:
            yield from _name(f"{at}.choices.{choice.code}.name", choice.name, languages)


def _menu_errors(menu: Menu, languages: Sequence[str]) -> Errors:
    yield from _codes("parts", menu.parts, 1, PARTS_MAX)
    for part in menu.parts:
        yield from _name(f"parts.{part.code}.name", part.name, languages)
        if not 1 <= len(set(part.products)) == len(part.products) <= CHOICES_MAX:
            yield f"parts.{part.code}.products", f"A part offers 1 to {CHOICES_MAX} products, each once."


def _codes(source: str, things: Sequence[Option | Choice | Part], least: int, most: int) -> Errors:
    if not least <= len(things) <= most:
        yield source, f"There are {least} to {most} of them."
    if len({thing.code for thing in things}) < len(things):
        yield source, "Each has a code of its own."


def check_prices(prices: Sequence[Price], outlets: Collection[str]) -> Refused | None:
    """Refuse ambiguous prices (two for a place at the same time), and prices of unknown outlets."""
    errors = [
        ("prices", f"There is no outlet {price.outlet!r}.")
        for price in prices
        if price.outlet is not None and price.outlet not in outlets
    ]
    by_outlet: dict[str | None, list[Price]] = {}
    for price in prices:
        by_outlet.setdefault(price.outlet, []).append(price)
    for outlet, said in by_outlet.items():
        where = "all outlets" if outlet is None else f"outlet {outlet}"
        if sum(price.window is None for price in said) > 1:
            errors.append(("prices", f"There are two standing prices of {where}."))
        windows = sorted((price.window for price in said if price.window), key=lambda window: window.from_min)
        if any(window.until_min <= window.from_min for window in windows):
            errors.append(("prices", f"A window of {where} ends before it begins."))
        elif any(second.from_min < first.until_min for first, second in pairwise(windows)):
            errors.append(("prices", f"Windows of {where} overlap."))
    return invalid_inputs(errors) if errors else None


def defects(content: Content) -> list[CatalogueDefect]:
    """Return everything that keeps a content from being published, in the order of the board."""
    catalogue = Catalogue("", content)
    if not any(isinstance(item, Product) for item in content.items):
        return [CatalogueDefect(DefectCode.EMPTY, "items")]
    found: list[CatalogueDefect] = []
    for item in content.items:
        at = f"items.{item.id}"
        if isinstance(item, Deposit):
            continue
        base = [price for price in catalogue.prices_of(item.id) if price.outlet is None and price.window is None]
        if not base:
            found.append(CatalogueDefect(DefectCode.NO_BASE_PRICE, at))
        if isinstance(item, Product) and item.deposit_id is not None and catalogue.deposit(item.deposit_id) is None:
            found.append(CatalogueDefect(DefectCode.NO_DEPOSIT, at))
        if isinstance(item, Menu):
            found += [
                CatalogueDefect(DefectCode.NO_PRODUCT, f"{at}.parts.{part.code}")
                for part in item.parts
                if any(catalogue.product(product_id) is None for product_id in part.products)
            ]
    return found
