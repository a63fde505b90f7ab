"""Office routes of concessionaires, their terms and statements."""

import asyncio
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from virage.control.books.acts import concessionaires as acts
from virage.control.books.reads import statements as reads
from virage.control.books.rules.concessionaires import Concessionaire, ConcessionaireUpdate, Terms, TermsUpdate
from virage.control.books.rules.statement_paper import statement_pdf, statement_table
from virage.control.books.rules.statements import Statement
from virage.matchday.food.till.types import seller_of
from virage.money.fiscal.api import FromDay, ToDay, check_days
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.languages import best
from virage.platform.values.localised import LanguageTag
from virage.platform.web.guard import Principal, Role, fresh, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, delete, get, mount, put
from virage.platform.web.scopes import outlets_of, over_the_house
from virage.site.venue import api as venue

READERS: Final[tuple[Role, ...]] = ("programme", "finance")
WRITERS: Final[tuple[Role, ...]] = ("programme", "finance")

PRIVATE: Final = {"cache-control": "no-store"}
Language = Annotated[
    LanguageTag | None, Meta(description="Language of the document; unset: the default of the deployment")
]


@get("/concessionaires", guards=[staff(*READERS)])
async def list_concessionaires(db: Database, principal: Principal) -> list[Concessionaire]:
    """Return the concessionaires by name with their terms, limited to the outlets in the caller's scope."""
    async with db.connection() as conn:
        return await reads.concessionaires(conn, outlets_of(principal, READERS))


@put("/concessionaires/{concessionaire_id:uuid}", guards=[staff(*WRITERS)])
async def put_concessionaire(
    concessionaire_id: UUID, data: ConcessionaireUpdate, db: Database, clock: Clock, principal: Principal
) -> Concessionaire:
    """Create or update a concessionaire. Idempotent. Needs a sign-in within the last 15 minutes."""
    _may_write(principal, clock)
    return granted(await db.transact(acts.put, concessionaire_id, data, principal.id, clock.now()))


@delete("/concessionaires/{concessionaire_id:uuid}", status_code=204, guards=[staff(*WRITERS)])
async def delete_concessionaire(concessionaire_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Delete a concessionaire without terms, else `concessionaire_in_use`. Needs a recent sign-in (15 minutes)."""
    _may_write(principal, clock)
    granted(await db.transact(acts.delete, concessionaire_id, principal.id, clock.now()))


@put("/concessionaires/{concessionaire_id:uuid}/terms/{terms_id:uuid}", guards=[staff(*WRITERS)])
async def put_terms(
    concessionaire_id: UUID, terms_id: UUID, data: TermsUpdate, *, db: Database, clock: Clock, principal: Principal
) -> Terms:
    """Set the period, commission and bearer of losses for an outlet. Needs a sign-in within the last 15 minutes.

    Refusals: `terms_overlap` (with the other `terms`) if the outlet has terms on one of these days. If the first day is
    closed, only the last day can change, and not to before the last closed day: `terms_in_force`.
    """
    _may_write(principal, clock)
    new = Terms(terms_id, data.outlet, data.starts_on, data.ends_on, data.commission_permille, data.loss_borne_by)
    return granted(await db.transact(acts.put_terms, concessionaire_id, new, principal.id, clock.now()))


@delete("/concessionaires/{concessionaire_id:uuid}/terms/{terms_id:uuid}", status_code=204, guards=[staff(*WRITERS)])
async def delete_terms(
    concessionaire_id: UUID, terms_id: UUID, db: Database, clock: Clock, principal: Principal
) -> None:
    """Delete terms whose first day is not closed, else `terms_in_force`. Needs a sign-in within the last 15 minutes."""
    _may_write(principal, clock)
    granted(await db.transact(acts.delete_terms, concessionaire_id, terms_id, principal.id, clock.now()))


@get("/concessionaires/{concessionaire_id:uuid}/statement", guards=[staff(*READERS)])
async def get_statement(
    concessionaire_id: UUID, first: FromDay, last: ToDay, *, db: Database, clock: Clock, principal: Principal
) -> Statement:
    """Return the statement of some days, by outlet. Needs a role at all outlets run on these days."""
    return await _statement(db, clock, principal, concessionaire_id, (first, last))


@get(
    "/concessionaires/{concessionaire_id:uuid}/statement.csv",
    guards=[staff(*READERS)],
    answer=Described(bytes, description="The statement", media_type="text/csv"),
)
async def get_statement_csv(
    concessionaire_id: UUID,
    first: FromDay,
    last: ToDay,
    *,
    config: Config,
    db: Database,
    clock: Clock,
    principal: Principal,
) -> Response[bytes]:
    """Return the statement as CSV."""
    found = await _statement(db, clock, principal, concessionaire_id, (first, last))
    headers = PRIVATE | {"content-disposition": f'attachment; filename="{_file(found)}.csv"'}
    return Response(statement_table(found, config.currency), media_type="text/csv", headers=headers)


@get(
    "/concessionaires/{concessionaire_id:uuid}/statement.pdf",
    guards=[staff(*READERS)],
    rate="costly",
    answer=Described(bytes, description="The statement", media_type="application/pdf"),
)
async def get_statement_pdf(
    concessionaire_id: UUID,
    first: FromDay,
    last: ToDay,
    *,
    lang: Language = None,
    config: Config,
    db: Database,
    clock: Clock,
    principal: Principal,
) -> Response[bytes]:
    """Return the statement as PDF (PDF/UA)."""
    found = await _statement(db, clock, principal, concessionaire_id, (first, last))
    language = best(lang or config.club.locale, config.club.locale)
    async with db.connection() as conn:
        venues = await venue.venues(conn)
    pdf = await asyncio.to_thread(
        statement_pdf, found, config.club, seller_of(config), language, currency=config.currency, venues=venues
    )  # a tenth of a second of work
    headers = PRIVATE | {"content-disposition": f'attachment; filename="{_file(found)}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


def _may_write(principal: Principal, clock: Clock) -> None:
    over_the_house(principal, WRITERS)
    fresh(principal, clock.now())


async def _statement(
    db: Database, clock: Clock, principal: Principal, concessionaire_id: UUID, days: tuple[date, date]
) -> Statement:
    check_days(*days)
    async with db.connection() as conn:
        found = await reads.statement_of(conn, concessionaire_id, days, outlets_of(principal, READERS), clock.now())
    if found is None:
        raise Problem("not_found")
    return found


def _file(found: Statement) -> str:
    return f"{found.concessionaire.id}-{found.starts_on}-{found.ends_on}"


router = mount(
    "/api/office/food",
    [
        list_concessionaires,
        put_concessionaire,
        delete_concessionaire,
        put_terms,
        delete_terms,
        get_statement,
        get_statement_csv,
        get_statement_pdf,
    ],
)
