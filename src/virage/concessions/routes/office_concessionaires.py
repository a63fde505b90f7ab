"""The doors of concessionaires: who runs which outlets, and what is owed to them."""

from typing import Annotated, Final, Literal
from uuid import UUID

from litestar import Response, Router, delete, get, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

from virage.concessions.routes.periods import FromDay, ToDay
from virage.concessions.rules.concessionaires import Concessionaire, ConcessionaireWish, Terms, TermsWish
from virage.concessions.rules.statements import Statement
from virage.kernel.clock import Clock
from virage.kernel.config import Config
from virage.kernel.database import Database
from virage.kernel.guard import Principal, Role, staff

READERS: Final[tuple[Role, ...]] = ("programme", "finance")
WRITERS: Final[tuple[Role, ...]] = ("programme", "finance")

Language = Annotated[Literal["fr", "en"], Parameter(description="The language of the paper")]


@get("/concessionaires", guards=[staff(*READERS)])
async def list_concessionaires(db: Database, principal: Principal) -> list[Concessionaire]:
    """Concessionaires by name, each with its terms; of whoever leads some outlets alone, those of these outlets."""
    raise NotImplementedError


@put("/concessionaires/{concessionaire_id:uuid}", guards=[staff(*WRITERS)])
async def put_concessionaire(
    concessionaire_id: UUID, data: ConcessionaireWish, db: Database, clock: Clock, principal: Principal
) -> Concessionaire:
    """Enter or change a concessionaire. Needs a sign-in of the last 15 minutes; the same words again change nothing."""
    raise NotImplementedError


@delete("/concessionaires/{concessionaire_id:uuid}", status_code=204, guards=[staff(*WRITERS)])
async def delete_concessionaire(concessionaire_id: UUID, db: Database, clock: Clock, principal: Principal) -> None:
    """Strike out a concessionaire without terms: `concessionaire_in_use` else. Needs a fresh sign-in."""
    raise NotImplementedError


@put("/concessionaires/{concessionaire_id:uuid}/terms/{terms_id:uuid}", guards=[staff(*WRITERS)])
async def put_terms(
    concessionaire_id: UUID, terms_id: UUID, data: TermsWish, *, db: Database, clock: Clock, principal: Principal
) -> Terms:
    """Say from when to when they run an outlet and at which commission. Needs a sign-in of the last 15 minutes.

    `terms_overlap` (with the `terms` that are in the way) where somebody runs it on one of these days. Of terms that
    began on a closed day only the end moves, and not before the last closed day: `terms_in_force`.
    """
    raise NotImplementedError


@delete("/concessionaires/{concessionaire_id:uuid}/terms/{terms_id:uuid}", status_code=204, guards=[staff(*WRITERS)])
async def delete_terms(
    concessionaire_id: UUID, terms_id: UUID, db: Database, clock: Clock, principal: Principal
) -> None:
    """Strike out terms that began on no closed day: `terms_in_force` else. Needs a sign-in of the last 15 minutes."""
    raise NotImplementedError


@get("/concessionaires/{concessionaire_id:uuid}/statement", guards=[staff(*READERS)])
async def get_statement(
    concessionaire_id: UUID, first: FromDay, last: ToDay, *, db: Database, clock: Clock, principal: Principal
) -> Statement:
    """What is owed for some days, by outlet; for whoever leads all of its outlets on these days."""
    raise NotImplementedError


@get(
    "/concessionaires/{concessionaire_id:uuid}/statement.csv",
    guards=[staff(*READERS)],
    responses={200: ResponseSpec(bytes, description="The statement", media_type="text/csv")},
)
async def get_statement_csv(
    concessionaire_id: UUID, first: FromDay, last: ToDay, *, db: Database, clock: Clock, principal: Principal
) -> Response[bytes]:
    """The same as a table."""
    raise NotImplementedError


@get(
    "/concessionaires/{concessionaire_id:uuid}/statement.pdf",
    guards=[staff(*READERS)],
    opt={"rate": "costly"},
    responses={200: ResponseSpec(bytes, description="The statement", media_type="application/pdf")},
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
    raise NotImplementedError


router = Router(
    "/api/office/concessions",
    route_handlers=[
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
