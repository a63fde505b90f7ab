"""Incidents: what happened, where, how urgent, and what was done about it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct

from virage.control.safety.rules.log import Written
from virage.platform.values.refusals import Refused
from virage.site.venue.types import Venue

TEXT_MAX: Final = 2_000

Text = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX, pattern=r"\S")]
Code = Annotated[str, Meta(min_length=1, max_length=60)]
Priority = Annotated[int, Meta(ge=1, le=3, description="1 is the most urgent")]
Centimetres = Annotated[int, Meta(ge=-100_000, le=100_000)]


class IncidentKind(StrEnum):
    """What happened."""

    MEDICAL = "medical"
    LOST_CHILD = "lost_child"
    LIFT = "lift"
    FIRE = "fire"
    FIGHT = "fight"
    FLAG = "flag"
    ABUSE = "abuse"
    ASSISTANCE = "assistance"
    THREAT = "threat"
    SUSPICIOUS_ITEM = "suspicious_item"
    CROWD = "crowd"
    OTHER = "other"


class IncidentSource(StrEnum):
    """Who reported an incident."""

    STAFF = "staff"
    FAN = "fan"


class IncidentRefusal(StrEnum):
    """Why an incident is not stored or changed."""

    ID_TAKEN = "incident_id_taken"
    NOT_FOUND = "not_found"
    PLACE_UNKNOWN = "place_unknown"
    RESOLVED = "incident_resolved"
    OPEN = "incident_open"
    ALERT_TAKEN = "alert_has_incident"


class SeatPlace(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="seat"):
    """A seat, as printed on tickets."""

    block: Code
    row: Code
    seat: Code


class ZonePlace(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="zone"):
    """A stand, block, standing area, gate, outlet, lift, other amenity or ramp, by its code."""

    zone: Code


class MapPlace(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="map"):
    """A point of the plan, in centimetres from the centre of the pitch."""

    x_cm: Centimetres
    y_cm: Centimetres


IncidentPlace = SeatPlace | ZonePlace | MapPlace


class Content(Struct, frozen=True, forbid_unknown_fields=True):
    """What a record says in words, and where; deleted after the retention period."""

    text: str | None = None
    place: IncidentPlace | None = None


class IncidentReport(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new incident. `id` is made by the client and makes the request idempotent.

    `occurred_at` is the client's time, for reports that were written offline; a time after the server's counts as now.
    """

    id: UUID
    kind: IncidentKind
    priority: Priority
    place: IncidentPlace | None = None
    text: Text | None = None
    occurred_at: datetime | None = None


class ControlReport(IncidentReport, frozen=True, kw_only=True):
    """A report of the control room, about an alert if it names one."""

    alert_id: UUID | None = None


class _Change(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """A change of an incident. `id` is made by the client and makes the request idempotent."""

    id: UUID


class NoteIncident(_Change, frozen=True, tag="noted"):
    """Add a line to the timeline, also of a resolved incident."""

    text: Text


class PrioritiseIncident(_Change, frozen=True, tag="prioritised"):
    """Set the priority."""

    priority: Priority


class PlaceIncident(_Change, frozen=True, tag="placed"):
    """Set or correct the place."""

    place: IncidentPlace


class ResolveIncident(_Change, frozen=True, tag="resolved"):
    """Close the incident."""

    text: Text | None = None


class ReopenIncident(_Change, frozen=True, tag="reopened"):
    """Open a resolved incident again, with the reason."""

    text: Text


IncidentChange = NoteIncident | PrioritiseIncident | PlaceIncident | ResolveIncident | ReopenIncident


class Incident(Struct, frozen=True, kw_only=True):
    """An incident. `reported_in` and `placed_by` are the numbers of the records with its first text and its place.

    `reported_by` is None for an incident of fans, whose senders stand beside it.
    """

    id: UUID
    event_id: UUID
    kind: IncidentKind
    priority: int
    occurred_at: datetime
    reported_at: datetime
    reported_by: UUID | None
    source: IncidentSource
    resolved_at: datetime | None
    reported_in: int
    placed_by: int


def written_report(report: IncidentReport, occurred_at: str, alert_id: UUID | None) -> Written:
    """Return the record of a report, about an alert or not; `occurred_at` is the time in the format of records."""
    data: dict[str, str | int] = {
        "incident": report.kind.value,
        "priority": report.priority,
        "occurred_at": occurred_at,
    }
    if alert_id is not None:
        data["alert"] = str(alert_id)
    return Written("incident_reported", data, _content(report.text, report.place))


def written_change(change: IncidentChange) -> Written:
    """Return the record of a change."""
    match change:
        case NoteIncident():
            return Written("incident_noted", {}, _content(change.text, None))
        case PrioritiseIncident():
            return Written("incident_prioritised", {"priority": change.priority})
        case PlaceIncident():
            return Written("incident_placed", {}, _content(None, change.place))
        case ResolveIncident():
            return Written("incident_resolved", {}, _content(change.text, None))
        case ReopenIncident():
            return Written("incident_reopened", {}, _content(change.text, None))


def _content(text: str | None, place: IncidentPlace | None) -> Content | None:
    return None if text is None and place is None else Content(text, place)


def may_change(incident: Incident, change: IncidentChange) -> Refused | None:
    """Refuse what the incident's state does not allow; of two controllers who resolve it at once, one is refused."""
    is_resolved = incident.resolved_at is not None
    if isinstance(change, ReopenIncident):
        return None if is_resolved else Refused(IncidentRefusal.OPEN)
    if is_resolved and not isinstance(change, NoteIncident):
        return Refused(IncidentRefusal.RESOLVED)
    return None


def is_place_of(place: IncidentPlace, venue: Venue) -> bool:
    """Return whether the venue has this place; a point of the plan may lie outside of it."""
    match place:
        case SeatPlace():
            return seat_of(place, venue) is not None
        case ZonePlace():
            zones = (venue.stands, venue.blocks, venue.areas, venue.gates, venue.outlets, venue.amenities, venue.ramps)
            return any(one.code == place.zone for group in zones for one in group)
        case MapPlace():
            return True


def seat_of(place: SeatPlace, venue: Venue) -> int | None:
    """Return the index of a seat; None if the venue does not have it."""
    index = venue.block_index.get(place.block)
    if index is None or place.row not in venue.blocks[index].rows:
        return None
    block = venue.blocks[index]
    rows = venue.row[block.first_seat : block.first_seat + block.seat_count]
    seats = (rows == block.rows.index(place.row)).nonzero()[0] + block.first_seat
    return next((int(seat) for seat in seats if str(venue.label(int(seat)).seat) == place.seat), None)
