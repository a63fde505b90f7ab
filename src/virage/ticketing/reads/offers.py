"""What an event costs where, and how its sale stands, for whoever looks at the map."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from virage.ticketing.rules.open_sale import OpenSale
from virage.ticketing.rules.pricing import Category
from virage.venue.reads import load_ground

Phase = Literal["before", "open", "after", "cancelled"]


class CategoryOffer(Struct, frozen=True):
    """A price level, and how many of its places are free."""

    id: UUID
    name: dict[str, str]
    colour: str
    prices: dict[str, int]
    free: int


class AreaOffer(Struct, frozen=True):
    """A standing area: its places are those from `first_place` on, as many as it opens."""

    area: str
    category_id: UUID
    first_place: int
    capacity: int


class Offer(Struct, frozen=True):
    """Everything that a buyer must know before choosing; a block that is not named here is not for sale."""

    event_id: UUID
    ground_version: str
    phase: Phase
    now: datetime
    sale_opens_at: datetime
    sale_closes_at: datetime
    limit_per_buyer: int
    named_tickets: bool
    fee_cents: int
    vat_permille: int
    fee_vat_permille: int
    categories: list[CategoryOffer]
    blocks: dict[str, UUID]
    areas: list[AreaOffer]


def offer_of(sale: OpenSale, now: datetime) -> Offer:
    """The offer of a sale as it stands."""
    event, pricing = sale.event, sale.pricing
    free = sale.hall.count_by_category()
    return Offer(
        event_id=event.event_id,
        ground_version=load_ground().version,
        phase=_phase(sale, now),
        now=now,
        sale_opens_at=event.opens_at,
        sale_closes_at=event.closes_at,
        limit_per_buyer=event.limit_per_buyer,
        named_tickets=event.named_tickets,
        fee_cents=pricing.fee_cents,
        vat_permille=pricing.vat_permille,
        fee_vat_permille=pricing.fee_vat_permille,
        categories=[_category(category, count) for category, count in zip(pricing.categories, free, strict=True)],
        blocks=pricing.blocks,
        areas=[
            AreaOffer(area.area, area.category_id, sale.areas[area.area][0], area.capacity)
            for area in pricing.areas
            if area.area in sale.areas
        ],
    )


def _category(category: Category, free: int) -> CategoryOffer:
    prices = {str(tariff): cents for tariff, cents in category.prices.items()}
    return CategoryOffer(category.id, category.name, category.colour, prices, free)


def _phase(sale: OpenSale, now: datetime) -> Phase:
    if sale.event.cancelled:
        return "cancelled"
    if now < sale.event.opens_at:
        return "before"
    return "open" if now < sale.event.closes_at else "after"
