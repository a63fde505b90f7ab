"""Prices of events."""

from datetime import datetime
from typing import Any
from uuid import UUID

from virage.platform.data.database import Connection
from virage.sale.ticketing.rules.pricing import AreaPricing, PriceCategory, Pricing
from virage.sale.ticketing.rules.terms import Tariff
from virage.sale.ticketing.store.queries import queries


async def pricing(conn: Connection, event_id: UUID, *, lock: bool = False) -> Pricing | None:
    """Return the pricing of an event, or None; `lock` locks it for a change."""
    head = await (queries.lock_pricing if lock else queries.pricing)(conn, event_id=event_id)
    if head is None:
        return None
    return Pricing(
        categories=[_category(row) async for row in queries.categories(conn, event_id=event_id)],
        blocks={row["block"]: row["category_id"] async for row in queries.block_categories(conn, event_id=event_id)},
        areas=[AreaPricing(*row) async for row in queries.area_categories(conn, event_id=event_id)],
        fee_cents=head["fee_cents"],
        vat_permille=head["vat_permille"],
        fee_vat_permille=head["fee_vat_permille"],
    )


def _category(row: Any) -> PriceCategory:
    prices = {
        Tariff.FULL: row["full_cents"],
        Tariff.CHILD: row["child_cents"],
        Tariff.REDUCED: row["reduced_cents"],
        Tariff.ACCESS: row["access_cents"],
    }
    return PriceCategory(row["id"], row["name"], row["colour"], prices)


async def put_pricing(conn: Connection, event_id: UUID, new: Pricing, now: datetime) -> None:
    """Replace the pricing of an event."""
    await queries.put_pricing(
        conn,
        event_id=event_id,
        fee_cents=new.fee_cents,
        vat_permille=new.vat_permille,
        fee_vat_permille=new.fee_vat_permille,
        now=now,
    )
    for clear in (queries.clear_blocks, queries.clear_areas, queries.clear_categories):
        await clear(conn, event_id=event_id)
    await queries.put_categories(
        conn,
        event_id=event_id,
        ids=[category.id for category in new.categories],
        positions=list(range(len(new.categories))),
        names=[category.name for category in new.categories],
        colours=[category.colour for category in new.categories],
        full_cents=[category.prices[Tariff.FULL] for category in new.categories],
        child_cents=[category.prices[Tariff.CHILD] for category in new.categories],
        reduced_cents=[category.prices[Tariff.REDUCED] for category in new.categories],
        access_cents=[category.prices[Tariff.ACCESS] for category in new.categories],
    )
    await queries.put_blocks(conn, event_id=event_id, blocks=list(new.blocks), category_ids=list(new.blocks.values()))
    await queries.put_areas(
        conn,
        event_id=event_id,
        areas=[area.area for area in new.areas],
        category_ids=[area.category_id for area in new.areas],
        capacities=[area.capacity for area in new.areas],
    )
