"""The doors of the office to what tills sell: sales as they are now, shifts and drawers, tills."""

from datetime import timedelta
from typing import Final

from virage.control.books.reads import sales as reads
from virage.control.books.reads import shifts as shift_reads
from virage.control.books.reads.sales import Slice
from virage.control.books.rules.figures import By, SalesView
from virage.control.books.rules.shifts import OfficeTill, Shift
from virage.money.fiscal.api import DAYS_MAX, EVER, FOREVER, From, OfEvent, To, check_times
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.routing import get, mount
from virage.platform.web.scopes import outlets_of

READERS: Final[tuple[Role, ...]] = ("programme", "finance")
LONGEST: Final = timedelta(days=DAYS_MAX)
MINUTES_MAX: Final = timedelta(days=3)


@get("/sales", guards=[staff(*READERS)])
async def get_food_sales(
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
    outlets = outlets_of(principal, READERS)
    async with db.connection() as conn:
        if event_id is not None:
            wanted = await reads.of_event(conn, event_id, outlets)
        else:
            wanted = Slice(*check_times(since, until, MINUTES_MAX if by is By.MINUTE else LONGEST), None, outlets)
        return await reads.sales(conn, by, wanted, clock.now())


@get("/shifts", guards=[staff(*READERS)])
async def list_shifts(
    db: Database,
    principal: Principal,
    *,
    event_id: OfEvent = None,
    since: From = None,
    until: To = None,
) -> list[Shift]:
    """The shifts that began in a period (of 400 days at most) or at an event, the latest first; 500 at most."""
    if event_id is None:
        since, until = check_times(since, until, LONGEST)
    wanted = Slice(since or EVER, until or FOREVER, event_id, outlets_of(principal, READERS))
    async with db.connection() as conn:
        return await shift_reads.shifts(conn, wanted)


@get("/tills", guards=[staff("finance")])
async def list_tills(db: Database, principal: Principal) -> list[OfficeTill]:
    """The tills that stand at an outlet of which the caller has the finance, each with its head and its open shift."""
    async with db.connection() as conn:
        return await shift_reads.tills(conn, principal)


router = mount("/api/office/food", [get_food_sales, list_shifts, list_tills])
