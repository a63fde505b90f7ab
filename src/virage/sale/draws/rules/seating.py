"""Seats for a group that won places of a category."""

from typing import Literal
from uuid import UUID

from virage.platform.values.refusals import Refused
from virage.sale.ticketing.types import Assigned, BestSeats, OpenSale, Party, StandingPlaces, propose


def seats_for(sale: OpenSale, category_id: UUID, party: Party, *, wheelchair: bool) -> list[Assigned] | None:
    """Return the best seats side by side, else standing places, else seats in parts near each other.

    None if the category has too few free places.
    """
    needs: tuple[Literal["wheelchair"], ...] = ("wheelchair",) if wheelchair else ()
    ways: list[BestSeats | StandingPlaces] = [BestSeats(party, category_id, needs=needs)]
    if not wheelchair:
        ways += [StandingPlaces(area.area, party) for area in sale.pricing.areas if area.category_id == category_id]
    ways.append(BestSeats(party, category_id, together=False, needs=needs))
    for way in ways:
        found = propose(sale.inventory, way, sale.blocks, sale.areas)
        if not isinstance(found, Refused):
            return found
    return None
