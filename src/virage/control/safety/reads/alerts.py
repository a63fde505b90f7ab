"""The alerts of an event as the control room sees them, and its thresholds."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from virage.control.safety.rules.alerts import Alert, AlertEnd, AlertMeasure, Threshold, ThresholdSet
from virage.control.safety.rules.picture import FigureSource
from virage.control.safety.store import alerts as store
from virage.identity.people import api as people
from virage.platform.data.database import Connection

ALERTS_MAX: Final = 200


class AlertView(Struct, frozen=True, kw_only=True):
    """An alert for the control room.

    `value` is that of the last evaluation, measured at `measured_at`; None if it is not measured since then, or if the
    alert has ended. `note` and `end_note` are those of the acknowledgement and of the end.
    """

    id: UUID
    measure: AlertMeasure
    place: str
    source: FigureSource
    priority: int
    level: int
    raise_at: int
    raised_value: int
    raised_at: datetime
    value: int | None
    measured_at: datetime | None
    escalated_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by_name: str | None
    note: str | None
    ended_at: datetime | None
    ended_as: AlertEnd | None
    ended_by_name: str | None
    end_note: str | None
    incident_id: UUID | None


class AlertListing(Struct, frozen=True):
    """The alerts of an event. `evaluated_at` is the time of the last evaluation, None if there was none."""

    evaluated_at: datetime | None
    alerts: list[AlertView]


class ThresholdView(Struct, frozen=True, kw_only=True):
    """The thresholds of an event. `number` is that of the record that set them, 0 for the default ones."""

    number: int
    changed_at: datetime | None
    changed_by_name: str | None
    thresholds: list[Threshold]


async def alert(conn: Connection, alert_id: UUID) -> Alert | None:
    """Return one alert."""
    return await store.alert(conn, alert_id)


async def alerts(conn: Connection, event_id: UUID) -> AlertListing:
    """Return the alerts of an event, at most 200: open ones first, escalated ones before others, then by priority."""
    listed = await store.alerts_of(conn, event_id, ALERTS_MAX)
    watch = await store.alert_watch(conn, event_id)
    watched = {(one.threshold_id, one.place): one for one in watch.watched}
    persons = {one.alert.acknowledged_by for one in listed} | {one.alert.ended_by for one in listed}
    names = await people.names_by_id(conn, sorted(person for person in persons if person is not None))
    views = []
    for listed_one in listed:
        one = listed_one.alert
        now = watched.get((one.threshold_id, one.place)) if one.ended_at is None else None
        views.append(
            AlertView(
                id=one.id,
                measure=one.measure,
                place=one.place,
                source=one.source,
                priority=one.priority,
                level=one.level,
                raise_at=one.raise_at,
                raised_value=one.raised_value,
                raised_at=one.raised_at,
                value=None if now is None else now.value,
                measured_at=None if now is None else now.at,
                escalated_at=one.escalated_at,
                acknowledged_at=one.acknowledged_at,
                acknowledged_by_name=None if one.acknowledged_by is None else names.get(one.acknowledged_by),
                note=listed_one.note,
                ended_at=one.ended_at,
                ended_as=one.ended_as,
                ended_by_name=None if one.ended_by is None else names.get(one.ended_by),
                end_note=listed_one.end_note,
                incident_id=one.incident_id,
            )
        )
    return AlertListing(watch.evaluated_at, views)


async def thresholds(conn: Connection, event_id: UUID) -> ThresholdView:
    """Return the thresholds of an event."""
    return await threshold_view(conn, await store.threshold_set(conn, event_id))


async def threshold_view(conn: Connection, found: ThresholdSet) -> ThresholdView:
    """Return thresholds with the name of who set them."""
    names = {} if found.changed_by is None else await people.names_by_id(conn, [found.changed_by])
    return ThresholdView(
        number=found.number,
        changed_at=found.changed_at,
        changed_by_name=None if found.changed_by is None else names.get(found.changed_by),
        thresholds=found.thresholds,
    )
