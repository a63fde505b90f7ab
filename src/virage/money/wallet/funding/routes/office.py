"""What the office does to purses."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from virage.money.wallet.funding.acts.bonus import give
from virage.money.wallet.funding.rules.gifts import GIFT_CENTS_MAX, Gift, GiftReason, Given
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, fresh, require, staff
from virage.platform.web.problems import granted
from virage.platform.web.routing import mount, post


class BonusWish(Struct, frozen=True, forbid_unknown_fields=True):
    """Bonus credit for a purse. The browser makes `id`: sent twice, it is one gift."""

    id: UUID
    purse_id: UUID
    cents: Annotated[int, Meta(ge=1, le=GIFT_CENTS_MAX)]
    reason: GiftReason


@post("/bonus", status_code=200, guards=[staff("finance")])
async def give_bonus(data: BonusWish, db: Database, clock: Clock, principal: Principal) -> Given:
    """Give bonus credit to a purse: spent before money, never paid out. Asks for a sign-in of the last 15 minutes."""
    require(principal, "finance")
    fresh(principal, clock.now())
    gift = Gift(data.id, data.purse_id, data.cents, data.reason.value, principal.id)
    (given,) = await db.transact(give, [gift], clock.now())
    return granted(given)


router = mount("/api/office/wallet", [give_bonus])
