"""Routes of points for fans: their points and why they have them, joining, leaving, and redeeming."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, require_fan, signed_in
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import get, post
from virage.sale.points.acts import accounts
from virage.sale.points.acts.redeeming import RedeemRequest, redeem
from virage.sale.points.reads.fans import (
    PointsMovements,
    PointsView,
    RedemptionView,
    movements,
    points_of,
    redemption_view,
)

LAST = 2**31 - 1


class PointsJoin(Struct, frozen=True, forbid_unknown_fields=True):
    """Take part in the points of an organiser. The client makes `id`, that of the account."""

    id: UUID
    organiser_id: UUID


@get("/", public=True)
async def list_points(db: Database, clock: Clock, config: Config, principal: Principal) -> list[PointsView]:
    """Return the open programmes with their rules and rewards, and the caller's points in them."""
    person_id = principal.id if principal.kind in {"fan", "staff"} else None
    async with db.connection() as conn:
        return await points_of(conn, person_id, config.time_zone, clock.now())


@get("/accounts/{account_id:uuid}/movements", guards=[signed_in])
async def list_points_movements(
    account_id: UUID, db: Database, principal: Principal, before: Annotated[int, Meta(ge=1, le=LAST)] = LAST
) -> PointsMovements:
    """Return what moved in my account and why, the latest first; 50 at a time."""
    async with db.connection() as conn:
        found = await movements(conn, account_id, require_fan(principal), before)
    if found is None:
        raise Problem("not_found")
    return found


@post("/accounts", status_code=200, guards=[signed_in])
async def join_points(
    data: PointsJoin, *, db: Database, clock: Clock, config: Config, principal: Principal
) -> list[PointsView]:
    """Take part in the points of an organiser: from now on, entries and purchases earn points."""
    person_id, now = require_fan(principal), clock.now()
    granted(await db.transact(accounts.join, data.id, data.organiser_id, person_id, now))
    async with db.connection() as conn:
        return await points_of(conn, person_id, config.time_zone, now)


@post("/accounts/{account_id:uuid}/close", status_code=200, guards=[signed_in])
async def leave_points(
    account_id: UUID, db: Database, clock: Clock, config: Config, principal: Principal
) -> list[PointsView]:
    """Take part no longer: the account is closed, and its points lapse at once."""
    person_id, now = require_fan(principal), clock.now()
    granted(await db.transact(accounts.leave, account_id, person_id, now))
    async with db.connection() as conn:
        return await points_of(conn, person_id, config.time_zone, now)


@post("/redemptions", status_code=200, guards=[signed_in])
async def redeem_reward(data: RedeemRequest, *, db: Database, clock: Clock, principal: Principal) -> RedemptionView:
    """Redeem a reward."""
    return redemption_view(granted(await db.transact(redeem, require_fan(principal), data, clock.now())))
