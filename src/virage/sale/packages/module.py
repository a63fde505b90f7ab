"""The packages module: routes, refusals and lock ranks."""

from virage.platform.module import Module
from virage.sale.packages.routes import routers

module = Module(
    "packages",
    routers=routers,
    refusals={
        "package_closed": 409,
        "unknown_event": 409,
        "wrong_choice": 409,
    },
    lock_ranks={"package": (), "subscription": ()},
)
