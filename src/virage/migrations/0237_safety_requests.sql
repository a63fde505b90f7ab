-- expand: fans' requests for help and the control room's answers. Incidents of fans have no reporter.
-- Incidents exist only since the version of these files: no process of an earlier one reads them.
-- squawk-ignore ban-drop-not-null
alter table safety.incident alter column reported_by drop not null;
alter table safety.incident add column source text not null default 'staff';

-- The person, the lines and the answers are in no record of the log, so that they can be deleted at any time.
-- `zone` is the block or zone of the place, '' without one.
create table safety.request (
    id uuid primary key,
    event_id uuid not null references safety.log (event_id),
    incident_id uuid not null references safety.incident (id),
    person_id uuid,
    kind text not null,
    zone text not null,
    is_doubted boolean not null,
    written_at timestamptz not null,
    sent_at timestamptz not null,
    withdrawn_at timestamptz,
    hidden_at timestamptz,
    false_at timestamptz
);
create index request_of_person on safety.request (person_id, event_id);
create index request_of_incident on safety.request (incident_id, sent_at);
create index request_by_age on safety.request (sent_at);

-- What the fan said: the first line has the id of its request.
create table safety.request_line (
    id uuid primary key,
    request_id uuid not null references safety.request (id) on delete cascade,
    place jsonb,
    text text,
    callback text,
    at timestamptz not null
);
create index line_of_request on safety.request_line (request_id, at);

create table safety.answer (
    id uuid primary key,
    incident_id uuid not null references safety.incident (id),
    answer text not null,
    text text,
    at timestamptz not null
);
create index answer_of_incident on safety.answer (incident_id, at);
create index answer_by_age on safety.answer (at);
