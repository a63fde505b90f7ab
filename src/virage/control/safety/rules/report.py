"""After-action report of an event: its figures, from what is stored, and anonymous counts.

What was not measured stays a gap. Texts are those of the log; one that the retention rule has deleted is told from one
that never was by the digest in its record.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.alerts import Alert
from virage.control.safety.rules.broadcasts import Broadcast, BroadcastText
from virage.control.safety.rules.incidents import Incident, IncidentKind, IncidentPlace
from virage.control.safety.rules.log import LogHead, LogRecord, SaltedContent, SignedRecord
from virage.control.safety.rules.picture import (
    CrowdFigure,
    DensityClass,
    FigureSource,
    VenuePicture,
    zone_of,
)
from virage.control.safety.rules.procedures import Procedure, RecordedStep
from virage.control.safety.rules.teams import Assignment
from virage.site.programme.types import Event
from virage.site.venue.types import Venue

GAP_OVER: Final = timedelta(minutes=2)
"""A picture is stored each minute: after a longer pause at least one is missing."""
SMALL: Final = 5
"""Smaller counts are not published, so that no person can be recognised."""
SMALL_SHOWN: Final = f"<{SMALL}"
WITHHELD: Final = "withheld"
"""A count that is not small, but from which a small one could be computed."""
WORTH_NAMING: Final = frozenset({DensityClass.DENSE, DensityClass.CRITICAL})
DECISIONS: Final = frozenset(
    {
        "procedure_requested",
        "procedure_confirmed",
        "procedure_begun_alone",
        "procedure_ended",
        "procedure_withdrawn",
        "alert_acknowledged",
        "alert_closed",
        "thresholds_set",
        "incident_reopened",
    }
)
"""Kinds of records in which a person has decided."""


class PlacedIncident(Struct, frozen=True):
    """An incident and its place; None without one, or once it was deleted."""

    incident: Incident
    place: IncidentPlace | None


class ReportFacts(Struct, frozen=True, kw_only=True):
    """What is stored of an event, read at once. `key` is the public key of its log.

    Receipts from before `receipts_since` were deleted by the retention rule. `pictures` are JSON, in order.
    """

    event: Event
    venue: Venue
    made_at: datetime
    key: bytes
    head: LogHead
    receipts_since: datetime
    records: list[tuple[SignedRecord, SaltedContent | None]]
    pictures: list[bytes]
    incidents: list[PlacedIncident]
    assignments: list[Assignment]
    alerts: list[Alert]
    procedures: list[Procedure]
    steps: list[RecordedStep]
    broadcasts: list[Broadcast]
    receipts: dict[UUID, dict[str, int]]


class Said(Struct, frozen=True):
    """What a record says in words."""

    text: str | None = None
    texts: dict[str, BroadcastText] | None = None


class Logged(Struct, frozen=True):
    """A record. `said` is None if it has no words; `is_erased` if the retention rule has deleted them."""

    record: LogRecord
    said: Said | None
    is_erased: bool

    @property
    def at(self) -> datetime:
        """The server's time of the record."""
        return datetime.fromisoformat(self.record.at)


class Sample(Struct, frozen=True):
    """A measure at one instant; None if it was not measured."""

    at: datetime
    value: int | None


class ZoneSeries(Struct, frozen=True):
    """People in a zone by one source over time. `worst` is the highest class of density, None if it was not known."""

    zone: str
    capacity: int | None
    source: FigureSource
    samples: list[Sample]
    worst: DensityClass | None


class Flow(Struct, frozen=True):
    """People in per minute at a gate by scans; `entered` counts all who came in, None if it was never measured."""

    gate: str
    stand: str
    entered: int | None
    samples: list[Sample]


class Moment(Struct, frozen=True):
    """What a controller saw: people by scans (None: not measured), open incidents, and the zones that were dense."""

    at: datetime
    inside: int | None
    incidents: int
    dense: list[tuple[str, DensityClass]]


class Crowd(Struct, frozen=True):
    """What the pictures of an event show, in order.

    The zone with the highest peak and the gate by which most people came in are first.
    """

    moments: list[Moment]
    zones: list[ZoneSeries]
    flows: list[Flow]

    @property
    def inside(self) -> list[Sample]:
        """The people in the venue, by scans."""
        return [Sample(one.at, one.inside) for one in self.moments]


