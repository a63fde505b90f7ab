"""Composition of card readers: routes, refusals, job, gauge."""

from collections.abc import Mapping

from virage.money.card_readers import rules
from virage.money.card_readers.jobs import CardReaderJobs
from virage.money.card_readers.routes import routers
from virage.money.card_readers.store import count_unbooked
from virage.money.payments.api import PaymentProvider
from virage.platform.data.database import Connection
from virage.platform.data.gauges import Gauge
from virage.platform.module import Module, Parts, Process

module = Module(
    "card_readers",
    routers=routers,
    refusals={
        "card_payment_booked": 409,
        "card_payment_not_captured": 409,
        "card_payment_returned": 409,
        "card_payment_unknown": 409,
        "card_payment_wrong": 409,
        "card_reader_id_taken": 409,
        "card_reader_in_use": 409,
        "card_reader_missing": 409,
        "card_reader_not_here": 409,
    },
    lock_ranks={
        "registration": (),
        "reader": (),
        "payment": (),
    },
)


def build(process: Process, provider: PaymentProvider) -> Parts:
    """Return the parts."""
    clock = process.clock

    async def read_unbooked(conn: Connection) -> Mapping[str, float]:
        return {"unbooked": await count_unbooked(conn, clock.now() - rules.SETTLES_WITHIN)}

    return Parts(
        {},
        jobs=[CardReaderJobs(clock, provider).register],
        gauges=[Gauge("virage_card_payments", "Captured card payments without a sale.", "state", read_unbooked)],
    )
