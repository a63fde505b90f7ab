"""The prices of the demo: a category for each block, by stand, tier and kind."""

from datetime import UTC, datetime
from functools import cache

from msgspec import Struct

from virage.demo.ids import demo_id
from virage.demo.venues.drawing import stadium
from virage.sale.ticketing.types import AreaPricing, PriceCategory, Pricing, Tariff
from virage.site.venue.types import Block

_PAINTED = datetime(2026, 1, 1, tzinfo=UTC)
VAT_PERMILLE, FEE_VAT_PERMILLE = 55, 200
FEE_CENTS = 150


class Level(Struct, frozen=True):
    """A price category: its name in both languages, its colour on the map, its full price in cents."""

    key: str
    french: str
    english: str
    colour: str
    full_cents: int


HOSPITALITY = Level("hospitality", "Hospitalité", "Hospitality", "#7a4b94", 24_000)
SIDE_LOW = Level("side-low", "Latérale basse", "Lower side", "#b8860b", 9_500)
SIDE_HIGH = Level("side-high", "Latérale haute", "Upper side", "#0e7c7b", 6_000)
END_LOW = Level("end-low", "Virage bas", "Lower end", "#1f5fbf", 3_500)
END_HIGH = Level("end-high", "Virage haut", "Upper end", "#c2410c", 2_400)
LEVELS = (HOSPITALITY, SIDE_LOW, SIDE_HIGH, END_LOW, END_HIGH)
GOLDEN_CIRCLE = Level("golden-circle", "Carré or", "Golden circle", "#a16207", 11_000)
STANDING = Level("standing", "Pelouse debout", "Standing pitch", "#be185d", 6_900)
SIDES = ("E", "O")


def _level_of(block: Block) -> Level:
    if block.kind != "seats":
        return HOSPITALITY
    if block.stand in SIDES:
        return SIDE_LOW if block.ring == 1 else SIDE_HIGH
    return END_LOW if block.ring == 1 else END_HIGH


def _category(scope: str, level: Level, factor: float) -> PriceCategory:
    full = round(level.full_cents * factor / 50) * 50
    return PriceCategory(
        id=demo_id(f"category {scope} {level.key}", _PAINTED),
        name={"fr": level.french, "en": level.english},
        colour=level.colour,
        prices={
            Tariff.FULL: full,
            Tariff.CHILD: full // 2,
            Tariff.REDUCED: full * 4 // 5,
            Tariff.ACCESS: full // 2,
        },
    )


def _pricing(scope: str, factor: float, *, blocks: list[Block], areas: dict[str, Level]) -> Pricing:
    levels = [*LEVELS, *dict.fromkeys(areas.values())]
    categories = {level: _category(scope, level, factor) for level in levels}
    capacity = {area.code: area.capacity_max for area in stadium().areas}
    return Pricing(
        categories=list(categories.values()),
        blocks={block.code: categories[_level_of(block)].id for block in blocks},
        areas=[AreaPricing(code, categories[level].id, capacity[code]) for code, level in areas.items()],
        fee_cents=FEE_CENTS,
        vat_permille=VAT_PERMILLE,
        fee_vat_permille=FEE_VAT_PERMILLE,
    )


def _all_blocks() -> list[Block]:
    return list(stadium().blocks)


def _before_the_stage() -> list[Block]:
    """The stage is in front of the south stand; seats behind it are not sold."""
    return [block for block in _all_blocks() if block.stand != "S"]


@cache
def match_pricing() -> Pricing:
    """Return the prices of a league match."""
    return _pricing("match", 1.0, blocks=_all_blocks(), areas={})


@cache
def concert_pricing() -> Pricing:
    """Return the prices of the concert, seated and standing."""
    return _pricing("concert", 1.2, blocks=_before_the_stage(), areas={"OR": GOLDEN_CIRCLE, "PEL": STANDING})


@cache
def tournament_pricing() -> Pricing:
    """Return the prices of a tournament match."""
    return _pricing("tournament", 0.7, blocks=_all_blocks(), areas={})
