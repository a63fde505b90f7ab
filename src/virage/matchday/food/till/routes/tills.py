"""The office's doors to the tills: what they sold otherwise than they should have."""

from typing import Annotated, Final

from msgspec import Meta

from virage.matchday.food.till.reads import deviations as reads
from virage.matchday.food.till.rules.deviations import NotedDeviation
from virage.platform.data.database import Database
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.routing import get, mount
from virage.platform.web.scopes import outlets_of
from virage.site.programme.types import Instant

LEADERS: Final[tuple[Role, ...]] = ("finance",)

Before = Annotated[Instant | None, Meta(description="Only what was noted before that time")]


@get("/deviations", guards=[staff(*LEADERS)])
async def list_deviations(db: Database, principal: Principal, *, before: Before = None) -> list[NotedDeviation]:
    """What tills told that is not as the catalogue, the law or their limits say; the latest 200 or so first."""
    async with db.connection() as conn:
        return await reads.deviations(conn, outlets_of(principal, LEADERS), before)


router = mount("/api/office/food", [list_deviations])
