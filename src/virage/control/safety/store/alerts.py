"""Thresholds of events, alerts as they are now, and what the last evaluation has left."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from virage.control.safety.rules.alerts import Alert, Threshold, ThresholdSet, Watched, default_thresholds
from virage.control.safety.rules.incidents import Content
from virage.control.safety.store.queries import queries
from virage.platform.data.database import Connection


class Watch(Struct, frozen=True):
    """When an event was evaluated last, None if it never was, and what that has left."""

    evaluated_at: datetime | None
    watched: list[Watched]


class ListedAlert(Struct, frozen=True):
    """An alert, and the notes of its acknowledgement and its end; None without one, or once it was deleted."""

    alert: Alert
    note: str | None
    end_note: str | None


def _alert(row: Any) -> Alert:
    return msgspec.convert(dict(row), Alert)


def _text(body: bytes | None) -> str | None:
    return None if body is None else msgspec.json.decode(body, type=Content).text


async def threshold_set(conn: Connection, event_id: UUID) -> ThresholdSet:
    """Return the thresholds of an event, the default ones if none were set."""
    row = await queries.threshold_set(conn, event_id=event_id)
    if row is None:
        return ThresholdSet(thresholds=default_thresholds(event_id))
    return ThresholdSet(
        number=row["number"],
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
        thresholds=msgspec.json.decode(row["body"], type=list[Threshold]),
    )


async def put_threshold_set(conn: Connection, event_id: UUID, new: ThresholdSet) -> None:
    """Store the thresholds of an event."""
    body = msgspec.json.encode(new.thresholds)
    await queries.put_threshold_set(
        conn, event_id=event_id, number=new.number, changed_by=new.changed_by, changed_at=new.changed_at, body=body
    )


async def alert_watch(conn: Connection, event_id: UUID) -> Watch:
    """Return what the last evaluation of an event has left."""
    row = await queries.alert_watch(conn, event_id=event_id)
    if row is None:
        return Watch(None, [])
    return Watch(row["evaluated_at"], msgspec.json.decode(row["body"], type=list[Watched]))


async def put_alert_watch(conn: Connection, event_id: UUID, watched: Sequence[Watched], at: datetime) -> None:
    """Store what an evaluation leaves for the next one."""
    await queries.put_alert_watch(conn, event_id=event_id, evaluated_at=at, body=msgspec.json.encode(watched))


async def insert_alert(conn: Connection, alert: Alert) -> None:
    """Store a new alert."""
    await queries.insert_alert(
        conn,
        id=alert.id,
        event_id=alert.event_id,
        threshold_id=alert.threshold_id,
        measure=alert.measure.value,
        place=alert.place,
        source=alert.source.value,
        priority=alert.priority,
        raise_at=alert.raise_at,
        raised_value=alert.raised_value,
        raised_at=alert.raised_at,
    )


async def update_alert(conn: Connection, alert: Alert) -> None:
    """Store the state of an alert after a change."""
    await queries.update_alert(
        conn,
        id=alert.id,
        level=alert.level,
        escalated_at=alert.escalated_at,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_in=alert.acknowledged_in,
        ended_at=alert.ended_at,
        ended_by=alert.ended_by,
        ended_in=alert.ended_in,
        ended_as=None if alert.ended_as is None else alert.ended_as.value,
        incident_id=alert.incident_id,
    )


async def alert(conn: Connection, alert_id: UUID) -> Alert | None:
    """Return one alert."""
    row = await queries.alert(conn, id=alert_id)
    return None if row is None else _alert(row)


async def open_alerts(conn: Connection, event_id: UUID) -> list[Alert]:
    """Return the alerts of an event that have not ended."""
    return [_alert(row) async for row in queries.open_alerts(conn, event_id=event_id)]


async def alerts_of(conn: Connection, event_id: UUID, limit: int | None) -> list[ListedAlert]:
    """Return the alerts of an event: open first, then escalated ones, then by priority; all if `limit` is None."""
    rows = queries.alerts_of(conn, event_id=event_id, limit_=limit)
    return [ListedAlert(_alert(row), _text(row["note"]), _text(row["end_note"])) async for row in rows]
