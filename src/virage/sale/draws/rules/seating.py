"""Seats for a group that won places of a category."""

from collections.abc import Sequence
from itertools import combinations
from uuid import UUID

from msgspec import Struct

from virage.platform.values.refusals import Refused
from virage.sale.ticketing.types import (
    Assigned,
    BestSeats,
    Need,
    OpenSale,
    Party,
    SeatNeed,
    StandingPlaces,
    propose,
)


class Seating(Struct, frozen=True):
    """Seats for a group, and the needs that they lack."""

    seats: list[Assigned]
    unmet: list[SeatNeed]


def seats_for(
    sale: OpenSale, category_id: UUID, party: Party, *, wheelchair: bool, needs: Sequence[SeatNeed]
) -> Seating | None:
    """Return the best seats that meet as many needs as possible, side by side, else in parts near each other.

    Without needs, and if no seats meet one: seats side by side, else standing places, else in parts. None if the
    category has too few free places.
    """
    spaces: tuple[Need, ...] = ("wheelchair",) if wheelchair else ()
    for count in range(len(needs), 0, -1):
        for met in combinations(needs, count):
            for together in (True, False):
                found = _propose(sale, BestSeats(party, category_id, together=together, needs=(*spaces, *met)))
                if found is not None:
                    return Seating(found, [need for need in needs if need not in met])
    ways: list[BestSeats | StandingPlaces] = [BestSeats(party, category_id, needs=spaces)]
    if not wheelchair:
        ways += [StandingPlaces(area.area, party) for area in sale.pricing.areas if area.category_id == category_id]
    ways.append(BestSeats(party, category_id, together=False, needs=spaces))
    for way in ways:
        found = _propose(sale, way)
        if found is not None:
            return Seating(found, list(needs))
    return None


def _propose(sale: OpenSale, way: BestSeats | StandingPlaces) -> list[Assigned] | None:
    found = propose(sale.inventory, way, sale.blocks, sale.areas)
    return None if isinstance(found, Refused) else found
