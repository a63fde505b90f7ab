"""Routes of points for tills: look up the code of a reward, and hand the reward over."""

from uuid import UUID

from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, device_at, holds
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import post
from virage.sale.points.acts import redeeming
from virage.sale.points.reads.till import RewardAtTill, reward_at_till, shown_at_till
from virage.sale.points.rules.handovers import Handover, HandoverRefusal, RewardCode


@post("/rewards", status_code=200, guards=[device_at("till")], rate="gate")
async def look_up_reward(data: RewardCode, *, db: Database) -> RewardAtTill:
    """Return the redeemed reward with a code. It is used up by `POST /api/till/rewards/handover` alone."""
    async with db.connection() as conn:
        found = await reward_at_till(conn, data.normal)
    if found is None:
        raise Problem(HandoverRefusal.CODE_UNKNOWN)
    return found


@post("/rewards/handover", status_code=200, guards=[device_at("till")], rate="gate")
async def hand_over_reward(data: Handover, *, db: Database, clock: Clock, principal: Principal) -> RewardAtTill:
    """Hand a redeemed reward over, once. Idempotent: a repeated request gets the first answer."""
    if not holds(principal, "till", scope="outlet", scope_id=data.outlet):
        raise Problem(HandoverRefusal.NOT_YOUR_OUTLET)
    till_id = principal.id or UUID(int=0)
    redemption = granted(await db.transact(redeeming.hand_over, data, till_id, clock.now()))
    async with db.connection() as conn:
        return await shown_at_till(conn, redemption)
