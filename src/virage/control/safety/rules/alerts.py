"""Alerts: thresholds on the picture with hysteresis, how long each condition has held, and what follows from it.

A threshold is reached at `raise_at` and left at `clear_at`; between the two nothing changes. Durations are added up
from one evaluation to the next, and each step is limited, so that no alert is raised, cleared or escalated by a clock
that jumps or by a pause. See docs/alerts.md.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from virage.control.safety.rules.entry import EntryForecast
from virage.control.safety.rules.incidents import Code, Content, Priority, Text
from virage.control.safety.rules.log import Written
from virage.control.safety.rules.picture import CrowdFigure, FigureSource, GatePicture, RampPicture, VenuePicture
from virage.platform.values.ids import named_id
from virage.platform.values.refusals import Refused

STEP_MAX: Final = timedelta(seconds=5)
"""The longest time that counts between two evaluations."""
GROWTH_OVER: Final = timedelta(minutes=5)
GROWTH_SLACK: Final = timedelta(minutes=2)
"""Growth compares with the stored picture of five minutes ago, which may be up to two minutes older."""
FORECAST_FOR: Final = timedelta(seconds=30)
"""A forecast of the entry counts as measured until this age."""
LEVEL_ESCALATED: Final = 2
PERCENT: Final = 100
PER_100_M2: Final = 100
THRESHOLDS_MAX: Final = 100

Limit = Annotated[int, Meta(ge=0, le=1_000_000)]
HoldSeconds = Annotated[int, Meta(ge=0, le=3_600)]


class AlertMeasure(StrEnum):
    """What a threshold is about.

    Of zones: `density` in people per 100 m², `occupancy` in percent of the places, `zone_growth` in people per minute,
    `zone_unmeasured` in seconds since the last source. Of gates and ramps: `flow` (people in) and `queue_growth` in
    people per minute, `queue` in people, `devices_offline` in devices, `gate_unmeasured` in seconds. Of gates with a
    counted queue: `queue_forecast`, the people who wait in ten minutes (median).
    """

    DENSITY = "density"
    OCCUPANCY = "occupancy"
    ZONE_GROWTH = "zone_growth"
    ZONE_UNMEASURED = "zone_unmeasured"
    FLOW = "flow"
    QUEUE = "queue"
    QUEUE_GROWTH = "queue_growth"
    QUEUE_FORECAST = "queue_forecast"
    DEVICES_OFFLINE = "devices_offline"
    GATE_UNMEASURED = "gate_unmeasured"


_M = AlertMeasure
ZONE_MEASURES: Final = frozenset({_M.DENSITY, _M.OCCUPANCY, _M.ZONE_GROWTH, _M.ZONE_UNMEASURED})


class AlertRefusal(StrEnum):
    """Why an alert or the thresholds are not changed."""

    NOT_FOUND = "not_found"
    ID_TAKEN = "alert_id_taken"
    ACKNOWLEDGED = "alert_acknowledged"
    ENDED = "alert_ended"
    HAS_INCIDENT = "alert_has_incident"
    THRESHOLDS_CHANGED = "thresholds_changed"
    THRESHOLD_INVALID = "threshold_invalid"
    PLACE_UNKNOWN = "place_unknown"


class AlertEnd(StrEnum):
    """How an alert ended: its condition went away, or a controller closed it or took its threshold away."""

    CLEARED = "cleared"
    CLOSED = "closed"


class Threshold(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A threshold for one place, or for each place of its kind (`place` is None).

    An alert is raised once a source has been at `raise_at` or above for `raise_after_s`, and cleared once it has been
    at `clear_at` or below for `clear_after_s`. Without an acknowledgement it escalates after `escalate_after_s`.
    """

    id: UUID
    measure: AlertMeasure
    place: Code | None = None
    raise_at: Limit
    clear_at: Limit
    raise_after_s: HoldSeconds
    clear_after_s: HoldSeconds
    priority: Priority
    escalate_after_s: Annotated[int, Meta(ge=1, le=86_400)]

    def covers(self, measure: AlertMeasure, place: str) -> bool:
        """Return whether this threshold is for a measure at a place."""
        return self.measure is measure and self.place in (None, place)