class ResponseLeg(StrEnum):
    """What followed the report of an incident; its time counts from the report."""

    ASSIGNED = "assigned"
    ARRIVED = "arrived"
    RESOLVED = "resolved"


class ResponseTimes(Struct, frozen=True):
    """Response times of some incidents in seconds."""

    incidents: int
    median_s: int
    longest_s: int


def logged(facts: ReportFacts) -> dict[int, Logged]:
    """Return the records of the log by number."""
    record_of, said_of = msgspec.json.Decoder(LogRecord), msgspec.json.Decoder(Said)
    found = {}
    for signed, content in facts.records:
        record = record_of.decode(signed.body)
        said = None if content is None else said_of.decode(content.body)
        found[signed.number] = Logged(record, said, is_erased=record.content is not None and content is None)
    return found


def scanned(figures: Iterable[CrowdFigure]) -> int | None:
    """Return the figure by scans; None if it was not measured."""
    return next((one.value for one in figures if one.source is FigureSource.SCANS and not one.is_estimate), None)


def crowd_of(pictures: Iterable[bytes]) -> Crowd:
    """Return what pictures show, in order; each is decoded alone, because all of a stadium's fill the memory."""
    decoder = msgspec.json.Decoder(VenuePicture)
    moments: list[Moment] = []
    people: dict[tuple[str, FigureSource], list[Sample]] = {}
    capacity: dict[str, int | None] = {}
    worst: dict[str, DensityClass] = {}
    stands: dict[str, str] = {}
    entered: dict[str, int | None] = {}
    per_minute: dict[str, list[Sample]] = {}
    for body in pictures:
        picture = decoder.decode(body)
        dense = [(one.code, one.density) for one in picture.zones if one.density in WORTH_NAMING]
        moments.append(Moment(picture.at, scanned(picture.inside), picture.incidents, dense))
        for zone in picture.zones:
            capacity[zone.code] = zone.capacity
            if zone.density is not None:
                worst[zone.code] = max(worst.get(zone.code, zone.density), zone.density, key=list(DensityClass).index)
            for figure in zone.people:
                people.setdefault((zone.code, figure.source), []).append(Sample(picture.at, figure.value))
        for gate in picture.gates:
            stands[gate.code] = gate.zone
            counted = scanned(gate.entered)
            entered[gate.code] = entered.get(gate.code) if counted is None else counted
            per_minute.setdefault(gate.code, []).append(Sample(picture.at, gate.per_minute.value))
    zones = [ZoneSeries(code, capacity[code], source, of, worst.get(code)) for (code, source), of in people.items()]
    flows = [Flow(code, stands[code], entered[code], samples) for code, samples in per_minute.items()]
    return Crowd(
        moments,
        sorted(zones, key=lambda one: (-max(each.value or 0 for each in one.samples), one.zone)),
        sorted(flows, key=lambda one: (-(one.entered or 0), one.gate)),
    )


