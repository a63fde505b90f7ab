"""Routes of the office for wallets."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.money.wallet.funding.acts.bonus import give
from virage.money.wallet.funding.reads.proceeds import (
    DisputedProceedsPage,
    disputed_proceeds_of,
    latest_disputed_proceeds,
)
from virage.money.wallet.funding.rules.bonus import BONUS_CENTS_MAX, BonusGrant, BonusReason, GrantedBonus
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, require, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import get, mount, post
from virage.site.programme.types import Instant


class BonusRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Request of a bonus grant. The browser creates `id`, so a repeated request is one grant."""

    id: UUID
    wallet_id: UUID
    cents: Annotated[int, Meta(ge=1, le=BONUS_CENTS_MAX)]
    reason: BonusReason


@post("/bonus", status_code=200, guards=[staff("finance")])
async def give_bonus(data: BonusRequest, db: Database, clock: Clock, principal: Principal) -> GrantedBonus:
    """Grant bonus credit to a wallet. Requires a sign-in of the last 15 minutes."""
    require(principal, "finance")
    fresh(principal, clock.now())
    gift = BonusGrant(data.id, data.wallet_id, data.cents, data.reason.value, principal.id)
    (given,) = await db.transact(give, [gift], clock.now())
    return granted(given)


@get("/disputed-proceeds", guards=[staff("finance")])
async def list_disputed_proceeds(
    db: Database,
    clock: Clock,
    principal: Principal,
    *,
    payment_id: Annotated[UUID | None, Meta(description="Only of the disputes of this payment, all of them")] = None,
    before: Annotated[Instant | None, Meta(description="Only what was taken back before this time")] = None,
) -> DisputedProceedsPage:
    """Return what disputes took back from the wallets of sellers, the latest first, with what was missing there."""
    require(principal, "finance")
    async with db.connection() as conn:
        if payment_id is not None:
            return await disputed_proceeds_of(conn, payment_id)
        return await latest_disputed_proceeds(conn, before or clock.now() + timedelta(days=1))


router = mount("/api/office/wallet", [give_bonus, list_disputed_proceeds])
