"""What the live feed adds to the application."""

from collections.abc import Sequence

from virage.media.live.acts.ground import GroundSource
from virage.media.live.acts.notices import Attendance
from virage.media.live.acts.telling import EntriesTold
from virage.media.live.jobs.edge import Publisher
from virage.media.live.jobs.telling import LiveJobs
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
    process: Process, *, attending: Attendance, ground: Sequence[GroundSource], entries_told: Sequence[EntriesTold]
) -> Parts:
    """Return what it adds.

    `attending` are the people of an event, `ground` reads gates and outlets, `entries_told` are told of new entries,
    in order, in their transaction.
    """
    db, clock, edge = process.db, process.clock, process.config.of(LiveSettings).edge_url
    feeds, board = Feeds(db), StatsBoard(db)
    edges = [] if edge is None else [Publisher(db, clock, feeds, edge).register]
    return Parts(
        {"feeds": feeds, "stats_board": board, "entries_told": entries_told},
        jobs=[LiveJobs(db, clock, attending, ground, entries_told).register, *edges],
        topics=[LiveTopic(feeds), StatsTopic(board)],
    )
