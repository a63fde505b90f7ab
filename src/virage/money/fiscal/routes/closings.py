"""Office routes of closings and archives."""

from datetime import date, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta
from starlette.responses import StreamingResponse

from virage.identity.keys.types import KeyVault
from virage.identity.people import api as people
from virage.identity.people.types import DeviceKind
from virage.money.fiscal.reads import closings as reads
from virage.money.fiscal.reads.archive import archive
from virage.money.fiscal.reads.closings import ClosingView
from virage.money.fiscal.routes.periods import DAYS_EVER, DAYS_MAX, EVER, FromDay, ToDay, check_days
from virage.money.fiscal.rules.closing import PeriodKind
from virage.platform.data.database import Database
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.problems import Problem
from virage.platform.web.routing import Described, Named, get, mount
from virage.platform.web.scopes import at_outlets, outlets_of, over_the_house

READERS: Final[tuple[Role, ...]] = ("finance",)
PRIVATE: Final = {"cache-control": "no-store"}
EARLIEST: Final = EVER.date()


@get("/closings", guards=[staff(*READERS)])
async def list_closings(
    subject: Annotated[Literal["till", "outlet"], Meta(description="Closings of tills or of outlets")],
    period: PeriodKind,
    first: FromDay,
    last: ToDay,
    *,
    db: Database,
    principal: Principal,
) -> list[ClosingView]:
    """Return closings whose period begins within some days, latest first, within the caller's roles; at most 2,000.

    Closings of tills need the finance role for the whole deployment, because a till may move between outlets.
    """
    check_days(first, last, DAYS_MAX if period is PeriodKind.DAY else DAYS_EVER)
    if subject == "till":
        over_the_house(principal, READERS)
    async with db.connection() as conn:
        return await reads.closings(conn, subject, period, (first, last), outlets_of(principal, READERS))


@get(
    "/tills/{till_id:uuid}/archive",
    guards=[staff(*READERS)],
    rate="costly",
    answer=Described(bytes, description="The archive", media_type="application/gzip"),
)
async def get_till_archive(
    till_id: UUID,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    principal: Principal,
    first: Annotated[date | None, Named("from"), Meta(description="First business day")] = None,
    last: Annotated[date | None, Named("to"), Meta(description="Last business day, inclusive")] = None,
) -> StreamingResponse:
    """Return the archive of a till for `virage fiscal verify`: of some closed days, or of all records.

    Needs the finance role at all outlets where the till is assigned or has ever sold.
    """
    check_days(first or EARLIEST, last or first or EARLIEST, DAYS_EVER)
    async with db.transaction() as conn:
        till = (await people.devices(conn, [till_id])).get(till_id)
        if till is None or till.kind is not DeviceKind.TILL:
            raise Problem("not_found")
        at_outlets(principal, READERS, sorted({*till.posts, *await reads.outlets_of_till(conn, till_id)}))
        until = None if last is None else last + timedelta(days=1)
        made = await archive(conn, vault, till_id, since=first, until=until, now=clock.now())
    if made is None:
        raise Problem("not_found")
    headers = PRIVATE | {"content-disposition": f'attachment; filename="{till_id}.jsonl.gz"'}
    return StreamingResponse(made.gzip(db), media_type="application/gzip", headers=headers)


router = mount("/api/office/food", [list_closings, get_till_archive])
