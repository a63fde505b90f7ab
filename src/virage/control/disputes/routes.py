"""Office routes of the evidence of disputes: download it, send it."""

import asyncio
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.control.disputes.reads import dispute_facts
from virage.control.disputes.rules.evidence_paper import evidence_fields, evidence_pdf, file_name
from virage.control.disputes.rules.facts import DisputeFacts
from virage.identity.people.types import PeopleConfig
from virage.money.payments import api as payments
from virage.money.payments.api import DisputeLine
from virage.money.payments.types import Evidence, PaymentRefusal
from virage.money.wallet.accounts.api import PaidAt
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.web.guard import Principal, Role, fresh, require_fan, staff
from virage.platform.web.problems import Problem, granted
from virage.platform.web.routing import Described, Response, get, mount, post
from virage.platform.web.scopes import over_the_house

READERS: Final[tuple[Role, ...]] = ("finance",)
PRIVATE: Final = {"cache-control": "no-store"}


class EvidenceRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Send the evidence of a dispute. The browser makes `id`: a repeated request is one evidence."""

    id: UUID


@get(
    "/disputes/{dispute_id:uuid}/evidence",
    guards=[staff(*READERS)],
    rate="costly",
    answer=Described(bytes, description="The evidence", media_type="application/pdf"),
)
async def get_evidence(
    dispute_id: UUID,
    *,
    config: Config,
    db: Database,
    clock: Clock,
    principal: Principal,
    people_config: PeopleConfig,
    paid_at: Sequence[PaidAt],
) -> Response[bytes]:
    """Return what is recorded of a disputed payment as PDF (PDF/UA), in the language of the operator.

    Refusal: `evidence_unavailable` for a payment at a card reader.
    """
    over_the_house(principal, READERS)
    facts = await _facts(dispute_id, db, clock, people_config, paid_at)
    pdf = await asyncio.to_thread(evidence_pdf, facts, config)
    headers = PRIVATE | {"content-disposition": f'attachment; filename="{file_name(facts)}"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@post("/disputes/{dispute_id:uuid}/evidence", status_code=202, guards=[staff(*READERS)], rate="costly")
async def send_evidence(
    dispute_id: UUID,
    data: EvidenceRequest,
    *,
    config: Config,
    db: Database,
    clock: Clock,
    principal: Principal,
    people_config: PeopleConfig,
    paid_at: Sequence[PaidAt],
) -> DisputeLine:
    """Send the evidence to the bank, once; it is final. Asks for a sign-in of the last 15 minutes.

    Refusals: `dispute_closed`, `evidence_late` after the due date, `evidence_sent`, `evidence_unavailable`.
    """
    over_the_house(principal, READERS)
    fresh(principal, clock.now())
    who = require_fan(principal)
    facts = await _facts(dispute_id, db, clock, people_config, paid_at)
    pdf = await asyncio.to_thread(evidence_pdf, facts, config)
    evidence = Evidence(data.id, pdf, evidence_fields(facts, config))
    dispute = granted(await db.transact(payments.send_evidence, dispute_id, evidence, who, clock.now()))
    async with db.connection() as conn:
        (line,) = await payments.dispute_lines(conn, [dispute])
    return line


async def _facts(
    dispute_id: UUID, db: Database, clock: Clock, people_config: PeopleConfig, paid_at: Sequence[PaidAt]
) -> DisputeFacts:
    async with db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        facts = await dispute_facts(conn, dispute_id, people_config, paid_at, clock.now())
        known = await payments.dispute(conn, dispute_id)
    if facts is None:
        raise Problem("not_found" if known is None else PaymentRefusal.EVIDENCE_UNAVAILABLE)
    return facts


routers = [mount("/api/office", [get_evidence, send_evidence])]
