"""Office routes of the accounting journal."""

from datetime import date
from typing import Final

from virage.control.books.reads.accounting import journal_of
from virage.control.books.rules.accounting import Journal, journal_table
from virage.control.books.settings import BookSettings
from virage.money.fiscal.api import FromDay, ToDay, check_days
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, staff
from virage.platform.web.routing import Described, Response, get, mount
from virage.platform.web.scopes import over_the_house

READERS: Final[tuple[Role, ...]] = ("finance",)
PRIVATE: Final = {"cache-control": "no-store"}


@get("/accounting", guards=[staff(*READERS)])
async def get_journal(
    first: FromDay, last: ToDay, *, config: Config, db: Database, clock: Clock, principal: Principal
) -> Journal:
    """Return the accounting journal of some days. Needs the finance role for the whole deployment."""
    return await _journal(config, db, clock, principal, (first, last))


@get(
    "/accounting.csv",
    guards=[staff(*READERS)],
    answer=Described(bytes, description="The accounting journal", media_type="text/csv"),
)
async def get_journal_csv(
    first: FromDay, last: ToDay, *, config: Config, db: Database, clock: Clock, principal: Principal
) -> Response[bytes]:
    """Return the accounting journal as CSV."""
    made = await _journal(config, db, clock, principal, (first, last))
    headers = PRIVATE | {"content-disposition": f'attachment; filename="journal-{first}-{last}.csv"'}
    return Response(journal_table(made, config.currency), media_type="text/csv", headers=headers)


async def _journal(
    config: Config, db: Database, clock: Clock, principal: Principal, days: tuple[date, date]
) -> Journal:
    check_days(*days)
    over_the_house(principal, READERS)
    async with db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        codes = dict(config.of(BookSettings).account_codes)
        return await journal_of(conn, days, codes, zone=config.time_zone, now=clock.now(), language=config.club.locale)


router = mount("/api/office", [get_journal, get_journal_csv])
