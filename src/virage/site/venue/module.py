"""The venue module: routes, refusals and lock ranks."""

from virage.platform.module import Module, Parts
from virage.site.venue.reads import ClosedGates, EventVersion, PersonNames, QueueDelays
from virage.site.venue.routes import office, public

module = Module(
    "venue",
    routers=[public.list_router, public.router, office.router],
    refusals={
        "no_route": 409,
        "unknown_venue": 409,
        "venue_file_defects": 409,
    },
    roles=("venue_manager",),
    lock_ranks={
        "lock_imports()": (),
        "venue": (),
        "outage": (),
        "closure": (),
    },
)


def build(
    queue_delays: QueueDelays, event_version: EventVersion, closed_gates: ClosedGates, person_names: PersonNames
) -> Parts:
    """Return the module's parts: its routes ask other domains for waits, events, closed gates and names."""
    return Parts(
        {
            "queue_delays": queue_delays,
            "event_version": event_version,
            "closed_gates": closed_gates,
            "person_names": person_names,
        }
    )
