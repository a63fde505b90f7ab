"""Routes of the after-action report."""

import asyncio
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from virage.control.safety.reads.report import report_facts
from virage.control.safety.routes.access import ROLE, event_of
from virage.control.safety.rules.report import ReportFacts
from virage.control.safety.rules.report_paper import counts_csv, report_pdf
from virage.control.safety.settings import SafetySettings
from virage.identity.keys import api as keys
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.languages import best
from virage.platform.values.localised import LanguageTag
from virage.platform.web.guard import Principal, staff
from virage.platform.web.routing import Described, Response, get

PRIVATE = {"cache-control": "no-store"}
Language = Annotated[
    LanguageTag | None, Meta(description="Language of the document; unset: the default of the deployment")
]


@get(
    "/events/{event_id:uuid}/report.pdf",
    guards=[staff(ROLE)],
    rate="costly",
    answer=Described(bytes, description="The report", media_type="application/pdf"),
)
async def get_report(
    event_id: UUID,
    *,
    lang: Language = None,
    config: Config,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    principal: Principal,
) -> Response[bytes]:
    """Return the after-action report of an event as PDF (PDF/UA)."""
    facts = await _facts(event_id, config, db, clock, vault=vault, principal=principal)
    language = best(lang or config.club.locale, config.club.locale)
    pdf = await asyncio.to_thread(report_pdf, facts, config.club, language)
    headers = PRIVATE | {"content-disposition": f'attachment; filename="report-{event_id}.pdf"'}
    return Response(pdf, media_type="application/pdf", headers=headers)


@get(
    "/events/{event_id:uuid}/counts.csv",
    guards=[staff(ROLE)],
    rate="costly",
    answer=Described(bytes, description="The counts", media_type="text/csv"),
)
async def get_anonymous_counts(
    event_id: UUID,
    *,
    lang: Language = None,
    config: Config,
    db: Database,
    clock: Clock,
    vault: KeyVault,
    principal: Principal,
) -> Response[bytes]:
    """Return the counts of an event for the safety advisory group as CSV; counts below five are shown as `<5`."""
    facts = await _facts(event_id, config, db, clock, vault=vault, principal=principal)
    language = best(lang or config.club.locale, config.club.locale)
    counts = await asyncio.to_thread(counts_csv, facts, language)
    headers = PRIVATE | {"content-disposition": f'attachment; filename="counts-{event_id}.csv"'}
    return Response(counts, media_type="text/csv", headers=headers)


async def _facts(
    event_id: UUID, config: Config, db: Database, clock: Clock, *, vault: KeyVault, principal: Principal
) -> ReportFacts:
    event = await event_of(db, event_id, principal)
    now = clock.now()
    async with db.transaction() as conn:
        key = (await keys.ensure_keys(conn, vault, [event_id], now))[event_id]
    receipts_kept_for = timedelta(days=config.of(SafetySettings).safety_receipt_days)
    async with db.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        return await report_facts(conn, event, key.public, receipts_kept_for, now)
