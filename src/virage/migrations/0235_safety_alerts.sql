-- expand: thresholds and alerts of an event, and how long the conditions of its thresholds have held.

-- The thresholds that controllers have set; an event without a row has the default ones.
create table safety.threshold_set (
    event_id uuid primary key references safety.log (event_id),
    number bigint not null,
    changed_by uuid not null,
    changed_at timestamptz not null,
    body bytea not null
);

-- Seconds for which conditions have held, stored by each evaluation, so that a restart loses none.
create table safety.alert_watch (
    event_id uuid primary key references safety.log (event_id),
    evaluated_at timestamptz not null,
    body bytea not null
);

-- `acknowledged_in` and `ended_in` are the numbers of the records with the notes; `ended_as` is `cleared` or `closed`.
create table safety.alert (
    id uuid primary key,
    event_id uuid not null references safety.log (event_id),
    threshold_id uuid not null,
    measure text not null,
    place text not null,
    source text not null,
    priority integer not null check (priority between 1 and 3),
    raise_at integer not null,
    raised_value integer not null,
    raised_at timestamptz not null,
    level integer not null default 1 check (level between 1 and 2),
    escalated_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    acknowledged_in bigint,
    ended_at timestamptz,
    ended_by uuid,
    ended_in bigint,
    ended_as text,
    incident_id uuid
);
create index alert_of_event on safety.alert (event_id, raised_at desc);
-- Of one threshold and place, one alert is open at a time.
create unique index alert_open on safety.alert (event_id, threshold_id, place) where ended_at is null;
