"""A stored evening for reports: pictures with a gap, alerts, incidents with teams, a procedure and messages."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.alerts import Alert, AlertEnd, AlertMeasure
from virage.control.safety.rules.broadcasts import (
    Broadcast,
    BroadcastCategory,
    BroadcastContent,
    BroadcastKind,
    BroadcastMode,
    BroadcastSeverity,
    BroadcastText,
    BroadcastUrgency,
    ResponseType,
)
from virage.control.safety.rules.incidents import Content, Incident, IncidentKind, IncidentSource, ZonePlace
from virage.control.safety.rules.log import GENESIS, LogHead, LogRecord, SaltedContent, SignedRecord, hash_of
from virage.control.safety.rules.picture import (
    CrowdFigure,
    DensityClass,
    FigureSource,
    GatePicture,
    VenuePicture,
    ZonePicture,
)
from virage.control.safety.rules.procedures import (
    STEPS,
    EntryContent,
    Procedure,
    ProcedureContent,
    ProcedureEnd,
    ProcedureKind,
    ProcedureMode,
    RecordedStep,
    StepOutcome,
)
from virage.control.safety.rules.report import PlacedIncident, ReportFacts
from virage.control.safety.rules.teams import Assignment
from virage.demo.venues.drawing import stadium
from virage.money.fiscal.types import canonical, stamp
from virage.platform.values.ids import new_id
from virage.site.programme.types import Event

DOORS = datetime(2026, 5, 9, 17, tzinfo=UTC)
START, END = DOORS + timedelta(hours=2), DOORS + timedelta(hours=4)
MINUTE = timedelta(minutes=1)
VENUE = stadium()
FIRST, SECOND = new_id(), new_id()
"""Two controllers."""


class Evening:
    """What is stored of an evening; each method adds to it, `facts` returns it."""

    def __init__(self, *, title: dict[str, str] | None = None) -> None:
        self.event = Event(
            id=new_id(),
            kind="match",
            title=title
            or {"en": "Virage against Riviera", "fr": "Virage contre Riviera", "de": "Virage gegen Riviera"},
            doors_at=DOORS,
            starts_at=START,
            ends_at=END,
            sale_opens_at=DOORS - timedelta(days=30),
            sale_closes_at=START,
            organiser_id=new_id(),
            series_title=None,
            venue_version=VENUE.version,
            venue_code=VENUE.code,
            venue_name=VENUE.name,
            time_zone=VENUE.time_zone,
            state="published",
            revision=1,
        )
        self.head = LogHead()
        self.records: list[tuple[SignedRecord, SaltedContent | None]] = []
        self.pictures: list[bytes] = []
        self.came_in: dict[str, int] = {}
        self.incidents: list[PlacedIncident] = []
        self.assignments: list[Assignment] = []
        self.alerts: list[Alert] = []
        self.procedures: list[Procedure] = []
        self.steps: list[RecordedStep] = []
        self.broadcasts: list[Broadcast] = []
        self.receipts: dict[UUID, dict[str, int]] = {}

    def facts(self, **changes: Any) -> ReportFacts:
        made_at = END + timedelta(hours=12)
        fields: dict[str, Any] = {
            "event": self.event,
            "venue": VENUE,
            "made_at": made_at,
            "key": bytes(range(32)),
            "head": self.head,
            "receipts_since": made_at - timedelta(days=30),
            "records": self.records,
            "pictures": self.pictures,
            "incidents": self.incidents,
            "assignments": self.assignments,
            "alerts": self.alerts,
            "procedures": self.procedures,
            "steps": self.steps,
            "broadcasts": self.broadcasts,
            "receipts": self.receipts,
        }
        return ReportFacts(**fields | changes)

    def record(
        self,
        kind: str,
        about: UUID,
        at: datetime,
        content: Struct | None = None,
        *,
        who: UUID | None = FIRST,
        is_erased: bool = False,
    ) -> int:
        """Add a record to the log; return its number. An erased content leaves its digest."""
        salted = None if content is None else SaltedContent(secrets.token_bytes(16), canonical(content))
        record = LogRecord(
            event=self.event.id,
            number=self.head.number + 1,
            id=new_id(),
            kind=kind,
            about=about,
            who=who,
            at=stamp(at),
            data={},
            content=None if salted is None else salted.digest,
            previous=self.head.hash if self.head.number else GENESIS,
        )
        body = canonical(record)
        self.records.append((SignedRecord(record.number, body, b""), None if is_erased else salted))
        self.head = LogHead(record.number, hash_of(body))
        return record.number

    def picture(
        self,
        at: datetime,
        inside: int | None,
        *,
        flows: Mapping[str, int | None] | None = None,
        density: DensityClass | None = DensityClass.LOW,
        incidents: int = 0,
    ) -> None:
        """Store a picture: people by scans in the venue and the first stand, and the flow by gate."""

        def scans(value: int | None) -> CrowdFigure:
            return CrowdFigure(source=FigureSource.SCANS, value=value, at=at)

        stand = VENUE.stands[0]
        picture = VenuePicture(
            event_id=self.event.id,
            at=at,
            fresh_s=60,
            log_number=0,
            inside=[scans(inside)],
            zones=[
                ZonePicture(
                    code=stand.code,
                    kind="stand",
                    capacity=stand.seats,
                    area_m2=4_000.0,
                    people=[scans(None if inside is None else inside // 3)],
                    density=density,
                    incidents=incidents,
                )
            ],
            gates=[
                GatePicture(
                    code=gate,
                    zone=VENUE.gate_by_code[gate].stand,
                    closed=False,
                    entered=[scans(None if flow is None else self.entered(gate, flow))],
                    left=[],
                    per_minute=scans(flow),
                    queue=[],
                    devices_offline=0,
                )
                for gate, flow in (flows or {}).items()
            ],
            ramps=[],
            devices=3,
            offline=[],
            incidents=incidents,
            incidents_elsewhere=0,
        )
        self.pictures.append(msgspec.json.encode(picture))

    def entered(self, gate: str, flow: int) -> int:
        """Return how many people have come in by a gate, after one more minute."""
        self.came_in[gate] = self.came_in.get(gate, 0) + flow
        return self.came_in[gate]

    def incident(
        self,
        kind: IncidentKind,
        at: datetime,
        *,
        priority: int = 2,
        seconds: Sequence[int | None] = (None, None, None),
        zone: str | None = None,
        source: IncidentSource = IncidentSource.STAFF,
    ) -> UUID:
        """Report an incident; `seconds` to assignment, arrival and resolution."""
        place = None if zone is None else ZonePlace(zone)
        id_ = new_id()
        number = self.record("incident_reported", id_, at, Content("A steward called", place))
        assigned, arrived, resolved = (None if one is None else at + timedelta(seconds=one) for one in seconds)
        incident = Incident(
            id=id_,
            event_id=self.event.id,
            kind=kind,
            priority=priority,
            occurred_at=at,
            reported_at=at,
            reported_by=None if source is IncidentSource.FAN else FIRST,
            source=source,
            resolved_at=resolved,
            reported_in=number,
            placed_by=number,
        )
        self.incidents.append(PlacedIncident(incident, place))
        if assigned is not None:
            self.assignments.append(
                Assignment(
                    id=new_id(),
                    event_id=self.event.id,
                    incident_id=id_,
                    team_id=new_id(),
                    assigned_at=assigned,
                    arrived_at=arrived,
                )
            )
        return id_

    def alert(
        self, measure: AlertMeasure, place: str, at: datetime, *, acknowledged_s: int | None = None, note: str = ""
    ) -> Alert:
        """Raise an alert that clears after five minutes, or escalates after three without an acknowledgement."""
        is_escalated = acknowledged_s is None
        alert = Alert(
            id=new_id(),
            event_id=self.event.id,
            threshold_id=new_id(),
            measure=measure,
            place=place,
            source=FigureSource.SCANS,
            priority=1 if measure is AlertMeasure.DENSITY else 3,
            raise_at=470,
            raised_value=482,
            raised_at=at,
            level=2 if is_escalated else 1,
            escalated_at=at + 3 * MINUTE if is_escalated else None,
            acknowledged_at=None if acknowledged_s is None else at + timedelta(seconds=acknowledged_s),
            acknowledged_by=None if is_escalated else SECOND,
            ended_at=at + 5 * MINUTE,
            ended_as=AlertEnd.CLEARED,
        )
        self.record("alert_raised", alert.id, at, who=None)
        if alert.acknowledged_at is not None:
            self.record("alert_acknowledged", alert.id, alert.acknowledged_at, Content(note or None), who=SECOND)
        self.alerts.append(alert)
        return alert

    def procedure(
        self, kind: ProcedureKind, mode: ProcedureMode, at: datetime, reason: str, *, is_erased: bool = False
    ) -> None:
        """Request, confirm, carry out and end a procedure; its last step is not recorded."""
        id_ = new_id()
        words = ProcedureContent({"en": BroadcastText("Go", "Go to your post.")}, [], reason)
        requested = self.record("procedure_requested", id_, at, words, is_erased=is_erased)
        begun, ended = at + timedelta(seconds=9), at + 12 * MINUTE
        self.record("procedure_confirmed", id_, begun, who=SECOND)
        for position, step in enumerate(STEPS[kind][:-1], start=1):
            done = begun + position * timedelta(seconds=40)
            note = EntryContent("Stewards say it is clear") if position == 1 else None
            number = self.record("procedure_step", id_, done, note, is_erased=is_erased)
            self.steps.append(
                RecordedStep(
                    procedure_id=id_,
                    step=step.code,
                    outcome=StepOutcome.DONE,
                    occurred_at=done,
                    recorded_at=done,
                    recorded_by=FIRST,
                    recorded_in=number,
                )
            )
        self.record("procedure_ended", id_, ended, EntryContent("All clear"), who=SECOND, is_erased=is_erased)
        self.procedures.append(
            Procedure(
                id=id_,
                event_id=self.event.id,
                kind=kind,
                mode=mode,
                requested_by=FIRST,
                requested_at=at,
                requested_in=requested,
                begun_at=begun,
                begun_by=SECOND,
                ended_at=ended,
                ended_by=SECOND,
                ended_as=ProcedureEnd.COMPLETED,
            )
        )

    def message(
        self,
        at: datetime,
        headline: str,
        text: str,
        *,
        mode: BroadcastMode = BroadcastMode.ACTUAL,
        receipts: Mapping[str, int] | None = None,
        is_erased: bool = False,
    ) -> None:
        """Send a message, to all fans unless it is an exercise."""
        id_ = new_id()
        words = BroadcastContent({"en": BroadcastText(headline, text)})
        is_actual = mode is BroadcastMode.ACTUAL
        self.broadcasts.append(
            Broadcast(
                id=id_,
                event_id=self.event.id,
                number=self.record("broadcast_sent", id_, at, words, is_erased=is_erased),
                thread=id_,
                kind=BroadcastKind.ALERT,
                mode=mode,
                category=BroadcastCategory.SAFETY,
                severity=BroadcastSeverity.SEVERE,
                urgency=BroadcastUrgency.IMMEDIATE,
                response=ResponseType.EXECUTE,
                audience="all_fans" if is_actual else "staff",
                targets=[] if is_actual else ["stewards"],
                sent_at=at,
                expires_at=at + timedelta(hours=1),
                sent_by=FIRST,
            )
        )
        self.receipts[id_] = dict(receipts or {})


def a_full_evening() -> Evening:
    """An evening with something of everything: 41,200 people at most, and ten minutes without a measure."""
    made = Evening()
    start, gates = DOORS - timedelta(hours=1), ("A1", "A2", "A3", "B1")
    for minute in range(360):
        at = start + minute * MINUTE
        arrived = min(max(minute - 60, 0) / 120, 1.0)
        left = min(max(minute - 285, 0) / 40, 1.0)
        is_measured = not 100 <= minute < 110
        people = round(41_200 * arrived * (1 - left))
        pace = 60 * max(0.0, 1 - abs(minute - 130) / 70)
        flows = {gate: round(pace / place) if is_measured else None for place, gate in enumerate(gates, start=1)}
        density = DensityClass.CRITICAL if 150 <= minute < 156 else DensityClass.LOW
        made.picture(at, people if is_measured else None, flows=flows, density=density, incidents=minute % 4)
    kinds = list(IncidentKind)
    for number in range(46):
        made.incident(
            kinds[number % 5 if number % 2 else number % len(kinds)],
            DOORS + number * 5 * MINUTE,
            priority=1 + number % 3,
            seconds=(20 + number, 90 + 7 * number, 600 + 11 * number),
            zone=VENUE.stands[number % 4].code,
            source=IncidentSource.FAN if number % 6 == 0 else IncidentSource.STAFF,
        )
    stand = VENUE.stands[0].code
    made.alert(AlertMeasure.DENSITY, stand, start + 150 * MINUTE, acknowledged_s=41, note="Stewards open the side gate")
    made.alert(AlertMeasure.QUEUE, "A1", start + 120 * MINUTE)
    made.procedure(ProcedureKind.SHOW_STOP, ProcedureMode.ACTUAL, start + 152 * MINUTE, "Pressure at the front rail")
    made.procedure(ProcedureKind.EVACUATION, ProcedureMode.EXERCISE, DOORS - 30 * MINUTE, "Yearly exercise")
    block = next(block.code for block in VENUE.blocks if block.stand == stand)
    made.message(
        start + 153 * MINUTE,
        "Please step back",
        "Take two steps back from the rail. Stewards help you.",
        receipts={block: 4_120, "PEL": 870, "": 12},
    )
    made.message(DOORS - 29 * MINUTE, "Exercise", "This is an exercise.", mode=BroadcastMode.EXERCISE)
    return made
