"""The module of tracking: routes, lock ranks and topics."""

from virage.media.tracking.reads import TrackingReader, TrackingTopic
from virage.media.tracking.routes import router
from virage.platform.module import Module, Parts, Process

module = Module(
    "tracking",
    routers=[router],
    lock_ranks={
        "play": (),
    },
)


def build(process: Process) -> Parts:
    """Return the dependencies of the routes and the topic."""
    pitches = TrackingReader(process.db)
    return Parts({"pitches": pitches}, topics=[TrackingTopic(pitches)])
