"""Requests of fans for help: which incident each belongs to, how many a person may send, and how far each is."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.control.safety.rules.attended import is_attended
from virage.control.safety.rules.incidents import (
    Code,
    Content,
    IncidentKind,
    IncidentReport,
    IncidentSource,
    SeatPlace,
    ZonePlace,
    is_place_of,
    written_report,
)
from virage.control.safety.rules.log import Written
from virage.platform.values.refusals import Refused
from virage.site.programme.types import Event
from virage.site.venue.types import Venue

LINES_MAX: Final = 10
LINES_WITHIN: Final = timedelta(minutes=10)
"""A person sends at most `LINES_MAX` requests and texts within this time."""
FOLD_WITHIN: Final = timedelta(minutes=10)
OWN_INCIDENTS: Final = 3
"""So many requests of one kind and zone within `FOLD_WITHIN` are incidents of their own; the last takes all others."""
INCIDENTS_MAX: Final = 20
"""With so many open incidents of fans, requests of all zones join the incident of their kind."""
DOUBTED_PRIORITY: Final = 3

RequestText = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Callback = Annotated[str, Meta(pattern=r"^\+?[0-9][0-9 ()./-]{3,28}[0-9]$", description="A telephone number")]


class RequestKind(StrEnum):
    """What a fan asks for or reports."""

    HELP_AT_SEAT = "help_at_seat"
    ABUSE = "abuse"
    DANGER = "danger"
    LOST_CHILD = "lost_child"


INCIDENTS: Final[Mapping[RequestKind, tuple[IncidentKind, int]]] = {
    RequestKind.HELP_AT_SEAT: (IncidentKind.ASSISTANCE, 2),
    RequestKind.ABUSE: (IncidentKind.ABUSE, 2),
    RequestKind.DANGER: (IncidentKind.THREAT, 1),
    RequestKind.LOST_CHILD: (IncidentKind.LOST_CHILD, 1),
}
"""Kind and priority of the incident of a request."""


class RequestState(StrEnum):
    """How far a request is. `received`: a controller has answered or sent a team."""

    SENT = "sent"
    RECEIVED = "received"
    ON_THE_WAY = "on_the_way"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class AnswerCode(StrEnum):
    """A prepared answer of the control room. The phone shows it in the fan's language."""

    RECEIVED = "received"
    ON_THE_WAY = "on_the_way"
    TELL_MORE = "tell_more"
    STAY = "stay"
    MEET_STEWARD = "meet_steward"
    CALL_EMERGENCY = "call_emergency"


class RequestRefusal(StrEnum):
    """Why a request is not stored or changed."""

    NOT_FOUND = "not_found"
    ID_TAKEN = "request_id_taken"
    PLACE_UNKNOWN = "place_unknown"
    TOO_MANY = "rate_limited"
    NOT_RUNNING = "event_not_running"
    TICKET_NEEDED = "ticket_needed"
    OVER = "request_over"


class DescribedPlace(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="words"):
    """A place that has no code, in the fan's words."""

    words: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]


RequestPlace = SeatPlace | ZonePlace | DescribedPlace


class HelpRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request of a fan. `id` is made by the client and makes the request idempotent; `written_at` is its time."""

    id: UUID
    kind: RequestKind
    place: RequestPlace
    text: RequestText | None = None
    callback: Callback | None = None
    written_at: datetime | None = None


class RequestAddition(Struct, frozen=True, forbid_unknown_fields=True):
    """A text that a fan adds. `id` is made by the client and makes the request idempotent."""

    id: UUID
    text: RequestText


class AnswerRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An answer to all fans of an incident. `id` is made by the client and makes the request idempotent."""

    id: UUID
    answer: AnswerCode
    text: RequestText | None = None


class FalseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Mark a request as false. `id` is made by the client and makes the request idempotent."""

    id: UUID


class AskedRequest(Struct, frozen=True):
    """A request and its sender."""

    event_id: UUID
    person_id: UUID
    asked: HelpRequest

    @property
    def key(self) -> tuple[UUID, RequestKind]:
        """Sender and kind: a person has one open request of each kind."""
        return self.person_id, self.asked.kind


class RequestLine(Struct, frozen=True, kw_only=True):
    """What a fan said at a time. The first line has the id of its request; only a later request adds a place."""

    id: UUID
    request_id: UUID
    place: RequestPlace | None
    text: str | None
    callback: str | None
    at: datetime


class KnownLine(Struct, frozen=True):
    """A stored line, with the sender and the kind of its request."""

    line: RequestLine
    event_id: UUID
    person_id: UUID | None
    kind: RequestKind

    def repeats(self, one: AskedRequest) -> bool:
        """Return whether a request is the one that was stored with this line."""
        asked = one.asked
        return (self.event_id, self.person_id, self.kind, self.line.place, self.line.text, self.line.callback) == (
            one.event_id,
            one.person_id,
            asked.kind,
            asked.place,
            asked.text,
            asked.callback,
        )


class Request(Struct, frozen=True, kw_only=True):
    """A request as it is stored. `person_id` is None once the account is erased."""

    id: UUID
    event_id: UUID
    incident_id: UUID
    person_id: UUID | None
    kind: RequestKind
    zone: str
    is_doubted: bool
    written_at: datetime
    sent_at: datetime
    withdrawn_at: datetime | None = None
    hidden_at: datetime | None = None
    false_at: datetime | None = None


class FanIncident(Struct, frozen=True):
    """An open incident of fans, with kind, zone and doubt of its first request."""

    id: UUID
    kind: IncidentKind
    zone: str
    is_doubted: bool
    reported_at: datetime


class Progress(Struct, frozen=True, kw_only=True):
    """When the first answer, a team on its way, the resolution of an incident or a withdrawal were; None: not yet."""

    received_at: datetime | None
    on_the_way_at: datetime | None
    resolved_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def state(self) -> RequestState:
        """The furthest state."""
        if self.withdrawn_at is not None:
            return RequestState.WITHDRAWN
        if self.resolved_at is not None:
            return RequestState.RESOLVED
        if self.on_the_way_at is not None:
            return RequestState.ON_THE_WAY
        return RequestState.SENT if self.received_at is None else RequestState.RECEIVED


def may_ask(event: Event, venue: Venue, asked: HelpRequest, *, has_ticket: bool, now: datetime) -> Refused | None:
    """Refuse a request of a person without a ticket, of an event that is not running, or with an unknown place."""
    if not has_ticket:
        return Refused(RequestRefusal.TICKET_NEEDED)
    if event.state == "cancelled" or not is_attended(event, now):
        return Refused(RequestRefusal.NOT_RUNNING)
    if not isinstance(asked.place, DescribedPlace) and not is_place_of(asked.place, venue):
        return Refused(RequestRefusal.PLACE_UNKNOWN)
    return None


def zone_of(place: RequestPlace) -> Code:
    """Return the block of a seat or the code of a zone; "" for a place in words."""
    match place:
        case SeatPlace():
            return place.block
        case ZonePlace():
            return place.zone
        case DescribedPlace():
            return ""


def report_of(asked: HelpRequest, *, is_doubted: bool) -> IncidentReport:
    """Return the incident of a request: its zone, without its text and seat, which are deleted earlier."""
    kind, priority = INCIDENTS[asked.kind]
    zone = zone_of(asked.place)
    return IncidentReport(
        id=asked.id,
        kind=kind,
        priority=DOUBTED_PRIORITY if is_doubted else priority,
        place=ZonePlace(zone) if zone else None,
    )


def written_request(report: IncidentReport, occurred_at: str) -> Written:
    """Return the record of an incident of fans."""
    written = written_report(report, occurred_at, alert_id=None)
    return Written(written.kind, written.data | {"source": IncidentSource.FAN.value}, written.content)


def written_answer(asked: AnswerRequest) -> Written:
    """Return the record of an answer."""
    content = None if asked.text is None else Content(asked.text)
    return Written("requests_answered", {"answer": asked.answer.value}, content)


def written_false(request_id: UUID) -> Written:
    """Return the record of a request that was marked as false."""
    return Written("request_false", {"request": str(request_id)})


def incident_for(
    incidents: Sequence[FanIncident], kind: RequestKind, zone: str, *, is_doubted: bool, now: datetime
) -> FanIncident | None:
    """Return the open incident that a request joins, the newest of those that fit; None if it is a new one.

    A flood makes few incidents: some for each zone, then one for each kind, and one for each kind of doubted requests.
    """
    same = [one for one in incidents if one.kind is INCIDENTS[kind][0] and one.is_doubted == is_doubted]
    near = [one for one in same if one.zone == zone and one.reported_at > now - FOLD_WITHIN]
    is_flood = is_doubted or sum(not one.is_doubted for one in incidents) >= INCIDENTS_MAX
    joined = near if len(near) >= OWN_INCIDENTS else (near or same) if is_flood else []
    return max(joined, key=lambda one: (one.reported_at, one.id), default=None)
