"""The packages module: routes, jobs, refusals and lock ranks."""

from virage.money.payments.api import Handlers, PaymentProvider
from virage.platform.module import Module, Parts, Process
from virage.sale.packages.jobs import InstalmentJobs
from virage.sale.packages.routes import routers
from virage.sale.packages.routes.package_service import PackageService
from virage.sale.ticketing.api import OpenSales

module = Module(
    "packages",
    routers=routers,
    refusals={
        "instalment_charging": 409,
        "instalments_not_offered": 409,
        "package_closed": 409,
        "unknown_event": 409,
        "wrong_choice": 409,
    },
    lock_ranks={"package": (), "subscription": (), "plan": ("instalment", "next_card")},
)


def build(process: Process, open_sales: OpenSales, *, provider: PaymentProvider, handlers: Handlers) -> Parts:
    """Return the module's parts."""
    service = PackageService(process.db, process.clock, open_sales)
    jobs = InstalmentJobs(process.db, process.config, process.clock, provider=provider, handlers=handlers)
    return Parts(
        {
            "package_service": service,
            "package_holds": service.holds,
            "package_pays": service.pays,
            "package_reads": service.reads,
        },
        jobs=[jobs.register],
    )
