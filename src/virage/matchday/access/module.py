"""The module of access."""

from virage.identity.keys.api import device_keys
from virage.matchday.access.jobs import AccessJobs
from virage.matchday.access.reads.board import Boards
from virage.matchday.access.reads.changes import GateChanges
from virage.matchday.access.reads.keyring import Keyring
from virage.matchday.access.reads.packs import Packs
from virage.matchday.access.routes import routers
from virage.matchday.access.routes.scan_service import ScanService
from virage.platform.module import LockException, Module, Parts, Process

module = Module(
    "access",
    routers=routers,
    roles=("steward", "supervisor"),
    refusals={
        "already_inside": 409,
        "call_supervisor": 409,
        "expired": 409,
        "forged": 409,
        "forged_scan": 409,
        "gates_not_supervised": 403,
        "implausible_time": 409,
        "invalid_scan": 409,
        "needs_supervisor": 409,
        "no_entry": 409,
        "no_reentry": 409,
        "no_steward": 409,
        "not_now": 409,
        "not_your_gate": 409,
        "other_event": 409,
        "out_of_date": 409,
        "revoked": 409,
        "screenshot": 409,
        "superseded": 409,
        "too_early": 409,
        "too_many_overrides": 409,
        "unnamed": 409,
        "unproved": 409,
        "unreadable": 409,
        "wrong_gate": 409,
        "zone_full": 409,
    },
    lock_ranks={
        "accreditation": (),
        "ban": (),
        "ban_review": (),
        "flag": (),
        "full_zone": (),
        "closed_ground": (),
        "pass_window": (),
        "gate": (),
        "identity_rule": (),
        "device_state": (),
        "correction": (),
        "lock_overrides()": (),
        "presence": ("duplicate", "ban_hit"),
        "crossing": (),
        "scan": (),
        "withdrawal": (),
    },
    lock_exceptions={
        "withdraw_crossings": LockException("Uploads of a device change as it is revoked.", under="people.device"),
        "withdraw_scans": LockException("Uploads of a device change as it is revoked.", under="people.device"),
    },
)


def build(process: Process) -> Parts:
    """Return the parts that access adds to the application."""
    db, clock = process.db, process.clock
    desk = ScanService(db, clock, Keyring(db, clock, device_keys))
    return Parts(
        {
            "gate_desk": desk,
            "gate_scans": desk.scans,
            "gate_backlogs": desk.backlogs,
            "gate_news": GateChanges(db),
            "gate_packs": Packs(db, clock),
            "gate_boards": Boards(db, clock),
        },
        jobs=[AccessJobs(db, clock).register],
    )