class ThresholdUpdate(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All thresholds of an event from now on.

    `id` is made by the client and makes the request idempotent. `number` is that of the set which the controller saw.
    """

    id: UUID
    number: int
    thresholds: Annotated[list[Threshold], Meta(max_length=THRESHOLDS_MAX)]


class ThresholdSet(Struct, frozen=True, kw_only=True):
    """The thresholds of an event. `number` is that of the log's record that set them, 0 for the default ones."""

    number: int = 0
    changed_by: UUID | None = None
    changed_at: datetime | None = None
    thresholds: list[Threshold]


class _Change(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """A change of an alert. `id` is made by the client and makes the request idempotent."""

    id: UUID


class AcknowledgeAlert(_Change, frozen=True, tag="acknowledged"):
    """A controller has seen the alert and takes care of it; it does not escalate any more."""

    text: Text | None = None


class CloseAlert(_Change, frozen=True, tag="closed"):
    """A controller ends an alert that cannot clear by itself. If its condition holds, another one is raised."""

    text: Text


AlertChange = AcknowledgeAlert | CloseAlert


class Reading(Struct, frozen=True):
    """The value of a measure at a place by one source. None if that source is not fresh; `at` is its last time."""

    measure: AlertMeasure
    place: str
    source: FigureSource
    value: int | None
    at: datetime


class Alert(Struct, frozen=True, kw_only=True):
    """An alert. `source` is the one that raised it, and the one that clears it. Level 2 has escalated."""

    id: UUID
    event_id: UUID
    threshold_id: UUID
    measure: AlertMeasure
    place: str
    source: FigureSource
    priority: int
    raise_at: int
    raised_value: int
    raised_at: datetime
    level: int = 1
    escalated_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: UUID | None = None
    acknowledged_in: int | None = None
    ended_at: datetime | None = None
    ended_by: UUID | None = None
    ended_in: int | None = None
    ended_as: AlertEnd | None = None
    incident_id: UUID | None = None


class Watched(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an evaluation leaves for the next one about a threshold and a place: milliseconds, and the last reading.

    `reached_ms` is how long `raise_at` has been reached without an alert, `left_ms` how long an open alert has been at
    `clear_at`, `open_ms` how long it has been open without an acknowledgement. None means: not at all.
    """

    threshold_id: UUID
    place: str
    value: int | None
    at: datetime
    reached_ms: int | None = None
    left_ms: int | None = None
    open_ms: int | None = None


class Raise(Struct, frozen=True):
    """An alert is due."""

    threshold: Threshold
    reading: Reading
    value: int


class Clear(Struct, frozen=True):
    """The condition of an alert has gone."""

    alert: Alert
    value: int


class Escalate(Struct, frozen=True):
    """An alert was not acknowledged in time."""

    alert: Alert


Step = Raise | Clear | Escalate


def default_thresholds(event_id: UUID) -> list[Threshold]:
    """Return the thresholds of an event for which none were set; docs/alerts.md has their sources."""
    rows = (
        ("density_critical", _M.DENSITY, 470, 420, 10, 60, 1, 60),
        ("density_dense", _M.DENSITY, 357, 320, 30, 60, 2, 180),
        ("occupancy", _M.OCCUPANCY, 100, 97, 30, 60, 2, 300),
        ("zone_growth", _M.ZONE_GROWTH, 300, 200, 60, 120, 3, 600),
        ("zone_unmeasured", _M.ZONE_UNMEASURED, 180, 60, 10, 10, 3, 600),
        ("queue", _M.QUEUE, 200, 150, 60, 120, 2, 300),
        ("queue_growth", _M.QUEUE_GROWTH, 30, 15, 60, 120, 3, 600),
        ("queue_forecast", _M.QUEUE_FORECAST, 200, 150, 60, 120, 3, 600),
        ("devices_offline", _M.DEVICES_OFFLINE, 1, 0, 60, 10, 3, 600),
    )
    return [
        Threshold(
            id=named_id(event_id, f"threshold:{name}"),
            measure=measure,
            raise_at=raise_at,
            clear_at=clear_at,
            raise_after_s=raise_after_s,
            clear_after_s=clear_after_s,
            priority=priority,
            escalate_after_s=escalate_after_s,
        )
        for name, measure, raise_at, clear_at, raise_after_s, clear_after_s, priority, escalate_after_s in rows
    ]


def may_set(
    update: ThresholdUpdate, known: ThresholdSet, zones: Collection[str], lanes: Collection[str]
) -> Refused | None:
    """Refuse thresholds that were changed meanwhile, whose limits are in the wrong order, or whose place is unknown."""
    if update.number != known.number:
        return Refused(AlertRefusal.THRESHOLDS_CHANGED)
    seen: set[UUID] = set()
    for threshold in update.thresholds:
        if threshold.clear_at >= threshold.raise_at or threshold.id in seen:
            return Refused(AlertRefusal.THRESHOLD_INVALID, {"threshold": str(threshold.id)})
        if threshold.place is not None and threshold.place not in (
            zones if threshold.measure in ZONE_MEASURES else lanes
        ):
            return Refused(AlertRefusal.PLACE_UNKNOWN, {"threshold": str(threshold.id), "place": threshold.place})
        seen.add(threshold.id)
    return None


def may_change(alert: Alert, change: AlertChange) -> Refused | None:
    """Refuse what the state of an alert does not allow; of two controllers who acknowledge at once, one is refused."""
    if alert.ended_at is not None:
        return Refused(AlertRefusal.ENDED)
    if isinstance(change, AcknowledgeAlert) and alert.acknowledged_at is not None:
        return Refused(AlertRefusal.ACKNOWLEDGED)
    return None


def elapsed(before: datetime | None, now: datetime, speed: float) -> timedelta:
    """Return the time since the last evaluation that counts: none after a clock went back, `STEP_MAX` at most.

    `speed` is that of the clock (`Clock.speed`).
    """
    return timedelta() if before is None else min(max(now - before, timedelta()), STEP_MAX * speed)


def readings(picture: VenuePicture, earlier: VenuePicture | None) -> list[Reading]:
    """Return the values of all measures in a picture; estimates and figures that never had a source have none.

    `earlier` is the picture of `GROWTH_OVER` ago. Without it, or if its age is another, growth is not measured.
    """
    minutes = None
    if earlier is not None and GROWTH_OVER <= picture.at - earlier.at <= GROWTH_OVER + GROWTH_SLACK:
        minutes = (picture.at - earlier.at) / timedelta(minutes=1)
    people_before, queue_before = ({}, {}) if earlier is None else _figures_by_place(earlier)
    people, queues = _figures_by_place(picture)
    found: list[Reading] = []
    for zone in picture.zones:
        for source, figure, at in _counts(people[zone.code]):
            known = figure.value
            if zone.area_m2 is not None:
                density = None if known is None else round(known * PER_100_M2 / zone.area_m2)
                found.append(Reading(_M.DENSITY, zone.code, source, density, at))
            if zone.capacity:
                occupancy = None if known is None else known * PERCENT // zone.capacity
                found.append(Reading(_M.OCCUPANCY, zone.code, source, occupancy, at))
            growth = _growth(figure, people_before.get(zone.code, ()), minutes)
            found.append(Reading(_M.ZONE_GROWTH, zone.code, source, growth, at))
        found += _unmeasured(_M.ZONE_UNMEASURED, zone.code, people[zone.code], picture.at)
    lanes: list[GatePicture | RampPicture] = [*picture.gates, *picture.ramps]
    for lane in lanes:
        for source, figure, at in _counts(queues[lane.code]):
            found.append(Reading(_M.QUEUE, lane.code, source, figure.value, at))
            growth = _growth(figure, queue_before.get(lane.code, ()), minutes)
            found.append(Reading(_M.QUEUE_GROWTH, lane.code, source, growth, at))
        figures = queues[lane.code]
        if isinstance(lane, GatePicture):
            figures = [*figures, *lane.entered, *lane.left, lane.per_minute]
            for source, figure, at in _counts([lane.per_minute]):
                found.append(Reading(_M.FLOW, lane.code, source, figure.value, at))
            offline = lane.devices_offline
            found.append(Reading(_M.DEVICES_OFFLINE, lane.code, FigureSource.SCANS, offline, picture.at))
        found += _unmeasured(_M.GATE_UNMEASURED, lane.code, figures, picture.at)
    return found


def forecast_readings(forecast: EntryForecast, now: datetime) -> list[Reading]:
    """Return the queues in ten minutes at gates that count theirs; not measured if the forecast is old."""
    is_fresh = abs(now - forecast.at) <= FORECAST_FOR
    return [
        Reading(_M.QUEUE_FORECAST, gate.code, FigureSource.FORECAST, gate.waiting if is_fresh else None, forecast.at)
        for gate in forecast.gates
        if gate.is_counted
    ]


def _figures_by_place(picture: VenuePicture) -> tuple[dict[str, list[CrowdFigure]], dict[str, list[CrowdFigure]]]:
    """Return the people of each zone, and the queue of each gate and ramp."""
    lanes: list[GatePicture | RampPicture] = [*picture.gates, *picture.ramps]
    return {zone.code: zone.people for zone in picture.zones}, {lane.code: lane.queue for lane in lanes}


def _counts(figures: Sequence[CrowdFigure]) -> Iterator[tuple[FigureSource, CrowdFigure, datetime]]:
    """Yield the counts among figures that have or had a source."""
    for figure in figures:
        if figure.at is not None and not figure.is_estimate:
            yield figure.source, figure, figure.at


def _growth(figure: CrowdFigure, before: Sequence[CrowdFigure], minutes: float | None) -> int | None:
    then = next((one.value for one in before if one.source is figure.source and not one.is_estimate), None)
    if figure.value is None or then is None or minutes is None:
        return None
    return round((figure.value - then) / minutes)


def _unmeasured(measure: AlertMeasure, place: str, figures: Sequence[CrowdFigure], now: datetime) -> Iterator[Reading]:
    """Yield how long each source of a place has been silent, in seconds."""
    last: dict[FigureSource, datetime] = {}
    for source, _, at in _counts(figures):
        last[source] = max(last.get(source, at), at)
    for source, at in last.items():
        yield Reading(measure, place, source, round((now - at).total_seconds()), at)


def evaluate(
    thresholds: Sequence[Threshold],
    found: Sequence[Reading],
    alerts: Sequence[Alert],
    watched: Sequence[Watched],
    *,
    passed: timedelta,
) -> tuple[list[Watched], list[Step]]:
    """Return what is watched from now on, and the alerts to raise, clear or escalate.

    `alerts` are the open ones, `watched` is what the last evaluation returned, `passed` the time since then
    (`elapsed`). A started hold ends when the value is below `raise_at`, or not measured. An alert clears only by the
    source that raised it, while no other source is above `clear_at`.
    """
    by_place: dict[tuple[AlertMeasure, str], list[Reading]] = {}
    for reading in found:
        by_place.setdefault((reading.measure, reading.place), []).append(reading)
    opened = {(one.threshold_id, one.place): one for one in alerts}
    before = {(one.threshold_id, one.place): one for one in watched}
    kept: list[Watched] = []
    steps: list[Step] = []
    for threshold in thresholds:
        places = [place for measure, place in by_place if threshold.covers(measure, place)]
        silent = [one.place for one in alerts if one.threshold_id == threshold.id and one.place not in places]
        for place in (*places, *silent):
            known = before.get((threshold.id, place))
            alert = opened.get((threshold.id, place))
            here = by_place.get((threshold.measure, place), [])
            one: Watched | None
            step: Step | None
            if alert is None:
                one, step = _unopened(threshold, here, known, passed)
            else:
                one, step = _opened(threshold, alert, here, known, passed=passed)
            kept += [] if one is None else [one]
            steps += [] if step is None else [step]
    return kept, steps


def _highest(found: Sequence[Reading]) -> tuple[int, Reading] | None:
    """Return the highest value among the readings whose source is fresh."""
    fresh = [(one.value, one) for one in found if one.value is not None]
    return max(fresh, key=lambda pair: pair[0], default=None)


def _longer(before_ms: int | None, passed: timedelta) -> int:
    """Return how long a condition has held that holds now: it begins with 0."""
    return 0 if before_ms is None else before_ms + passed // timedelta(milliseconds=1)


def _unopened(
    threshold: Threshold, found: Sequence[Reading], known: Watched | None, passed: timedelta
) -> tuple[Watched | None, Raise | None]:
    highest = _highest(found)
    if highest is None or highest[0] < threshold.raise_at:
        return None, None
    value, reading = highest
    reached_ms = _longer(None if known is None else known.reached_ms, passed)
    now = Watched(threshold_id=threshold.id, place=reading.place, value=value, at=reading.at)
    if reached_ms >= threshold.raise_after_s * 1000:
        return replace(now, open_ms=0), Raise(threshold, reading, value)
    return replace(now, reached_ms=reached_ms), None


def _opened(
    threshold: Threshold, alert: Alert, found: Sequence[Reading], known: Watched | None, *, passed: timedelta
) -> tuple[Watched | None, Clear | Escalate | None]:
    own = next((one for one in found if one.source is alert.source), None)
    highest = _highest(found)
    shown = own if highest is None else highest[1]
    last_at = alert.raised_at if known is None else known.at
    now = Watched(
        threshold_id=threshold.id,
        place=alert.place,
        value=None if shown is None else shown.value,
        at=last_at if shown is None else shown.at,
    )
    is_measured = own is not None and own.value is not None
    if is_measured and highest is not None and highest[0] <= threshold.clear_at:
        left_ms = _longer(None if known is None else known.left_ms, passed)
        if left_ms >= threshold.clear_after_s * 1000:
            return None, Clear(alert, highest[0])
        now = replace(now, left_ms=left_ms)
    if alert.acknowledged_at is not None or alert.level == LEVEL_ESCALATED:
        return now, None
    open_ms = _longer(None if known is None else known.open_ms, passed)
    is_due = open_ms >= threshold.escalate_after_s * 1000
    return (now, Escalate(alert)) if is_due else (replace(now, open_ms=open_ms), None)


def written_raise(alert: Alert) -> Written:
    """Return the record of a new alert."""
    return Written(
        "alert_raised",
        {
            "threshold": str(alert.threshold_id),
            "measure": alert.measure.value,
            "place": alert.place,
            "source": alert.source.value,
            "priority": alert.priority,
            "raise_at": alert.raise_at,
            "value": alert.raised_value,
        },
    )


def written_change(change: AlertChange) -> Written:
    """Return the record of a controller's change."""
    content = None if change.text is None else Content(change.text)
    return Written("alert_acknowledged" if isinstance(change, AcknowledgeAlert) else "alert_closed", {}, content)


def written_thresholds(thresholds: Sequence[Threshold]) -> Written:
    """Return the record of a new set: one line of codes and numbers for each threshold, in the order of its members."""
    data: dict[str, str | int] = {"count": len(thresholds)}
    for number, one in enumerate(thresholds, 1):
        limits = (one.raise_at, one.clear_at, one.raise_after_s, one.clear_after_s, one.priority, one.escalate_after_s)
        data[f"threshold_{number}"] = " ".join((str(one.id), one.measure.value, one.place or "*", *map(str, limits)))
    return Written("thresholds_set", data)
