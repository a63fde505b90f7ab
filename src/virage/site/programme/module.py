"""The programme module: routes, refusals and lock ranks."""

from collections.abc import Sequence
from functools import partial

from virage.platform.module import Module, Parts, Process
from virage.site.programme.acts import EventCancelled, EventMoved
from virage.site.programme.reads import boards, public_events
from virage.site.programme.routes import EventBoard, EventFinder, has_page, office_router, public_router

module = Module(
    "programme",
    routers=[public_router, office_router],
    roles=("programme",),
    refusals={
        "event_cancelled": 409,
        "event_incomplete": 409,
        "event_over": 409,
        "unknown_organiser": 409,
        "unknown_series": 409,
    },
    lock_ranks={
        "organiser": (),
        "series": (),
        "event": (),
    },
)


def build(process: Process, cancelled: Sequence[EventCancelled], moved: Sequence[EventMoved]) -> Parts:
    """Return the module's parts; `cancelled` and `moved` are called in order, in the same transaction."""
    finder = EventFinder(partial(public_events, process.db))
    return Parts(
        {
            "event_board": EventBoard(partial(boards, process.db)),
            "event_finder": finder,
            "event_cancelled": cancelled,
            "event_moved": moved,
        },
        pages=dict.fromkeys(("/events/:id", "/live/:id"), partial(has_page, finder)),
    )
