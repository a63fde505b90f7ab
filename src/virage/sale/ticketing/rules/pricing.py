"""Prices: categories of blocks and areas, prices by tariff, the fee per ticket and the included VAT."""

import re
from collections.abc import Callable, Container, Mapping, Sequence
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from virage.platform.values.money import Cents, vat_included
from virage.sale.ticketing.rules.terms import PRICED_TARIFFS, TARIFFS, Tariff, Vat

PRICE_MAX = 1_000_000
FEE_MAX = 10_000
VAT_PERMILLE_MAX = 999
CATEGORIES_MAX = 40
NAME_MAX = 80
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class PriceCategory(Struct, frozen=True, forbid_unknown_fields=True):
    """A price category: name by language, colour on the map (#rrggbb) and price in cents by tariff."""

    id: UUID
    name: dict[str, str]
    colour: str
    prices: dict[Tariff, int]


class AreaPricing(Struct, frozen=True, forbid_unknown_fields=True):
    """A standing area on sale at this event, and its capacity."""

    area: str
    category_id: UUID
    capacity: int


class Pricing(Struct, frozen=True, forbid_unknown_fields=True):
    """Prices of an event. A block or area that is not listed is not for sale."""

    categories: list[PriceCategory] = field(default_factory=list)
    blocks: dict[str, UUID] = field(default_factory=dict)
    areas: list[AreaPricing] = field(default_factory=list)
    fee_cents: int = 150
    vat_permille: int = 55
    fee_vat_permille: int = 200


def without_blocks(pricing: Pricing, closed: Container[str]) -> Pricing:
    """Return a pricing without the blocks that are closed for its event, which are then not for sale."""
    return replace(pricing, blocks={code: category for code, category in pricing.blocks.items() if code not in closed})


class PricingDefect(Struct, frozen=True):
    """A defect of a pricing: a stable code and its location."""

    code: str
    at: str


class Amounts(Struct, frozen=True):
    """Amounts of an order: the price per place, the total fee, and the total of both."""

    prices: list[Cents]
    fee_cents: Cents
    total_cents: Cents


def defects(
    pricing: Pricing, blocks: Mapping[str, object], areas: Mapping[str, int], languages: Sequence[str] = ()
) -> list[PricingDefect]:
    """Return all defects; `blocks` are those of the venue, `areas` its areas with their capacity.

    Names must stand in all `languages`; without any, in one.
    """
    found = [
        PricingDefect(code, at)
        for code, at, wrong in (
            ("fee_out_of_range", "fee_cents", not 0 <= pricing.fee_cents <= FEE_MAX),
            ("vat_out_of_range", "vat_permille", not 0 <= pricing.vat_permille <= VAT_PERMILLE_MAX),
            ("vat_out_of_range", "fee_vat_permille", not 0 <= pricing.fee_vat_permille <= VAT_PERMILLE_MAX),
            ("too_many_categories", "categories", len(pricing.categories) > CATEGORIES_MAX),
        )
        if wrong
    ]
    known: set[UUID] = set()
    for number, category in enumerate(pricing.categories):
        at = f"categories[{number}]"
        if category.id in known:
            found.append(PricingDefect("duplicate_category", at))
        known.add(category.id)
        found += _category_defects(category, at, languages)
    for code, category_id in pricing.blocks.items():
        if code not in blocks:
            found.append(PricingDefect("unknown_block", f"blocks.{code}"))
        if category_id not in known:
            found.append(PricingDefect("unknown_category", f"blocks.{code}"))
    return found + _area_defects(pricing.areas, areas, known)


def _is_name(text: str) -> bool:
    return 1 <= len(text.strip()) <= NAME_MAX and text.isprintable()


def _category_defects(category: PriceCategory, at: str, languages: Sequence[str]) -> list[PricingDefect]:
    found = [
        PricingDefect("name_missing", f"{at}.name.{language}")
        for language in sorted({*languages, *category.name})
        if not _is_name(category.name.get(language, ""))
    ]
    if not languages and not category.name:
        found.append(PricingDefect("name_missing", f"{at}.name"))
    if not _COLOUR.fullmatch(category.colour):
        found.append(PricingDefect("colour_invalid", f"{at}.colour"))
    for tariff in PRICED_TARIFFS:
        if tariff not in category.prices:
            found.append(PricingDefect("price_missing", f"{at}.prices.{tariff}"))
        elif not 0 <= category.prices[tariff] <= PRICE_MAX:
            found.append(PricingDefect("price_out_of_range", f"{at}.prices.{tariff}"))
    if category.prices.get(Tariff.COMPANION, 0) != 0:
        found.append(PricingDefect("companion_not_free", f"{at}.prices.companion"))
    return found


def _area_defects(opened: Sequence[AreaPricing], areas: Mapping[str, int], known: set[UUID]) -> list[PricingDefect]:
    found = []
    seen: set[str] = set()
    for number, area in enumerate(opened):
        at = f"areas[{number}]"
        if area.area not in areas:
            found.append(PricingDefect("unknown_area", at))
        elif not 0 <= area.capacity <= areas[area.area]:
            found.append(PricingDefect("capacity_out_of_range", at))
        if area.area in seen:
            found.append(PricingDefect("duplicate_area", at))
        seen.add(area.area)
        if area.category_id not in known:
            found.append(PricingDefect("unknown_category", at))
    return found


def price_list(pricing: Pricing) -> dict[UUID, tuple[Cents, ...]]:
    """Return the prices of each category in the order of `TARIFFS`; companions are free."""
    return {
        category.id: tuple(category.prices.get(tariff, 0) if tariff in PRICED_TARIFFS else 0 for tariff in TARIFFS)
        for category in pricing.categories
    }


def amounts(prices: list[Cents], fee_cents: Cents) -> Amounts:
    """Return the amounts of an order; free tickets bear no fee."""
    fee = fee_cents * sum(1 for price in prices if price)
    return Amounts(prices, fee, sum(prices) + fee)


def vat_of(total_cents: Cents, fee_cents: Cents, vat_permille: int, fee_vat_permille: int) -> list[Vat]:
    """Return the VAT included in the tickets and the fee, one entry per rate in ascending order."""
    gross: dict[int, Cents] = {}
    for rate, cents in ((vat_permille, total_cents - fee_cents), (fee_vat_permille, fee_cents)):
        gross[rate] = gross.get(rate, 0) + cents
    return [Vat(rate, cents, vat_included(cents, rate)) for rate, cents in sorted(gross.items()) if cents]


def repriced(
    old: Pricing, new: Pricing, sold_places: Sequence[int], where: Callable[[int], tuple[str, bool]]
) -> list[str]:
    """Return the blocks and areas with sold or held places whose price or category changes, or that close.

    `where` returns the block or area of a place, and whether it is an area.
    """
    old_prices, new_prices = price_list(old), price_list(new)
    old_areas = {area.area: area.category_id for area in old.areas}
    new_areas = {area.area: area.category_id for area in new.areas}
    changed: set[str] = set()
    for code, is_area in {where(place) for place in sold_places}:
        was = (old_areas if is_area else old.blocks).get(code)
        becomes = (new_areas if is_area else new.blocks).get(code)
        if was != becomes or (was is not None and old_prices.get(was) != new_prices.get(was)):
            changed.add(code)
    return sorted(changed)
