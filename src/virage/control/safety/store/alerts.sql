-- name: threshold_set(event_id)^
-- The thresholds that controllers have set for an event.
select number, changed_by, changed_at, body from safety.threshold_set where event_id = :event_id;

-- name: put_threshold_set(event_id, number, changed_by, changed_at, body)!
-- The thresholds of an event from now on, under the lock of its log.
insert into safety.threshold_set (event_id, number, changed_by, changed_at, body)
values (:event_id, :number, :changed_by, :changed_at, :body)
on conflict (event_id) do update
set number = excluded.number, changed_by = excluded.changed_by, changed_at = excluded.changed_at,
    body = excluded.body;

-- name: alert_watch(event_id)^
-- What the last evaluation of an event has left.
select evaluated_at, body from safety.alert_watch where event_id = :event_id;

-- name: put_alert_watch(event_id, evaluated_at, body)!
-- What an evaluation leaves for the next one, under the lock of the log.
insert into safety.alert_watch (event_id, evaluated_at, body) values (:event_id, :evaluated_at, :body)
on conflict (event_id) do update set evaluated_at = excluded.evaluated_at, body = excluded.body;

-- name: insert_alert(id, event_id, threshold_id, measure, place, source, priority, raise_at, raised_value, raised_at)!
-- A new alert, under the lock of its log.
insert into safety.alert (
    id, event_id, threshold_id, measure, place, source, priority, raise_at, raised_value, raised_at
)
values (
    :id, :event_id, :threshold_id, :measure, :place, :source, :priority, :raise_at, :raised_value, :raised_at
);

-- name: update_alert(id, level, escalated_at, acknowledged_at, acknowledged_by, acknowledged_in, ended_at, ended_by, ended_in, ended_as, incident_id)!
-- The state of an alert after a change, under the lock of its log.
update safety.alert
set level = :level, escalated_at = :escalated_at, acknowledged_at = :acknowledged_at,
    acknowledged_by = :acknowledged_by, acknowledged_in = :acknowledged_in, ended_at = :ended_at,
    ended_by = :ended_by, ended_in = :ended_in, ended_as = :ended_as, incident_id = :incident_id
where id = :id;

-- name: alert(id)^
-- One alert.
select
    id, event_id, threshold_id, measure, place, source, priority, raise_at, raised_value, raised_at, level,
    escalated_at, acknowledged_at, acknowledged_by, acknowledged_in, ended_at, ended_by, ended_in, ended_as,
    incident_id
from safety.alert where id = :id;

-- name: open_alerts(event_id)
-- The alerts of an event that have not ended.
select
    id, event_id, threshold_id, measure, place, source, priority, raise_at, raised_value, raised_at, level,
    escalated_at, acknowledged_at, acknowledged_by, acknowledged_in, ended_at, ended_by, ended_in, ended_as,
    incident_id
from safety.alert where event_id = :event_id and ended_at is null
order by id;

-- name: alerts_of(event_id, limit_)
-- The alerts of an event with their notes: open ones first, escalated ones before others, then by priority.
select
    a.id, a.event_id, a.threshold_id, a.measure, a.place, a.source, a.priority, a.raise_at, a.raised_value,
    a.raised_at, a.level, a.escalated_at, a.acknowledged_at, a.acknowledged_by, a.acknowledged_in, a.ended_at,
    a.ended_by, a.ended_in, a.ended_as, a.incident_id, noted.body as note, closed.body as end_note
from safety.alert as a
left join safety.content as noted on noted.event_id = a.event_id and noted.number = a.acknowledged_in
left join safety.content as closed on closed.event_id = a.event_id and closed.number = a.ended_in
where a.event_id = :event_id
order by
    a.ended_at is not null, (a.level = 2 and a.acknowledged_at is null) desc, a.acknowledged_at is not null,
    a.priority, a.raised_at desc, a.id
limit :limit_;
