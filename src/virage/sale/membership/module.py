"""The membership module: routes, jobs, refusals and lock ranks."""

from virage.platform.module import Module, Parts, Process
from virage.sale.membership.jobs import MembershipJobs
from virage.sale.membership.reads.windows import EarlySales
from virage.sale.membership.routes import routers

module = Module(
    "membership",
    routers=routers,
    refusals={
        "already_member": 409,
        "import_defects": 422,
        "membership_not_active": 409,
        "no_upgrade": 409,
        "tier_closed": 409,
        "tier_full": 409,
        "tier_has_members": 409,
        "unknown_tier": 409,
        "upgrade_price_changed": 409,
        "window_after_sale": 409,
    },
    lock_ranks={
        "register": ("tier", "member", "membership"),
        "windows": ("event_window",),
    },
)


def build(process: Process, early_sales: EarlySales) -> Parts:
    """Return the module's parts; `early_sales` are the members' windows."""
    jobs = MembershipJobs(process.db, process.clock, process.config.time_zone)
    return Parts({"early_sales": early_sales}, jobs=[jobs.register])
