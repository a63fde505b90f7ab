"""Composition of payments: route, refusals, jobs, gauge."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from msgspec.structs import asdict

from virage.money.payments.accounts.jobs import AccountJob
from virage.money.payments.accounts.routes import routers as account_routers
from virage.money.payments.checkout import Checkout, Deliveries
from virage.money.payments.handlers import Handlers
from virage.money.payments.jobs import PaymentJobs
from virage.money.payments.provider import PaymentProvider
from virage.money.payments.reads import overdue
from virage.money.payments.routes import routers
from virage.platform.data.database import Connection
from virage.platform.data.gauges import Gauge
from virage.platform.module import LockException, Module, Parts, Process

module = Module(
    "payments",
    routers=[*routers, *account_routers],
    refusals={
        "amount_invalid": 409,
        "amount_mismatch": 409,
        "card_reader_busy": 409,
        "card_reader_code_invalid": 409,
        "card_reader_location_unknown": 409,
        "card_reader_offline": 409,
        "card_reader_unknown": 409,
        "dispute_closed": 409,
        "evidence_late": 409,
        "evidence_sent": 409,
        "evidence_unavailable": 409,
        "exceeds_capture": 409,
        "method_id_taken": 409,
        "not_captured": 409,
        "payment_id_taken": 409,
        "provider_busy": 503,
        "provider_unavailable": 503,
        "refund_id_taken": 409,
        "refund_not_failed": 409,
        "account_not_opened": 409,
        "seller_not_ready": 409,
        "signature_invalid": 401,
    },
    lock_ranks={
        "watermark": (),
        "payment where captured_cents is null": (),
        "payment": (),
        "refund": (),
        "dispute": (),
        "evidence": (),
        "method": (),
        "call_lane": (),
        "account": (),
        "former_account": (),
    },
    lock_exceptions={
        "insert_refunds": LockException(
            "New ids; refunds and the sum of them in their payment change under the lock of the payment.",
            under="payments.payment",
            holds=False,
        ),
        "put_disputes": LockException(
            "A dispute is inserted and changed under the lock of what its payment was for.", holds=False
        ),
        "insert_payments": LockException(
            "Ids are new; a row whose id is stored already is skipped without waiting.", holds=False
        ),
    },
)


def build(process: Process, provider: PaymentProvider, handlers: Handlers) -> Parts:
    """Return the parts; the provider's connections are closed when the process ends."""
    db, clock = process.db, process.clock
    checkout = Checkout(db, provider)
    deliveries = Deliveries(db, clock, handlers)

    @asynccontextmanager
    async def closing() -> AsyncIterator[None]:
        yield
        await provider.close()

    async def read_overdue(conn: Connection) -> Mapping[str, float]:
        return asdict(await overdue(conn, clock.now()))

    return Parts(
        {
            "checkout": checkout,
            "checkout_pages": checkout.batcher,
            "checkout_stored": checkout.stored,
            "payment_provider": provider,
            "payment_deliveries": deliveries,
            "payments_settled": deliveries.batcher,
        },
        jobs=[PaymentJobs(db, clock, provider, handlers).register, AccountJob(clock, provider).register],
        gauges=[Gauge("virage_payments_overdue", "What has had no end for too long.", "what", read_overdue)],
        lifespan=[closing],
    )
