"""The seasons module: routes, jobs, refusals and lock ranks."""

from virage.platform.module import Module, Parts, Process
from virage.sale.seasons.jobs import SeasonJobs
from virage.sale.seasons.routes import routers

module = Module(
    "seasons",
    routers=routers,
    refusals={
        "renewal_closed": 409,
        "season_step_not_possible": 409,
    },
    lock_ranks={"campaign": ("renewal",), "attendance": ("attendance_notice",)},
)


def build(process: Process) -> Parts:
    """Return the module's parts."""
    return Parts(jobs=[SeasonJobs(process.clock).register])
