"""Evaluate the thresholds of an event, change its alerts, and set its thresholds, in the caller's transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from virage.control.safety.acts.log import lock_log
from virage.control.safety.rules.alerts import (
    LEVEL_ESCALATED,
    AcknowledgeAlert,
    Alert,
    AlertChange,
    AlertEnd,
    AlertRefusal,
    Clear,
    Escalate,
    Raise,
    Reading,
    ThresholdSet,
    ThresholdUpdate,
    elapsed,
    evaluate,
    may_change,
    may_set,
    written_change,
    written_raise,
    written_thresholds,
)
from virage.control.safety.rules.log import Written
from virage.control.safety.store import alerts as store
from virage.identity.keys.types import KeyVault
from virage.platform.data.database import Connection
from virage.platform.values.ids import new_id
from virage.platform.values.refusals import Refused


async def watch(
    conn: Connection,
    vault: KeyVault,
    event_id: UUID,
    found: Sequence[Reading],
    *,
    now: datetime,
    speed: float,
) -> None:
    """Raise, clear and escalate the alerts of an event, each with its record in the log. `speed` is the clock's."""
    log = await lock_log(conn, vault, event_id, now)
    before = await store.alert_watch(conn, event_id)
    thresholds = (await store.threshold_set(conn, event_id)).thresholds
    opened = await store.open_alerts(conn, event_id)
    passed = elapsed(before.evaluated_at, now, speed)
    watched, steps = evaluate(thresholds, found, opened, before.watched, passed=passed)
    for step in steps:
        match step:
            case Raise():
                alert = Alert(
                    id=new_id(),
                    event_id=event_id,
                    threshold_id=step.threshold.id,
                    measure=step.threshold.measure,
                    place=step.reading.place,
                    source=step.reading.source,
                    priority=step.threshold.priority,
                    raise_at=step.threshold.raise_at,
                    raised_value=step.value,
                    raised_at=now,
                )
                await log.add(new_id(), alert.id, None, written_raise(alert))
                await store.insert_alert(conn, alert)
            case Clear():
                await log.add(new_id(), step.alert.id, None, Written("alert_cleared", {"value": step.value}))
                cleared = replace(step.alert, ended_at=now, ended_in=log.head.number, ended_as=AlertEnd.CLEARED)
                await store.update_alert(conn, cleared)
            case Escalate():
                await log.add(new_id(), step.alert.id, None, Written("alert_escalated", {"level": LEVEL_ESCALATED}))
                await store.update_alert(conn, replace(step.alert, level=LEVEL_ESCALATED, escalated_at=now))
    await store.put_alert_watch(conn, event_id, watched, now)


async def change(
    conn: Connection, alert_id: UUID, asked: AlertChange, *, vault: KeyVault, who: UUID, now: datetime
) -> Alert | Refused:
    """Acknowledge or close an alert. The same change again returns the alert as it is now.

    Refusals: `not_found`, `alert_acknowledged`, `alert_ended`, `alert_id_taken`.
    """
    found = await store.alert(conn, alert_id)
    if found is None:
        return Refused(AlertRefusal.NOT_FOUND)
    written = written_change(asked)
    log = await lock_log(conn, vault, found.event_id, now)
    alert = await _present(conn, alert_id)
    repeated = await log.has(asked.id, alert_id, who, written)
    if repeated is not None:
        return alert if repeated else Refused(AlertRefusal.ID_TAKEN)
    refused = may_change(alert, asked)
    if refused is not None:
        return refused
    await log.add(asked.id, alert_id, who, written)
    number = log.head.number
    if isinstance(asked, AcknowledgeAlert):
        alert = replace(alert, acknowledged_at=now, acknowledged_by=who, acknowledged_in=number)
    else:
        alert = replace(alert, ended_at=now, ended_by=who, ended_in=number, ended_as=AlertEnd.CLOSED)
    await store.update_alert(conn, alert)
    return alert


async def set_thresholds(
    conn: Connection,
    event_id: UUID,
    asked: ThresholdUpdate,
    *,
    zones: Collection[str],
    lanes: Collection[str],
    vault: KeyVault,
    who: UUID,
    now: datetime,
) -> ThresholdSet | Refused:
    """Set the thresholds of an event; the record has all of them. Alerts without their threshold are closed.

    The same set again returns the thresholds as they are now. Refusals: `thresholds_changed`, `threshold_invalid` and
    `place_unknown` with the `threshold`, `alert_id_taken`.
    """
    written = written_thresholds(asked.thresholds)
    log = await lock_log(conn, vault, event_id, now)
    known = await store.threshold_set(conn, event_id)
    repeated = await log.has(asked.id, event_id, who, written)
    if repeated is not None:
        return known if repeated else Refused(AlertRefusal.ID_TAKEN)
    refused = may_set(asked, known, zones, lanes)
    if refused is not None:
        return refused
    await log.add(asked.id, event_id, who, written)
    new = ThresholdSet(number=log.head.number, changed_by=who, changed_at=now, thresholds=asked.thresholds)
    await store.put_threshold_set(conn, event_id, new)
    by_id = {threshold.id: threshold for threshold in new.thresholds}
    for alert in await store.open_alerts(conn, event_id):
        threshold = by_id.get(alert.threshold_id)
        if threshold is None or not threshold.covers(alert.measure, alert.place):
            await log.add(new_id(), alert.id, who, Written("alert_closed", {"thresholds": new.number}))
            number = log.head.number
            closed = replace(alert, ended_at=now, ended_by=who, ended_in=number, ended_as=AlertEnd.CLOSED)
            await store.update_alert(conn, closed)
    return new


async def _present(conn: Connection, alert_id: UUID) -> Alert:
    found = await store.alert(conn, alert_id)
    if found is None:
        raise RuntimeError(f"An alert of the log is not stored: {alert_id}")
    return found
