"""Composition of settlement: routes, refusals, job, gauge."""

from collections.abc import Mapping

from virage.money.payments.api import PaymentProvider
from virage.money.settlement.jobs import SettlementJob
from virage.money.settlement.reads.cases import SubjectsByCode
from virage.money.settlement.routes import routers
from virage.money.settlement.store.items import count_open
from virage.platform.data.database import Connection
from virage.platform.data.gauges import Gauge
from virage.platform.module import Module, Parts, Process

module = Module(
    "settlement",
    routers=routers,
    refusals={
        "item_resolved": 409,
        "match_invalid": 409,
        "note_missing": 409,
        "statement_invalid": 422,
    },
    lock_ranks={
        "progress": ("payout", "entry", "account", "statement", "line"),
        "item": ("note",),
    },
)


def build(process: Process, provider: PaymentProvider, subjects_by_code: SubjectsByCode) -> Parts:
    """Return the parts. `subjects_by_code` finds what was paid by the code that people know."""

    async def read_open(conn: Connection) -> Mapping[str, float]:
        return {"open": await count_open(conn)}

    return Parts(
        {"subjects_by_code": subjects_by_code},
        jobs=[SettlementJob(process.clock, provider, process.config.currency.code).register],
        gauges=[Gauge("virage_settlement_items", "Unmatched items of reconciliation.", "state", read_open)],
    )
