"""The venue module: routes, refusals and lock ranks."""

from virage.platform.module import Module, Parts
from virage.site.venue.reads import QueueDelays
from virage.site.venue.routes import list_router, router

module = Module(
    "venue",
    routers=[list_router, router],
    refusals={
        "no_route": 409,
        "unknown_venue": 409,
    },
    roles=("venue_manager",),
    lock_ranks={
        "lock_imports()": (),
        "venue": (),
        "outage": (),
    },
)


def build(queue_delays: QueueDelays) -> Parts:
    """Return the module's parts; `queue_delays` returns the waits at ramps and gates."""
    return Parts({"queue_delays": queue_delays})
