"""Composition of the fiscal journal: routes, refusals, jobs."""

from virage.identity.keys.api import open_vault
from virage.money.fiscal.acts.archives import Archives
from virage.money.fiscal.jobs import ClosingJobs
from virage.money.fiscal.routes import routers
from virage.platform.module import Module, Parts, Process

module = Module(
    "fiscal",
    routers=routers,
    refusals={
        "cash_excessive": 409,
        "chain_broken": 409,
        "chain_forked": 409,
        "chain_gap": 409,
        "field_misplaced": 409,
        "forged_record": 409,
        "invalid_record": 409,
        "period_closed": 409,
        "period_too_long": 409,
        "proof_missing": 409,
        "sign_wrong": 409,
        "tenders_wrong": 409,
        "tip_excessive": 409,
        "totals_wrong": 409,
        "vat_wrong": 409,
    },
    lock_ranks={
        "till_head": (),
    },
)


def build(process: Process) -> Parts:
    """Return the parts."""
    archives = Archives(process.config.objects_at)
    return Parts(jobs=[ClosingJobs(process.db, process.clock, open_vault(process.config), archives).register])
