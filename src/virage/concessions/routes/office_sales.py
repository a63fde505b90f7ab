"""The doors of the office to what tills sell: sales as they are now, shifts and drawers, tills."""

from typing import Annotated, Final
from uuid import UUID

from litestar import Router, get
from litestar.params import Parameter

from virage.concessions.rules.figures import By, SalesView
from virage.concessions.rules.shifts import OfficeTill, Shift
from virage.kernel.clock import Clock
from virage.kernel.database import Database
from virage.kernel.guard import Principal, Role, staff
from virage.programme.rules import Instant

READERS: Final[tuple[Role, ...]] = ("programme", "finance")

From = Annotated[Instant | None, Parameter(query="from", description="From that moment on")]
To = Annotated[Instant | None, Parameter(query="to", description="Before that moment")]
OfEvent = Annotated[UUID | None, Parameter(description="Of that event; else give from and to")]


@get("/sales", guards=[staff(*READERS)])
async def get_concession_sales(
    by: By,
    db: Database,
    clock: Clock,
    principal: Principal,
    *,
    event_id: OfEvent = None,
    since: From = None,
    until: To = None,
) -> SalesView:
    """What is sold at the outlets within the caller's roles, up to the last second: for an event or from when to when.

    Rows by minute are in order, all others the largest first. By minute at most three days, else 400.
    """
    raise NotImplementedError


@get("/shifts", guards=[staff(*READERS)])
async def list_shifts(
    db: Database,
    principal: Principal,
    *,
    event_id: OfEvent = None,
    since: From = None,
    until: To = None,
) -> list[Shift]:
    """The shifts that began in a period or at an event, the latest first; 500 at most."""
    raise NotImplementedError


@get("/tills", guards=[staff(*READERS)])
async def list_tills(db: Database, principal: Principal) -> list[OfficeTill]:
    """The tills that stand at an outlet within the caller's roles, each with its head and its open shift."""
    raise NotImplementedError


router = Router("/api/office/concessions", route_handlers=[get_concession_sales, list_shifts, list_tills])
