"""The doors of concessionaires: who runs which outlets, and what is owed to them."""

import asyncio
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta

from virage.control.books.acts import concessionaires as acts
from virage.control.books.reads import statements as reads
from virage.control.books.rules.concessionaires import Concessionaire, ConcessionaireWish, Terms, TermsWish
from virage.control.books.rules.statement_paper import statement_pdf, statement_table
from virage.control.books.rules.statements import Statement
from virage.matchday.food.till.types import house_of
from virage.money.fiscal.api import FromDay, ToDay, check_days
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, fresh, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, delete, get, mount, put
from virage.platform.web.scopes import outlets_of, over_the_house

READERS: Final[tuple[Role, ...]] = ("programme", "finance")
WRITERS: Final[tuple[Role, ...]] = ("programme", "finance")

PRIVATE: Final = {"cache-control": "no-store"}
Language = Annotated[Literal["fr", "en"], Meta(description="The language of the paper")]


@get("/concessionaires", guards=[staff(*READERS)])
async def list_concessionaires(db: Database, principal: Principal) -> list[Concessionaire]:
    """Concessionaires by name, each with its terms; of whoever leads some outlets alone, those of these outlets."""
    async with db.connection() as conn:
        return await reads.concessionaires(conn, outlets_of(principal, READERS))


@put("/concessionaires/{concessionaire_id:uuid}", guards=[staff(*WRITERS)])
async def put_concessionaire(
    concessionaire_id: UUID, data: ConcessionaireWish, db: Database, clock: Clock, principal: Principal
) -> Concessionaire:
    """Enter or change a concessionaire. Needs a sign-in of the last 15 minutes; the same words again change nothing."""
    _may_write(principal, clock)
    return granted(await db.transact(acts.put, concessionaire_id, data, principal.id, clock.now()))


@delete("/concessionaires/{concessionaire_id:uuid}", status_code=204, guards=[staff(*WRITERS)])
async def delete_concessionaire(concessionaire_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Strike out a concessionaire without terms: `concessionaire_in_use` else. Needs a fresh sign-in."""
    _may_write(principal, clock)
    granted(await db.transact(acts.delete, concessionaire_id, principal.id, clock.now()))


@put("/concessionaires/{concessionaire_id:uuid}/terms/{terms_id:uuid}", guards=[staff(*WRITERS)])
async def put_terms(
    concessionaire_id: UUID, terms_id: UUID, data: TermsWish, *, db: Database, clock: Clock, principal: Principal
) -> Terms:
    """Say from when to when they run an outlet, at which commission, and who bears what nobody pays there.

    Needs a sign-in of the last 15 minutes.

    `terms_overlap` (with the `terms` that are in the way) where somebody runs it on one of these days. Of terms that
    began on a closed day only the end moves, and not before the last closed day: `terms_in_force`.
    """
    _may_write(principal, clock)
    new = Terms(terms_id, data.outlet, data.starts_on, data.ends_on, data.commission_permille, data.loss_borne_by)
    return granted(await db.transact(acts.put_terms, concessionaire_id, new, principal.id, clock.now()))


@delete("/concessionaires/{concessionaire_id:uuid}/terms/{terms_id:uuid}", status_code=204, guards=[staff(*WRITERS)])
async def delete_terms(
    concessionaire_id: UUID, terms_id: UUID, db: Database, clock: Clock, principal: Principal
) -> None:
    """Strike out terms that began on no closed day: `terms_in_force` else. Needs a sign-in of the last 15 minutes."""
    _may_write(principal, clock)
    granted(await db.transact(acts.delete_terms, concessionaire_id, terms_id, principal.id, clock.now()))


@get("/concessionaires/{concessionaire_id:uuid}/statement", guards=[staff(*READERS)])
async def get_statement(
    concessionaire_id: UUID, first: FromDay, last: ToDay, *, db: Database, clock: Clock, principal: Principal
) -> Statement:
    """What is owed for some days, by outlet; for whoever leads all of its outlets on these days."""
    return await _statement(db, clock, principal, concessionaire_id, (first, last))


@get(
    "/concessionaires/{concessionaire_id:uuid}/statement.csv",
    guards=[staff(*READERS)],
    answer=Described(bytes, description="The statement", media_type="text/csv"),
)
async def get_statement_csv(
    concessionaire_id: UUID, first: FromDay, last: ToDay, *, db: Database, clock: Clock, principal: Principal
) -> Response[bytes]:
    """The same as a table."""
    found = await _statement(db, clock, principal, concessionaire_id, (first, last))
    headers = PRIVATE | {"content-disposition": f'attachment; filename="{_file(found)}.csv"'}
    return Response(statement_table(found), media_type="text/csv", headers=headers)


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
    lang: Language = "fr",
    config: Config,
    db: Database,
    clock: Clock,
    principal: Principal,
) -> Response[bytes]:
    """The same on paper (PDF/UA)."""
    found = await _statement(db, clock, principal, concessionaire_id, (first, last))
    pdf = await asyncio.to_thread(
        statement_pdf, found, config.club, house_of(config), lang
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
