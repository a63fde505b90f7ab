"""Office routes of the tills: deviations."""

from typing import Annotated, Final

from msgspec import Meta

from virage.matchday.food.till.reads import deviations as reads
from virage.matchday.food.till.rules.deviations import StoredDeviation
from virage.platform.data.database import Database
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.routing import get, mount
from virage.platform.web.scopes import outlets_of
from virage.site.programme.types import Instant

LEADERS: Final[tuple[Role, ...]] = ("finance",)

Before = Annotated[Instant | None, Meta(description="Only deviations found before that time")]


@get("/deviations", guards=[staff(*LEADERS)])
async def list_deviations(db: Database, principal: Principal, *, before: Before = None) -> list[StoredDeviation]:
    """Return about 200 records that deviate from the catalogue, the law or their limits, latest first."""
    async with db.connection() as conn:
        return await reads.deviations(conn, outlets_of(principal, LEADERS), before)


router = mount("/api/office/food", [list_deviations])
