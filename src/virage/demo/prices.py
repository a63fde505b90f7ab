"""The prices of the demo: a category for each block, by stand, tier and kind."""

from datetime import UTC, datetime
from functools import cache

from msgspec import Struct

from virage.demo.ids import demo_id
from virage.demo.venues.drawing import STADIUM, venue
from virage.sale.ticketing.types import AreaPricing, PriceCategory, Pricing, Tariff
from virage.site.venue.types import Block, Venue

_PAINTED = datetime(2026, 1, 1, tzinfo=UTC)
VAT_PERMILLE, FEE_VAT_PERMILLE = 55, 200
FEE_CENTS = 150


class Level(Struct, frozen=True):
    """A price category: its name, its colour on the map, its full price in cents."""

    key: str
    french: str
    english: str
    german: str
    colour: str
    full_cents: int


HOSPITALITY = Level("hospitality", "Hospitalité", "Hospitality", "Hospitality", "#7a4b94", 24_000)
SIDE_LOW = Level("side-low", "Latérale basse", "Lower side", "Längsseite Unterrang", "#b8860b", 9_500)
SIDE_HIGH = Level("side-high", "Latérale haute", "Upper side", "Längsseite Oberrang", "#0e7c7b", 6_000)
END_LOW = Level("end-low", "Virage bas", "Lower end", "Kurve Unterrang", "#1f5fbf", 3_500)
END_HIGH = Level("end-high", "Virage haut", "Upper end", "Kurve Oberrang", "#c2410c", 2_400)
LEVELS = (HOSPITALITY, SIDE_LOW, SIDE_HIGH, END_LOW, END_HIGH)
GOLDEN_CIRCLE = Level("golden-circle", "Carré or", "Golden circle", "Golden Circle", "#a16207", 11_000)
STANDING = Level("standing", "Pelouse debout", "Standing pitch", "Stehplätze auf dem Rasen", "#be185d", 6_900)
FLOOR = Level("floor", "Fosse debout", "Standing floor", "Stehplätze im Innenraum", "#be185d", 5_900)
SIDES = ("E", "O", "W")


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
        name={"fr": level.french, "en": level.english, "de": level.german},
        colour=level.colour,
        prices={
            Tariff.FULL: full,
            Tariff.CHILD: full // 2,
            Tariff.REDUCED: full * 4 // 5,
            Tariff.ACCESS: full // 2,
        },
    )


def _pricing(scope: str, factor: float, at: Venue, *, areas: dict[str, Level], behind_stage: str = "") -> Pricing:
    """Return the prices of every block and of these areas; seats of the stand behind the stage are not sold."""
    levels = [*LEVELS, *dict.fromkeys(areas.values())]
    categories = {level: _category(scope, level, factor) for level in levels}
    capacity = {area.code: area.capacity_max for area in at.areas}
    return Pricing(
        categories=list(categories.values()),
        blocks={block.code: categories[_level_of(block)].id for block in at.blocks if block.stand != behind_stage},
        areas=[AreaPricing(code, categories[level].id, capacity[code]) for code, level in areas.items()],
        fee_cents=FEE_CENTS,
        vat_permille=VAT_PERMILLE,
        fee_vat_permille=FEE_VAT_PERMILLE,
    )


@cache
def match_pricing() -> Pricing:
    """Return the prices of a league match."""
    return _pricing("match", 1.0, venue(STADIUM), areas={})


@cache
def concert_pricing() -> Pricing:
    """Return the prices of the concert in the stadium, seated and standing."""
    areas = {"OR": GOLDEN_CIRCLE, "PEL": STANDING}
    return _pricing("concert", 1.2, venue(STADIUM), areas=areas, behind_stage="S")


@cache
def arena_pricing() -> Pricing:
    """Return the prices of the concert in the arena, seated and on the standing floor."""
    return _pricing("arena", 0.9, venue("arena"), areas={"FLOOR": FLOOR}, behind_stage="S")


@cache
def tournament_pricing(venue_code: str) -> Pricing:
    """Return the prices of a tournament match at one of its venues."""
    return _pricing("tournament", 0.7, venue(venue_code), areas={})
