"""Composition of the books: routes, refusals, jobs."""

from virage.control.books.jobs import StatisticsJob
from virage.control.books.routes import routers
from virage.platform.module import Module, Parts, Process

module = Module(
    "books",
    routers=routers,
    roles=("finance",),
    refusals={
        "concessionaire_in_use": 409,
        "terms_in_force": 409,
        "terms_overlap": 409,
    },
    lock_ranks={
        "figures_head": ("figure", "receipt_figure"),
        "concessionaire": (),
        "lock_outlet_terms()": (),
        "terms": (),
    },
)


def build(process: Process) -> Parts:
    """Return the parts."""
    return Parts(jobs=[StatisticsJob(process.db).register])
