"""Composition of safety: routes, role, refusals, locks, jobs and topics."""

from virage.control.safety.counts import Counts
from virage.control.safety.jobs import AlertJob, BroadcastPush, EntryJob, PictureJob, RetentionJob
from virage.control.safety.reads.broadcasts import BroadcastTopic
from virage.control.safety.reads.clearing import Clearing
from virage.control.safety.reads.entry import EntryForecasts
from virage.control.safety.reads.pictures import ControlTopic, VenuePictures
from virage.control.safety.receipts import Receipts
from virage.control.safety.requests import Requests
from virage.control.safety.routes import routers
from virage.control.safety.settings import SafetySettings
from virage.identity.keys import api as keys
from virage.platform.module import Module, Parts, Process

module = Module(
    "safety",
    routers=routers,
    roles=("controller",),
    refusals={
        "incident_id_taken": 409,
        "place_unknown": 409,
        "incident_resolved": 409,
        "incident_open": 409,
        "alert_id_taken": 409,
        "alert_acknowledged": 409,
        "alert_ended": 409,
        "alert_has_incident": 409,
        "thresholds_changed": 409,
        "threshold_invalid": 409,
        "broadcast_id_taken": 409,
        "broadcast_replaced": 409,
        "exercise_for_staff_only": 409,
        "instructions_incomplete": 409,
        "instructions_replaced": 409,
        "team_id_taken": 409,
        "team_code_taken": 409,
        "member_unknown": 409,
        "team_busy": 409,
        "team_off_duty": 409,
        "teams_changed": 409,
        "assignment_moved_on": 409,
        "procedure_id_taken": 409,
        "procedure_open": 409,
        "procedure_ended": 409,
        "procedure_begun": 409,
        "procedure_not_begun": 409,
        "second_person_needed": 409,
        "second_person_awaited": 409,
        "step_recorded": 409,
        "step_unknown": 409,
        "request_id_taken": 409,
        "request_over": 409,
        "event_not_running": 409,
        "ticket_needed": 409,
    },
    lock_ranks={
        "log": (
            "content",
            "incident",
            "broadcast",
            "instruction_set",
            "procedure",
            "team",
            "assignment",
            "threshold_set",
            "alert_watch",
            "alert",
        ),
        "request": ("request_line",),
        "answer": (),
        "receipt": (),
        "count": (),
        "counter": (),
        "picture": (),
        "entry_forecast": (),
    },
)


def build(process: Process) -> Parts:
    """Return the parts."""
    db, clock, vault = process.db, process.clock, keys.open_vault(process.config)
    settings = process.config.of(SafetySettings)
    retention = RetentionJob(db, clock, vault, settings)
    pictures = VenuePictures(db, clock, settings)
    forecasts = EntryForecasts(db, clock, pictures)
    return Parts(
        {
            "receipts": Receipts(db, clock),
            "counts": Counts(db, clock),
            "venue_pictures": pictures,
            "clearing": Clearing(db, pictures),
            "entry_forecasts": forecasts,
            "help_requests": Requests(db, clock, vault),
        },
        jobs=[
            retention.register,
            BroadcastPush(db, clock).register,
            PictureJob(db, clock, pictures).register,
            AlertJob(db, clock, vault, pictures, forecasts).register,
            EntryJob(db, clock, forecasts).register,
        ],
        topics=[BroadcastTopic(db, clock), ControlTopic(db, pictures)],
    )
