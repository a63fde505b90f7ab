"""Assign wheelchair spaces and companion seats to a party."""

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct

from virage.sale.ticketing.rules.inventory import SeatInventory
from virage.sale.ticketing.rules.plan import Unit
from virage.sale.ticketing.rules.terms import Assigned, Party, Tariff

NEAR_UNITS = 12


class UnitFilter(Struct, frozen=True):
    """Filter of wheelchair spaces by category and block, None for any; `without` are categories to leave out.

    `features` are bits that each space must have.
    """

    category: UUID | None
    block: int | None
    without: frozenset[UUID] = frozenset()
    features: int = 0

    def has(self, inventory: SeatInventory, unit: Unit) -> bool:
        """Return whether a wheelchair space matches."""
        if self.block is not None and unit.block != self.block:
            return False
        sold_as: UUID = inventory.categories[inventory.category_of[unit.space]]
        if self.category is not None:
            return sold_as == self.category
        return self.block is not None or sold_as not in self.without


def place_units(inventory: SeatInventory, where: UnitFilter, spaces: int, companions: int) -> Iterator[list[int]]:
    """Yield proposals of `spaces` wheelchair spaces in one row, the first `companions` of them with companion seats.

    The best rows come first, starting at random among the best few. A proposal lists each space before its companion.
    """
    rows = inventory.rows_with_units(spaces, companions)
    roomy = [row for row in rows if where.has(inventory, row[0])]
    if where.features:
        bearing = [_bearing(inventory, row, where.features) for row in roomy]
        roomy = [row for row in bearing if _is_roomy(inventory, row, spaces, companions)]
    if roomy:
        near = min(NEAR_UNITS, len(roomy))
        start = inventory.random.randrange(near)
        roomy = roomy[start:near] + roomy[:start] + roomy[near:]
    for units in roomy:
        yield _closest(inventory, units, spaces, companions)


def _bearing(inventory: SeatInventory, row: list[Unit], features: int) -> list[Unit]:
    return [unit for unit in row if inventory.plan.features[unit.space] & features == features]


def _is_roomy(inventory: SeatInventory, row: list[Unit], spaces: int, companions: int) -> bool:
    free = [unit for unit in row if inventory.is_free(unit.space)]
    return len(free) >= spaces and sum(1 for unit in free if inventory.companion_free(unit)) >= companions


def _closest(inventory: SeatInventory, units: list[Unit], spaces: int, companions: int) -> list[int]:
    """Return the units of a row that are closest together; people with a companion are seated first."""
    free = [unit for unit in units if inventory.is_free(unit.space)]
    with_companion = [unit for unit in free if inventory.companion_free(unit)]
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
    """Assign the access tariff to the `bearing` seats, companions as near as possible, and others to the rest."""
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
