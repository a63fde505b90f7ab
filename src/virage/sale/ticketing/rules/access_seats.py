"""Wheelchair spaces with the companion seats beside them, and who of a party sits next to whom."""

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct

from virage.sale.ticketing.rules.hall import Hall
from virage.sale.ticketing.rules.plan import Unit
from virage.sale.ticketing.rules.terms import Assigned, Party, Tariff

NEAR_UNITS = 12


class Where(Struct, frozen=True):
    """The category and the block to look in, None for any; the categories `without` are only taken if named."""

    category: UUID | None
    block: int | None
    without: frozenset[UUID] = frozenset()

    def has(self, hall: Hall, unit: Unit) -> bool:
        """Whether a wheelchair space is looked at."""
        if self.block is not None and unit.block != self.block:
            return False
        sold_as: UUID = hall.categories[hall.category_of[unit.space]]
        if self.category is not None:
            return sold_as == self.category
        return self.block is not None or sold_as not in self.without


def place_units(hall: Hall, where: Where, spaces: int, companions: int) -> Iterator[list[int]]:
    """So many wheelchair spaces, the first `companions` of them with their companion seat, all in one row.

    The best rows come first, after a start by chance among the best few; each proposal lists space and companion in
    turn.
    """
    rows = hall.rows_with_units(spaces, companions)
    roomy = [row for row in rows if where.has(hall, row[0])]
    if roomy:
        near = min(NEAR_UNITS, len(roomy))
        start = hall.random.randrange(near)
        roomy = roomy[start:near] + roomy[:start] + roomy[near:]
    for units in roomy:
        yield _closest(hall, units, spaces, companions)


def _closest(hall: Hall, units: list[Unit], spaces: int, companions: int) -> list[int]:
    """The units of a row that lie closest together; those who come with a companion are served first."""
    free = [unit for unit in units if hall.is_free(unit.space)]
    with_companion = [unit for unit in free if hall.companion_free(unit)]
    accompanied = _tightest(with_companion, companions)
    left = [unit for unit in free if unit not in accompanied]
    middle = accompanied[0].space if accompanied else free[0].space
    lone_first = sorted(left, key=lambda unit: (unit in with_companion, abs(unit.space - middle)))
    without = lone_first[: spaces - companions]
    seats: list[int] = []
    for unit in accompanied:
        seats += [unit.space] if unit.companion is None else [unit.space, unit.companion]
    return seats + [unit.space for unit in without]


def _tightest(units: list[Unit], count: int) -> list[Unit]:
    if not count:
        return []
    windows = range(len(units) - count + 1)
    best = min(windows, key=lambda start: units[start + count - 1].space - units[start].space)
    return units[best : best + count]


def pair_up(party: Party, seats: list[int], bearing: list[int]) -> list[Assigned]:
    """Seat the access tariff at the `bearing` seats, each companion as near as possible, the others where room is."""
    left = [place for place in seats if place not in bearing]
    assigned = [Assigned(place, Tariff.ACCESS) for place in bearing]
    extra = party.access - len(bearing)
    for place in bearing[: party.companions_coming]:
        nearest = min(left, key=lambda seat: abs(seat - place))
        left.remove(nearest)
        assigned.append(Assigned(nearest, Tariff.COMPANION))
    unpaired = max(0, party.companions_coming - len(bearing))
    ordinary = [tariff for tariff in party.tariffs() if tariff not in (Tariff.ACCESS, Tariff.COMPANION)]
    rest = [Tariff.ACCESS] * extra + [Tariff.COMPANION] * unpaired + ordinary
    return assigned + [Assigned(place, tariff) for place, tariff in zip(left, rest, strict=True)]
