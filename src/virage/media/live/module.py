"""The module of live: routes, roles, refusals, lock ranks, jobs and topics."""

from collections.abc import Sequence

from virage.media.live.acts.notifications import Attendance
from virage.media.live.acts.publishing import EntriesPublished
from virage.media.live.acts.venue_updates import VenueSource
from virage.media.live.jobs.edge import EdgePublisher
from virage.media.live.jobs.live import LiveJobs
from virage.media.live.reads import Feeds, LiveTopic
from virage.media.live.routes import routers
from virage.media.live.settings import LiveSettings
from virage.media.live.sources.reads import StatsBoard, StatsTopic
from virage.media.live.sources.routes import router as sources
from virage.platform.module import Module, Parts, Process

module = Module(
    "live",
    routers=[*routers, sources],
    roles=("match_desk",),
    refusals={
        "captain_twice": 409,
        "entry_id_taken": 409,
        "entry_is_correction": 409,
        "entry_is_withdrawal": 409,
        "entry_not_of_this_kind": 409,
        "entry_unknown": 409,
        "entry_withdrawn": 409,
        "no_match": 409,
        "not_in_this_period": 409,
        "period_out_of_order": 409,
        "player_unknown": 409,
        "shirt_twice": 409,
        "starters_too_many": 409,
        "teams_alike": 409,
        "time_strange": 409,
    },
    lock_ranks={
        "feed": ("place_seen",),
        "source": (),
        "stats": (),
        "counted": (),
        "noticed": (),
        "notice_choice": (),
        "notice": (),
    },
)


def build(
    process: Process,
    *,
    attending: Attendance,
    ground: Sequence[VenueSource],
    entries_published: Sequence[EntriesPublished],
) -> Parts:
    """Return the routes' dependencies, jobs and topics.

    `attending` finds an event's ticket holders, `ground` reads the state of gates and outlets. The handlers
    `entries_published` run in order, in the transaction that publishes entries.
    """
    db, clock, edge = process.db, process.clock, process.config.of(LiveSettings).edge_url
    feeds, board = Feeds(db), StatsBoard(db)
    edges = [] if edge is None else [EdgePublisher(db, clock, feeds, edge).register]
    return Parts(
        {"feeds": feeds, "stats_board": board, "entries_published": entries_published},
        jobs=[LiveJobs(db, clock, attending, ground, entries_published).register, *edges],
        topics=[LiveTopic(feeds), StatsTopic(board)],
    )
