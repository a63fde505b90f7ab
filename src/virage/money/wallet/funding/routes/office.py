"""Routes of the office for wallets."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.money.wallet.funding.acts.bonus import give
from virage.money.wallet.funding.rules.bonus import BONUS_CENTS_MAX, BonusGrant, BonusReason, GrantedBonus
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, require, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import mount, post


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


router = mount("/api/office/wallet", [give_bonus])
