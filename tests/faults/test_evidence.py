"""Evidence of a dispute while the worker dies: a real `virage work` under `kill -9`, when the provider has executed a
request and the worker does not know it.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.faults.test_emails import Worker, until
from tests.money.payments.conftest import Shop
from tests.money.payments.stripe_standin import KEY, WEBHOOK_SECRET, StripeStandin
from virage.money.payments import acts
from virage.money.payments.handlers import Handlers
from virage.money.payments.rules import (
    DisputeNotice,
    DisputeState,
    Evidence,
    EvidenceFields,
    Outcome,
    PaymentIntent,
    PaymentState,
)
from virage.platform.data.database import Connection, Database
from virage.platform.settings.config import Config
from virage.platform.values.clock import Clock
from virage.platform.values.ids import new_id


@pytest.fixture
async def standin() -> AsyncIterator[StripeStandin]:
    made = StripeStandin()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def worker(config: Config, standin: StripeStandin, tmp_path: Path) -> AsyncIterator[Worker]:
    variables = {
        "VIRAGE_STRIPE_KEY": KEY,
        "VIRAGE_STRIPE_WEBHOOK_SECRETS": WEBHOOK_SECRET,
        "VIRAGE_STRIPE_API_URL": standin.url,
    }
    made = Worker(config, 1, tmp_path, **variables)
    yield made
    await made.kill()


async def disputed(db: Database, standin: StripeStandin) -> dict[str, Any]:
    """A dispute at Stripe whose evidence waits in the database."""
    now, handlers = Clock().now(), Handlers({"order": Shop()})
    start = PaymentIntent(new_id(), "order", new_id(), 5000, "https://club.example", now)
    at_stripe = standin.disputed_payment(str(start.payment_id), 5000)
    notice = DisputeNotice(
        start.payment_id,
        at_stripe["id"],
        5000,
        "fraudulent",
        DisputeState.NEEDS_RESPONSE,
        is_inquiry=False,
        opened_at=now,
        due_at=now + timedelta(days=7),
    )
    async with db.transaction() as conn:
        await acts.begin(conn, [start], now)
        await acts.settle(conn, [Outcome(start.payment_id, PaymentState.CAPTURED, 5000)], now, handlers)
        await acts.record_disputes(conn, [notice], now, handlers)
        dispute_id: UUID = await conn.fetchval("select id from payments.dispute")
        evidence = Evidence(new_id(), b"%PDF-1.7 the pack", EvidenceFields("Two tickets, both used."))
        await acts.send_evidence(conn, dispute_id, evidence, new_id(), now)
    return at_stripe


@pytest.mark.parametrize("address", ["/v1/files", "/v1/disputes"])
async def test_evidence_is_submitted_once_although_the_worker_is_killed(
    address: str, *, worker: Worker, standin: StripeStandin, db: Database, conn: Connection
) -> None:
    at_stripe = await disputed(db, standin)
    standin.answers_wait, standin.answers_lost_of = asyncio.Event(), address
    await worker.start()

    async def executed() -> bool:
        return standin.waiting > 0

    await until(executed)
    await worker.kill()
    assert await conn.fetchval("select pdf is not null from payments.evidence"), "nothing was stored yet"
    standin.answers_wait.set()
    await worker.start()

    async def sent() -> bool:
        return bool(await conn.fetchval("select sent_at is not null and pdf is null from payments.evidence"))

    await until(sent)
    assert at_stripe["evidence_details"]["submission_count"] == 1
