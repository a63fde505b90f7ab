"""Seats proposed to a buyer, with their view and prices. Nothing is held."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.platform.values.money import Cents
from virage.platform.values.refusals import Refused
from virage.sale.ticketing.rules.early import EarlySale
from virage.sale.ticketing.rules.open_sale import OpenSale
from virage.sale.ticketing.rules.places import label
from virage.sale.ticketing.rules.sale import propose, sale_window
from virage.sale.ticketing.rules.terms import Assigned, BestSeats, Tariff
from virage.site.venue.types import PlaceLabel


class ProposedPlace(Struct, frozen=True):
    """A place for one person. `sightline` is 0 (worst of the venue) to 100."""

    place: int
    label: PlaceLabel
    tariff: Tariff
    category_id: UUID
    price_cents: Cents
    sightline: int


class Proposal(Struct, frozen=True):
    """Free places for a party, numbered by a version of the venue; `total_cents` includes the fee and VAT."""

    places: list[ProposedPlace]
    fee_cents: Cents
    total_cents: Cents
    venue_version: str


def proposal_of(
    sale: OpenSale, request: BestSeats, now: datetime, early: EarlySale | None = None, fan_id: UUID | None = None
) -> Proposal | Refused:
    """Return the best seats that are free now; another buyer may hold them before this one does.

    Before the public sale, only for a buyer (`fan_id`) whose members' window is open.
    """
    refusal = sale_window(sale.event, now, early, fan_id)
    if refusal is not None:
        return refusal
    assigned = propose(sale.inventory, request, sale.blocks, sale.areas)
    if isinstance(assigned, Refused):
        return assigned
    cost = sale.amounts_of(assigned)
    places = [_place(sale, seat, price) for seat, price in zip(assigned, cost.prices, strict=True)]
    return Proposal(places, cost.fee_cents, cost.total_cents, sale.venue.version)


def _place(sale: OpenSale, seat: Assigned, price_cents: Cents) -> ProposedPlace:
    category = sale.inventory.categories[sale.inventory.category_of[seat.place]]
    sightline = round(100 * sale.inventory.plan.sightline[seat.place])
    return ProposedPlace(seat.place, label(sale.venue, seat.place), seat.tariff, category, price_cents, sightline)
