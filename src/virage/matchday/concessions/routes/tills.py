"""The office's doors to the tills: what they sold otherwise than they should have, and what they may lose at most."""

from typing import Annotated, Final

from litestar import Router, get
from litestar.params import Parameter

from virage.matchday.concessions.reads import deviations as reads
from virage.matchday.concessions.reads.deviations import OfflineLoss
from virage.matchday.concessions.rules.deviations import NotedDeviation
from virage.matchday.concessions.rules.limits import TillLimits
from virage.platform.database import Database
from virage.platform.guard import Principal, Role, staff
from virage.platform.scopes import outlets_of
from virage.site.programme.rules import Instant

LEADERS: Final[tuple[Role, ...]] = ("finance",)

Before = Annotated[Instant | None, Parameter(description="Only what was noted before that time")]


@get("/deviations", guards=[staff(*LEADERS)])
async def list_deviations(db: Database, principal: Principal, *, before: Before = None) -> list[NotedDeviation]:
    """What tills told that is not as the catalogue, the law or their limits say; the latest 200 or so first."""
    async with db.connection() as conn:
        return await reads.deviations(conn, outlets_of(principal, LEADERS), before)


@get("/offline-loss", guards=[staff(*LEADERS)])
async def get_offline_loss(db: Database, principal: Principal, till_limits: TillLimits) -> OfflineLoss:
    """What the tills within the caller's roles may lose at most while they have no network, and have lost so far."""
    async with db.connection() as conn:
        return await reads.offline_loss(conn, principal, till_limits)


router = Router("/api/office/concessions", route_handlers=[list_deviations, get_offline_loss])
