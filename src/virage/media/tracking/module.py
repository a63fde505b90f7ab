"""What tracking adds to the application."""

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
    """Return what it adds."""
    pitches = TrackingReader(process.db)
    return Parts({"pitches": pitches}, topics=[TrackingTopic(pitches)])
