"""An event on sale: sale window, prices and seat inventory."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.values.money import Cents
from virage.sale.ticketing.rules.inventory import SeatInventory
from virage.sale.ticketing.rules.places import Layout, layout, seat_plan
from virage.sale.ticketing.rules.plan import category_by_place
from virage.sale.ticketing.rules.pricing import Amounts, Pricing, amounts, price_list
from virage.sale.ticketing.rules.terms import TARIFF_CODE, Assigned, OnSale
from virage.site.programme.types import Event
from virage.site.venue.types import Venue


class OpenSale(Struct, frozen=True):
    """Everything needed to sell places of an event without a query; only `inventory` changes."""

    event: OnSale
    venue: Venue
    pricing: Pricing
    inventory: SeatInventory
    blocks: dict[str, int]
    areas: dict[str, tuple[int, int]]
    prices: list[tuple[Cents, ...]]

    def amounts_of(self, assigned: Sequence[Assigned]) -> Amounts:
        """Return the price of these places with their tariffs."""
        category_of, prices = self.inventory.category_of, self.prices
        return amounts(
            [prices[category_of[seat.place]][TARIFF_CODE[seat.tariff]] for seat in assigned], self.pricing.fee_cents
        )

    def category_id(self, place: int) -> UUID | None:
        """Return the category of a place; None if it is not for sale."""
        index = self.inventory.category_of[place]
        return None if index < 0 else self.inventory.categories[index]


def open_sale(event: OnSale, venue: Venue, pricing: Pricing, taken: Sequence[int]) -> OpenSale:
    """Return a sale; blocks and areas that the venue does not have are left out.

    The first call for a version of a venue computes its seat plan, unless `seat_plan` did so in a thread.
    """
    plan, parts = seat_plan(venue), layout(venue)
    categories = [category.id for category in pricing.categories]
    ranges = [
        (parts.blocks[code][1], parts.blocks[code][2], category)
        for code, category in pricing.blocks.items()
        if code in parts.blocks
    ]
    areas: dict[str, tuple[int, int]] = {}
    for area in pricing.areas:
        if area.area in parts.areas:
            first, most = parts.areas[area.area]
            areas[area.area] = (first, min(area.capacity, most))  # another version of the venue may have fewer places
            ranges.append((*areas[area.area], area.category_id))
    listed = price_list(pricing)
    category_of = category_by_place(plan.places, ranges, categories)
    return OpenSale(
        event=event,
        venue=venue,
        pricing=pricing,
        inventory=SeatInventory(plan, categories, category_of, taken, hospitality(pricing, parts)),
        blocks={code: index for code, (index, _, _) in parts.blocks.items()},
        areas=areas,
        prices=[listed[category] for category in categories],
    )


def hospitality(pricing: Pricing, parts: Layout) -> frozenset[UUID]:
    """Return the categories with hospitality blocks only; empty if every seat for sale is in such a block."""
    ordinary = {category for code, category in pricing.blocks.items() if code not in parts.hospitality}
    return frozenset(pricing.blocks.values()) - ordinary if ordinary else frozenset()


def on_sale(event: Event) -> OnSale:
    """Return the sale data of an event."""
    return OnSale(
        event_id=event.id,
        cancelled=event.state == "cancelled",
        opens_at=event.sale_opens_at,
        closes_at=event.sale_closes_at,
        limit_per_buyer=event.rules.limit_per_buyer,
        named_tickets=event.rules.named_tickets,
    )


def sold_as(pricing: Pricing) -> Mapping[str, UUID]:
    """Return the category of each block and area for sale, by code."""
    return pricing.blocks | {area.area: area.category_id for area in pricing.areas}
