"""Recording of stock documents and sales. Levels are locked in the order of outlet and product."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.rules.catalogue import has_outlet, outlet_codes
from virage.matchday.food.menu.rules.stock import (
    Key,
    Movement,
    Reason,
    StockMovement,
    StockRequest,
    check_request,
    digest,
    keys_of,
    movements,
)
from virage.matchday.food.menu.store import catalogue as catalogue_store
from virage.matchday.food.menu.store import stock as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, invalid_input, invalid_inputs
from virage.site.venue import api as venue


class Sold(Struct, frozen=True):
    """Quantities that a sale takes from the stock of its outlet, by product.

    `id` is derived from the till and the sale, so that a sale is deducted once. `at` is the time of the till's clock.
    """

    id: UUID
    outlet: str
    products: Mapping[UUID, int]
    at: datetime


async def record(
    conn: Connection, request: StockRequest, who: UUID | None, now: datetime
) -> list[StockMovement] | Refused:
    """Record a stock document and return its movements. Idempotent by `id`.

    Refused as `stock_short` if waste or a transfer exceeds the stock: it must be counted first.
    """
    outlets = outlet_codes(await venue.venues(conn))
    wanted = [line.product_id for line in request.lines]
    refusal = check_request(request, outlets, await catalogue_store.stocked_products(conn, wanted))
    if refusal is not None:
        return refusal
    levels = await store.lock_levels(conn, keys_of(request))
    known = await store.document_digest(conn, request.id)
    if known is not None:
        return await store.movements_of(conn, request.id) if known == digest(request) else Refused(Reason.ID_TAKEN)
    moved = movements(request, levels)
    if isinstance(moved, Refused):
        return moved
    if not await store.insert_document(conn, request.id, digest(request)):  # a concurrent document of other levels
        return Refused(Reason.ID_TAKEN)
    rows = [StockMovement(m.id, m.outlet, m.product_id, m.kind, m.quantity, now, who) for m in moved]
    await _move(conn, rows)
    await append(conn, [Fact("stock_moved", who, request.id, {"outlet": request.outlet, "kind": request.kind})], now)
    return rows


async def record_sales(conn: Connection, sales: Sequence[Sold]) -> None:
    """Deduct sales from the stock, each once. Products without tracked stock are left out.

    Only sales bring a level below zero: offline sales are always booked, and the alert asks for a count. No fact is
    written here; the sale has its own.
    """
    asked = sorted({product_id for sale in sales for product_id in sale.products})
    counted = await catalogue_store.stocked_products(conn, asked)
    rows = [
        StockMovement(sale.id, sale.outlet, product_id, "sale", -quantity, sale.at, None)
        for sale in sales
        for product_id, quantity in sale.products.items()
        if product_id in counted and quantity
    ]
    if rows:
        await store.lock_levels(conn, sorted({(row.outlet, row.product_id) for row in rows}))
        await _move(conn, rows)


async def set_thresholds(
    conn: Connection, outlet: str, low_at: Mapping[UUID, int | None], who: UUID | None, now: datetime
) -> Refused | None:
    """Set the alert thresholds of products at an outlet; None removes one. Other thresholds are kept."""
    if not has_outlet(await venue.venues(conn), outlet):
        return invalid_input("outlet", f"There is no outlet {outlet!r}.")
    unknown = sorted(set(low_at) - await catalogue_store.stocked_products(conn, list(low_at)))
    if unknown:
        return invalid_inputs(
            [("low_at", f"There is no product {product_id} whose stock is counted.") for product_id in unknown]
        )
    keys: list[Key] = sorted((outlet, product_id) for product_id in low_at)
    await store.lock_levels(conn, keys)
    await store.set_thresholds(conn, outlet, low_at)
    facts = [Fact("threshold_set", who, product_id, {"outlet": outlet}) for _, product_id in keys]
    await append(conn, facts, now)
    return None


async def _move(conn: Connection, rows: Sequence[StockMovement]) -> None:
    """Store movements, and add the new ones to their levels, which are locked."""
    await store.move_levels(conn, _sums(await store.insert_movements(conn, rows)))


def _sums(moved: Sequence[Movement]) -> dict[Key, int]:
    sums: dict[Key, int] = {}
    for movement in moved:
        key = (movement.outlet, movement.product_id)
        sums[key] = sums.get(key, 0) + movement.quantity
    return dict(sorted(sums.items()))
