"""Office route of offline losses."""

from typing import Final

from virage.control.books.reads import losses as reads
from virage.control.books.reads.losses import OfflineLoss
from virage.matchday.food.till.types import TillLimits
from virage.platform.data.database import Database
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.routing import get, mount

LEADERS: Final[tuple[Role, ...]] = ("finance",)


@get("/offline-loss", guards=[staff(*LEADERS)])
async def get_offline_loss(db: Database, principal: Principal, till_limits: TillLimits) -> OfflineLoss:
    """Return the maximum and actual losses of offline sales, for the tills within the caller's roles."""
    async with db.connection() as conn:
        return await reads.offline_loss(conn, principal, till_limits)


router = mount("/api/office/food", [get_offline_loss])
