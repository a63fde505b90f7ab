"""An event on sale: sale window, prices and seat inventory."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from virage.platform.values.money import Cents
from virage.sale.ticketing.rules.inventory import SeatInventory
from virage.sale.ticketing.rules.plan import SeatPlan, category_by_place
from virage.sale.ticketing.rules.pricing import Amounts, Pricing, amounts, price_list
from virage.sale.ticketing.rules.terms import TARIFF_CODE, Assigned, OnSale
from virage.site.programme.types import Event


class Layout(Struct, frozen=True):
    """Blocks and areas of a venue by code: (index, first seat, seats) and (first place, capacity).

    `hospitality` names the blocks of hospitality seats and boxes.
    """

    blocks: dict[str, tuple[int, int, int]]
    areas: dict[str, tuple[int, int]]
    hospitality: frozenset[str] = frozenset()


class OpenSale(Struct, frozen=True):
    """Everything needed to sell places of an event without a query; only `inventory` changes."""

    event: OnSale
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


def open_sale(event: OnSale, pricing: Pricing, plan: SeatPlan, layout: Layout, taken: Sequence[int]) -> OpenSale:
    """Return a sale; blocks and areas that the venue does not have are left out."""
    categories = [category.id for category in pricing.categories]
    ranges = [
        (layout.blocks[code][1], layout.blocks[code][2], category)
        for code, category in pricing.blocks.items()
        if code in layout.blocks
    ]
    areas: dict[str, tuple[int, int]] = {}
    for area in pricing.areas:
        if area.area in layout.areas:
            areas[area.area] = (layout.areas[area.area][0], area.capacity)
            ranges.append((layout.areas[area.area][0], area.capacity, area.category_id))
    listed = price_list(pricing)
    category_of = category_by_place(plan.places, ranges, categories)
    return OpenSale(
        event=event,
        pricing=pricing,
        inventory=SeatInventory(plan, categories, category_of, taken, hospitality(pricing, layout)),
        blocks={code: index for code, (index, _, _) in layout.blocks.items()},
        areas=areas,
        prices=[listed[category] for category in categories],
    )


def hospitality(pricing: Pricing, layout: Layout) -> frozenset[UUID]:
    """Return the categories with hospitality blocks only; empty if every seat for sale is in such a block."""
    ordinary = {category for code, category in pricing.blocks.items() if code not in layout.hospitality}
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


def parts_of(layout: Layout) -> tuple[list[int], list[str]]:
    """Return the first place of each block and area in ascending order, and their codes."""
    firsts = [(first, code) for code, (_, first, _) in layout.blocks.items()]
    firsts += [(first, code) for code, (first, _) in layout.areas.items()]
    firsts.sort()
    return [first for first, _ in firsts], [code for _, code in firsts]


def sold_as(pricing: Pricing) -> Mapping[str, UUID]:
    """Return the category of each block and area for sale, by code."""
    return pricing.blocks | {area.area: area.category_id for area in pricing.areas}
