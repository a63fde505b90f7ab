"""What the venue adds to the application."""

from virage.platform.module import Module, Parts
from virage.site.venue.reads import WayDelays
from virage.site.venue.routes import router

module = Module(
    "venue",
    routers=[router],
    refusals={
        "no_way": 409,
    },
    lock_ranks={
        "outage": (),
    },
)


def build(way_delays: WayDelays) -> Parts:
    """Return what it adds; `way_delays` tells how long the ways in take today."""
    return Parts({"way_delays": way_delays})
