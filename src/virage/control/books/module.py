"""What the books adds to the application."""

from virage.control.books.jobs import FigureJobs
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
    """Return what they add."""
    return Parts(jobs=[FigureJobs(process.db).register])
