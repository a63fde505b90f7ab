"""The replay module: routes, jobs, roles, refusals and lock ranks."""

from virage.media.replay.clip_media import Timelines
from virage.media.replay.footage import Footage
from virage.media.replay.jobs.moment_detection import MomentDetectionJobs
from virage.media.replay.jobs.retention import RetentionJobs
from virage.media.replay.reads import cameras, ladder
from virage.media.replay.routes import routers
from virage.media.replay.routes.access import ClipAccess
from virage.media.replay.routes.sharing import SharePage
from virage.media.replay.routes.taps import TapCounter
from virage.media.replay.rules.media import MediaVault
from virage.media.replay.settings import ReplaySettings
from virage.platform.module import LockException, Module, Parts, Process

module = Module(
    "replay",
    routers=routers,
    roles=("media_desk", "moderator", "describer"),
    refusals={
        "camera_unknown": 409,
        "clip_empty": 409,
        "clip_growing": 409,
        "clip_id_taken": 409,
        "clip_too_long": 409,
        "description_empty": 409,
        "description_too_long": 409,
        "description_unreadable": 409,
        "gone": 410,
        "no_picture": 409,
        "own_mark": 409,
        "replay_download_not_allowed": 409,
        "replay_inside_needed": 409,
        "replay_not_here": 409,
        "replay_not_yet": 409,
        "replay_over": 409,
        "replay_ticket_needed": 409,
    },
    lock_ranks={
        "tap": (),
        "desk": (),
        "rights": (),
        "clip": (),
        "suggestion": (),
        "description": ("description_part",),
        "camera": (),
        "track": (),
        "segment": (),
        "media_key": (),
        "doomed": (),
    },
    lock_exceptions={
        "add_key": LockException("Only the one ingest of a camera writes its keys.", holds=False),
        "add_track": LockException("Only the one ingest of a camera writes its tracks.", holds=False),
        "add_segment": LockException("Only the one ingest of a camera writes its segments.", holds=False),
    },
)


def build(process: Process) -> Parts:
    """Return what replay adds to a process."""
    config, db, clock = process.config, process.db, process.clock
    footage, vault = Footage(config.objects_at), MediaVault([config.secret, *config.secrets_previous])
    counter = TapCounter(db)
    return Parts(
        {
            "clip_access": ClipAccess(clock, config.edge_networks),
            "footage": footage,
            "timelines": Timelines(footage),
            "share_page": SharePage(config.club.name, config.public_url),
            "media_vault": vault,
            "tap_counter": counter,
            "taps": counter.taps,
        },
        jobs=[
            RetentionJobs(db, clock, footage, config.of(ReplaySettings).footage_hours).register,
            MomentDetectionJobs(db, clock, footage, vault).register,
        ],
        gauges=[*cameras.gauges(clock), *ladder.gauges(clock)],
    )
