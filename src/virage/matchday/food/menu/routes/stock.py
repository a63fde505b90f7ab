"""Routes of the stock: levels, movements, documents, thresholds and alerts."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.matchday.food.menu.acts import stock as acts
from virage.matchday.food.menu.reads import stock as reads
from virage.matchday.food.menu.routes.roles import STOCK_KEEPERS, STOCK_READERS
from virage.matchday.food.menu.rules.catalogue import has_outlet
from virage.matchday.food.menu.rules.stock import (
    LINES_MAX,
    Quantity,
    StockAlert,
    StockLevel,
    StockMovement,
    StockRequest,
)
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, mount, post, put
from virage.platform.web.scopes import at_outlets, outlets_of
from virage.site.programme.types import Instant
from virage.site.venue import api as venue

Before = Annotated[Instant | None, Meta(description="Only movements before this time")]


class StockThreshold(Struct, frozen=True, forbid_unknown_fields=True):
    """Alert threshold of a product; None for none."""

    product_id: UUID
    low_at: Quantity | None


class StockThresholdsUpdate(Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds to set; those of other products are kept. The last one of a product applies."""

    thresholds: Annotated[list[StockThreshold], Meta(min_length=1, max_length=LINES_MAX)]


@post("/stock", status_code=200, guards=[staff(*STOCK_KEEPERS)])
async def record_stock(data: StockRequest, db: Database, clock: Clock, principal: Principal) -> list[StockMovement]:
    """Record a delivery, waste, a count or a transfer; return its movements. Idempotent by `id`.

    A transfer needs a role at both outlets.
    """
    at_outlets(principal, STOCK_KEEPERS, [data.outlet] if data.to_outlet is None else [data.outlet, data.to_outlet])
    return granted(await db.transact(acts.record, data, principal.id, clock.now()))


@get("/stock/{outlet:str}", guards=[staff(*STOCK_READERS)])
async def get_stock(outlet: str, db: Database, principal: Principal) -> list[StockLevel]:
    """Return the stock levels of an outlet."""
    async with db.connection() as conn:
        await _require_outlet(conn, principal, outlet)
        return await reads.levels(conn, [outlet])


@get("/stock/{outlet:str}/movements", guards=[staff(*STOCK_READERS)])
async def list_movements(
    outlet: str, db: Database, principal: Principal, *, before: Before = None
) -> list[StockMovement]:
    """Return the movements of an outlet, latest first, 200 at most; more with `before`."""
    async with db.connection() as conn:
        await _require_outlet(conn, principal, outlet)
        return await reads.movements(conn, outlet, before)


@put("/stock/{outlet:str}/thresholds", status_code=204, guards=[staff(*STOCK_KEEPERS)])
async def put_thresholds(
    outlet: str, data: StockThresholdsUpdate, db: Database, clock: Clock, principal: Principal
) -> None:
    """Set alert thresholds."""
    at_outlets(principal, STOCK_KEEPERS, [outlet])
    low_at = {threshold.product_id: threshold.low_at for threshold in data.thresholds}
    granted(await db.transact(acts.set_thresholds, outlet, low_at, principal.id, clock.now()))


@get("/stock-alerts", guards=[staff(*STOCK_READERS)])
async def list_stock_alerts(db: Database, principal: Principal) -> list[StockAlert]:
    """Return the stock alerts of the outlets within the caller's roles, worst first."""
    async with db.connection() as conn:
        return await reads.alerts(conn, outlets_of(principal, STOCK_READERS))


async def _require_outlet(conn: Connection, principal: Principal, outlet: str) -> None:
    at_outlets(principal, STOCK_READERS, [outlet])
    if not has_outlet(await venue.venues(conn), outlet):
        raise Problem("not_found", {"outlet": outlet})


router = mount("/api/food", [record_stock, get_stock, list_movements, put_thresholds, list_stock_alerts])
