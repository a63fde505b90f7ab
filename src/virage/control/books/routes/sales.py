"""Office routes of sales, shifts and tills."""

from collections.abc import Collection
from datetime import timedelta
from typing import Annotated, Final

from msgspec import Meta

from virage.control.books.reads import sales as reads
from virage.control.books.reads import shifts as shift_reads
from virage.control.books.reads.sales import SalesFilter
from virage.control.books.rules.sales_statistics import SalesGrouping, SalesView
from virage.control.books.rules.shifts import OfficeTill, Shift
from virage.money.fiscal.api import DAYS_MAX, EVER, FOREVER, From, OfEvent, To, check_times
from virage.platform.data.database import Connection, Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import Problem
from virage.platform.web.routing import get, mount
from virage.platform.web.scopes import outlets_of
from virage.site.venue.api import venue_of

READERS: Final[tuple[Role, ...]] = ("programme", "finance")
LONGEST: Final = timedelta(days=DAYS_MAX)
MINUTES_MAX: Final = timedelta(days=3)
OfVenue = Annotated[str | None, Meta(description="Code of a venue: only its outlets")]


@get("/sales", guards=[staff(*READERS)])
async def get_food_sales(
    by: SalesGrouping,
    db: Database,
    clock: Clock,
    principal: Principal,
    *,
    event_id: OfEvent = None,
    since: From = None,
    until: To = None,
    venue_code: OfVenue = None,
) -> SalesView:
    """Return live sales of an event or period, at the outlets within the caller's roles; 404 for an unknown venue.

    Rows by minute are in order, others largest first. By minute a period has at most three days, otherwise 400.
    """
    outlets = outlets_of(principal, READERS)
    async with db.connection() as conn:
        if venue_code is not None:
            outlets = await _at_venue(conn, venue_code, outlets)
        if event_id is not None:
            wanted = await reads.of_event(conn, event_id, outlets)
        else:
            wanted = SalesFilter(
                *check_times(since, until, MINUTES_MAX if by is SalesGrouping.MINUTE else LONGEST), None, outlets
            )
        return await reads.sales(conn, by, wanted, clock.now())


async def _at_venue(conn: Connection, venue_code: str, outlets: Collection[str] | None) -> list[str]:
    """Return which of the outlets are at the venue; of all if there are none. Raises `not_found`."""
    found = await venue_of(conn, venue_code)
    if found is None:
        raise Problem("not_found", {"venue": venue_code})
    return [code for code in found.outlet_by_code if outlets is None or code in outlets]


@get("/shifts", guards=[staff(*READERS)])
async def list_shifts(
    db: Database,
    principal: Principal,
    *,
    event_id: OfEvent = None,
    since: From = None,
    until: To = None,
) -> list[Shift]:
    """Return the shifts opened in a period (at most 400 days) or at an event, latest first; at most 500."""
    if event_id is None:
        since, until = check_times(since, until, LONGEST)
    wanted = SalesFilter(since or EVER, until or FOREVER, event_id, outlets_of(principal, READERS))
    async with db.connection() as conn:
        return await shift_reads.shifts(conn, wanted)


@get("/tills", guards=[staff("finance")])
async def list_tills(db: Database, principal: Principal) -> list[OfficeTill]:
    """Return the tills at outlets where the caller has the finance role, with chain head and open shift."""
    async with db.connection() as conn:
        return await shift_reads.tills(conn, principal)


router = mount("/api/office/food", [get_food_sales, list_shifts, list_tills])
