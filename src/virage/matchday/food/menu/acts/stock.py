"""Stock moves: what people write down, and what is sold. Levels are locked by outlet and product, and never edited."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from virage.matchday.food.menu.rules.catalogue import outlet_codes
from virage.matchday.food.menu.rules.stock import (
    Key,
    Movement,
    MovementRow,
    Reason,
    StockWish,
    check_wish,
    digest,
    keys_of,
    movements,
)
from virage.matchday.food.menu.store import catalogue as catalogue_store
from virage.matchday.food.menu.store import stock as store
from virage.platform.data.database import Connection
from virage.platform.data.journal import Fact, append
from virage.platform.values.refusals import Refused, invalid_input, invalid_inputs


class Sold(Struct, frozen=True):
    """What a sale took from the stock of its outlet, by product.

    `id` is made of the till and of its sale: it moves the stock once. `at` is when it was sold by the till's clock.
    """

    id: UUID
    outlet: str
    products: Mapping[UUID, int]
    at: datetime


async def record(conn: Connection, wish: StockWish, who: UUID | None, now: datetime) -> list[MovementRow] | Refused:
    """Write down a delivery, waste, a count or a transfer: what it moved. The same document again is the same.

    Refused as `stock_short` where more would be wasted or moved than is there: then a count comes first.
    """
    wanted = [line.product_id for line in wish.lines]
    refusal = check_wish(wish, outlet_codes(), await catalogue_store.stocked_products(conn, wanted))
    if refusal is not None:
        return refusal
    levels = await store.lock_levels(conn, keys_of(wish))
    known = await store.document_digest(conn, wish.id)
    if known is not None:
        return await store.movements_of(conn, wish.id) if known == digest(wish) else Refused(Reason.ID_TAKEN)
    moved = movements(wish, levels)
    if isinstance(moved, Refused):
        return moved
    if not await store.insert_document(conn, wish.id, digest(wish)):  # another one, of other levels, at this moment
        return Refused(Reason.ID_TAKEN)
    rows = [MovementRow(m.id, m.outlet, m.product_id, m.kind, m.quantity, now, who) for m in moved]
    await _move(conn, rows)
    await append(conn, [Fact("stock_moved", who, wish.id, {"outlet": wish.outlet, "kind": wish.kind})], now)
    return rows


async def note_sales(conn: Connection, sales: Sequence[Sold]) -> None:
    """Take what was sold from the stock, for many sales at once and each once, however often it is noted.

    What nobody counts is left out. A level may fall below zero here and nowhere else: a sale that a till made alone is
    always booked, and the level says that somebody must count. The fact is the sale's.
    """
    asked = sorted({product_id for sale in sales for product_id in sale.products})
    counted = await catalogue_store.stocked_products(conn, asked)
    rows = [
        MovementRow(sale.id, sale.outlet, product_id, "sale", -quantity, sale.at, None)
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
    """Say at which level of a product at an outlet somebody is told; None: never. Others stay as they are."""
    if outlet not in outlet_codes():
        return invalid_input("outlet", f"There is no outlet {outlet!r}.")
    strange = sorted(set(low_at) - await catalogue_store.stocked_products(conn, list(low_at)))
    if strange:
        return invalid_inputs([("low_at", f"There is no product {one} whose stock is counted.") for one in strange])
    keys: list[Key] = sorted((outlet, product_id) for product_id in low_at)
    await store.lock_levels(conn, keys)
    await store.set_thresholds(conn, outlet, low_at)
    facts = [Fact("threshold_set", who, product_id, {"outlet": outlet}) for _, product_id in keys]
    await append(conn, facts, now)
    return None


async def _move(conn: Connection, rows: Sequence[MovementRow]) -> None:
    """Write movements, and add those that are new to their levels, which are locked."""
    await store.move_levels(conn, _sums(await store.insert_movements(conn, rows)))


def _sums(moved: Sequence[Movement]) -> dict[Key, int]:
    sums: dict[Key, int] = {}
    for one in moved:
        key = (one.outlet, one.product_id)
        sums[key] = sums.get(key, 0) + one.quantity
    return dict(sorted(sums.items()))