def runs(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Return the stretches without a gap: all samples measured, none missing between two of them."""
    found: list[list[Sample]] = []
    before: Sample | None = None
    for sample in samples:
        if sample.value is not None:
            if before is None or before.value is None or sample.at - before.at > GAP_OVER:
                found.append([])
            found[-1].append(sample)
        before = sample
    return found


def peak(samples: Iterable[Sample]) -> Sample | None:
    """Return the first highest sample; None if nothing was measured."""
    return max((sample for sample in samples if sample.value is not None), key=lambda one: one.value or 0, default=None)


def first_times(assignments: Iterable[Assignment]) -> tuple[dict[UUID, datetime], dict[UUID, datetime]]:
    """Return when each incident was first assigned, and when a team first arrived there."""
    assigned: dict[UUID, datetime] = {}
    arrived: dict[UUID, datetime] = {}
    for one in assignments:
        assigned[one.incident_id] = min(one.assigned_at, assigned.get(one.incident_id, one.assigned_at))
        if one.arrived_at is not None:
            arrived[one.incident_id] = min(one.arrived_at, arrived.get(one.incident_id, one.arrived_at))
    return assigned, arrived


def responses(
    incidents: Iterable[Incident], assignments: Iterable[Assignment]
) -> dict[ResponseLeg, ResponseTimes | None]:
    """Return the times from the report to the first assignment, the first arrival and the resolution.

    An incident counts for the legs that it has; None if no incident has one.
    """
    assigned, arrived = first_times(assignments)
    times: dict[ResponseLeg, list[float]] = {leg: [] for leg in ResponseLeg}
    for incident in incidents:
        for leg, at in (
            (ResponseLeg.ASSIGNED, assigned.get(incident.id)),
            (ResponseLeg.ARRIVED, arrived.get(incident.id)),
            (ResponseLeg.RESOLVED, incident.resolved_at),
        ):
            if at is not None:
                times[leg].append((at - incident.reported_at).total_seconds())
    return {
        leg: ResponseTimes(len(found), round(median(found)), round(max(found))) if found else None
        for leg, found in times.items()
    }


def by_kind(incidents: Iterable[Incident]) -> dict[IncidentKind, Counter[int]]:
    """Return how many incidents of each kind and priority there were, most first."""
    found: dict[IncidentKind, Counter[int]] = {}
    for incident in incidents:
        found.setdefault(incident.kind, Counter())[incident.priority] += 1
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].total(), pair[0])))


def stand_of(placed: PlacedIncident, venue: Venue) -> str:
    """Return the stand, standing area or other zone of an incident; empty without a place, or outside of all."""
    return zone_of(placed.place, venue, venue.zones) or ""


def decisions(records: Mapping[int, Logged], moments: Sequence[Moment]) -> list[tuple[Logged, Moment | None]]:
    """Return the decisions of persons in order, each with what the last stored picture before it shows."""
    times = [one.at for one in moments]
    found = []
    for one in records.values():
        if one.record.kind in DECISIONS and one.record.who is not None:
            following = bisect_right(times, one.at)
            found.append((one, moments[following - 1] if following else None))
    return found


def published(counts: Mapping[str, int]) -> dict[str, str]:
    """Return counts, none of them 0, without the small ones.

    Their total may be known from another table. As long as it would tell a small count, the least of the other counts
    is withheld too, until none is left.
    """
    small = {name for name, count in counts.items() if count < SMALL}
    shown = sorted((name for name in counts if name not in small), key=lambda name: (counts[name], name))
    withheld: list[str] = []
    hidden_sum = sum(counts[name] for name in small)
    while small and shown:
        upper = counts[shown[0]]  # a reader knows that none withheld is greater
        least = len(small) + SMALL * len(withheld)
        most = (SMALL - 1) * len(small) + upper * len(withheld)
        if least < hidden_sum < most and (len(small) > 1 or (withheld and upper > SMALL)):
            break
        hidden_sum += upper
        withheld.append(shown.pop(0))
    return {
        name: SMALL_SHOWN if name in small else WITHHELD if name in withheld else str(count)
        for name, count in counts.items()
    }


def anonymous_counts(facts: ReportFacts) -> list[tuple[str, str, str]]:
    """Return the counts of a report that name no person: what is counted, of which group, and how many.

    A median of fewer than five incidents is left out, as a count below five is.
    """
    incidents = [one.incident for one in facts.incidents]
    tables: dict[str, Counter[str]] = {
        "incidents_by_kind": Counter(one.kind.value for one in incidents),
        "incidents_by_priority": Counter(str(one.priority) for one in incidents),
        "incidents_by_stand": Counter(stand_of(one, facts.venue) or "none" for one in facts.incidents),
        "alerts_by_measure": Counter(one.measure.value for one in facts.alerts),
    }
    rows = [
        (name, group, shown)
        for name, counts in tables.items()
        for group, shown in published(dict(sorted(counts.items()))).items()
    ]
    for leg, times in responses(incidents, facts.assignments).items():
        if times is not None:
            known = times.incidents >= SMALL
            rows.append(("median_response_s", leg.value, str(times.median_s) if known else SMALL_SHOWN))
    return rows
