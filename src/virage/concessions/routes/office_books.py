"""The doors of the books: closings and archives of tills, and the journal for the accountant."""

from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from litestar import Response, Router, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Struct

from virage.concessions.routes.periods import FromDay, ToDay
from virage.concessions.rules.accounting import Journal
from virage.concessions.rules.fiscal.closing import Closing, PeriodKind
from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.guard import Principal, Role, staff
from virage.passes.rules.vault import KeyVault

READERS: Final[tuple[Role, ...]] = ("finance",)


class ClosingView(Struct, frozen=True):
    """A closing as it was signed, and its hash, which the next one of its subject and period names."""

    closing: Closing
    hash: str


@get("/closings", guards=[staff(*READERS)])
async def list_closings(
    subject: Annotated[Literal["till", "outlet"], Parameter(description="Of tills or of outlets")],
    period: PeriodKind,
    first: FromDay,
    last: ToDay,
    *,
    db: Database,
    principal: Principal,
) -> list[ClosingView]:
    """Closings whose period begins on some days, the latest first, within the caller's roles; 2,000 at most.

    A till's is for whoever leads all of its outlets.
    """
    raise NotImplementedError


@get(
    "/tills/{till_id:uuid}/archive",
    guards=[staff(*READERS)],
    opt={"rate": "costly"},
    responses={200: ResponseSpec(bytes, description="The archive", media_type="application/gzip")},
)
async def get_till_archive(
    till_id: UUID,
    *,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    principal: Principal,
    first: Annotated[date | None, Parameter(query="from", description="From that day of business on")] = None,
    last: Annotated[date | None, Parameter(query="to", description="To that day, itself too")] = None,
) -> Stream:
    """The archive of a till, for `virage fiscal verify`: of some closed days, or all that there is."""
    raise NotImplementedError


@get("/accounting", guards=[staff(*READERS)])
async def get_journal(
    first: FromDay, last: ToDay, *, config: Config, db: Database, clock: Clock, principal: Principal
) -> Journal:
    """The books of some days, for whoever has the finance of the whole house."""
    raise NotImplementedError


@get(
    "/accounting.csv",
    guards=[staff(*READERS)],
    responses={200: ResponseSpec(bytes, description="The journal", media_type="text/csv")},
)
async def get_journal_csv(
    first: FromDay, last: ToDay, *, config: Config, db: Database, clock: Clock, principal: Principal
) -> Response[bytes]:
    """The same as a table."""
    raise NotImplementedError


closings_router = Router("/api/office/concessions", route_handlers=[list_closings, get_till_archive])
accounting_router = Router("/api/office", route_handlers=[get_journal, get_journal_csv])
