"""Offers: the prices and availability of an event for the seat map, and summaries for the event cards."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.platform.data.database import Connection, Database
from virage.platform.values.money import Cents
from virage.sale.ticketing.reads.open_sales import IN_MEMORY_MAX, OpenSales
from virage.sale.ticketing.rules.open_sale import OpenSale
from virage.sale.ticketing.rules.places import layout, part_numbers, parts_of
from virage.sale.ticketing.rules.pricing import PriceCategory
from virage.sale.ticketing.rules.terms import Tariff
from virage.sale.ticketing.store import offers as store
from virage.site.programme import api as programme
from virage.site.venue.api import venue_at
from virage.site.venue.types import Venue

Phase = Literal["before", "open", "after", "cancelled"]
KEPT_OPEN_MAX = IN_MEMORY_MAX // 2
"""Sales that the event cards may load into memory; the rest is reserved for opened events."""


class OfferSummary(Struct, frozen=True):
    """Summary of an event's offer: the lowest adult price available (None: sold out) and the free places."""

    event_id: UUID
    from_cents: Cents | None
    free: int


class CategoryOffer(Struct, frozen=True):
    """A price category and its free places."""

    id: UUID
    name: dict[str, str]
    colour: str
    prices: dict[str, int]
    free: int


class AreaOffer(Struct, frozen=True):
    """A standing area on sale: `capacity` places from `first_place` on."""

    area: str
    category_id: UUID
    first_place: int
    capacity: int


class Offer(Struct, frozen=True):
    """Prices, fees and sale window of an event; a block that is not listed is not for sale."""

    event_id: UUID
    venue_version: str
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
    """Return the current offer of a sale."""
    event, pricing = sale.event, sale.pricing
    free = sale.inventory.count_by_category()
    return Offer(
        event_id=event.event_id,
        venue_version=sale.venue.version,
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
            AreaOffer(area.area, area.category_id, *sale.areas[area.area])
            for area in pricing.areas
            if area.area in sale.areas
        ],
    )


def _category(category: PriceCategory, free: int) -> CategoryOffer:
    prices = {str(tariff): cents for tariff, cents in category.prices.items()}
    return CategoryOffer(category.id, category.name, category.colour, prices, free)


def _phase(sale: OpenSale, now: datetime) -> Phase:
    if sale.event.cancelled:
        return "cancelled"
    if now < sale.event.opens_at:
        return "before"
    return "open" if now < sale.event.closes_at else "after"


async def offer_lines(db: Database, sales: OpenSales, requests: Sequence[datetime]) -> list[bytes]:
    """Return the summaries of all events on or before sale as JSON, for all concurrent requests.

    Sales that are open are counted in memory, the soonest events first; all others together, in the database.
    """
    now = max(requests)
    async with db.connection() as conn:
        events = [event for event in await programme.upcoming(conn, now) if event.sale_phase(now) != "after"]
    lines: dict[UUID, OfferSummary] = {}
    for event in islice((event for event in events if event.sale_phase(now) == "open"), KEPT_OPEN_MAX):
        sale = await sales.get(event.id)
        line = None if sale is None else _line_of(sale)
        if line is not None:
            lines[event.id] = line
    rest = [event for event in events if event.id not in lines]
    if rest:
        async with db.connection() as conn:
            lines |= await counted(conn, {event.id: await venue_at(conn, event.venue_version) for event in rest})
    body = msgspec.json.encode([lines[event.id] for event in events if event.id in lines])
    return [body] * len(requests)


def _line_of(sale: OpenSale) -> OfferSummary | None:
    """Return the summary of a sale in memory; None if it sells no place."""
    if not sale.pricing.blocks and not sale.areas:
        return None
    full = [category.prices[Tariff.FULL] for category in sale.pricing.categories]
    return _line(sale.event.event_id, zip(full, sale.inventory.count_by_category(), strict=True))


async def counted(conn: Connection, venues: Mapping[UUID, Venue]) -> dict[UUID, OfferSummary]:
    """Return the summaries of events counted by the database; `venues` are the versions of their venues.

    Events without places for sale are left out.
    """
    of_venue: dict[Venue, list[UUID]] = {}
    for event_id, venue in venues.items():
        of_venue.setdefault(venue, []).append(event_id)
    taken: dict[tuple[UUID, int], int] = {}
    for venue, ids in of_venue.items():
        taken |= await store.taken_by_part(conn, ids, parts_of(venue)[0])
    priced: dict[UUID, list[tuple[Cents, int]]] = {}
    for part in await store.parts_for_sale(conn, list(venues)):
        venue = venues[part.event_id]
        parts = layout(venue)
        if part.code in (parts.blocks if part.capacity is None else parts.areas):
            most = parts.areas[part.code][1] if part.capacity is not None else parts.blocks[part.code][2]
            places = most if part.capacity is None else min(part.capacity, most)
            free = places - taken.get((part.event_id, part_numbers(venue)[part.code]), 0)
            priced.setdefault(part.event_id, []).append((part.full_cents, max(free, 0)))
    return {event_id: _line(event_id, groups) for event_id, groups in priced.items()}


def _line(event_id: UUID, groups: Iterable[tuple[Cents, int]]) -> OfferSummary:
    """Return the summary of an event from groups of (adult price, free places)."""
    free = [(cents, count) for cents, count in groups if count > 0]
    return OfferSummary(event_id, min((cents for cents, _ in free), default=None), sum(count for _, count in free))
