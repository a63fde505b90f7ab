-- expand: emergency procedures of an event, and their steps.

-- `requested_in` is the number of the record with its zones, reason and the message to the staff.
create table safety.procedure (
    id uuid primary key,
    event_id uuid not null references safety.log (event_id),
    kind text not null,
    mode text not null,
    requested_by uuid not null,
    requested_at timestamptz not null,
    requested_in bigint not null,
    begun_at timestamptz,
    begun_by uuid,
    is_alone boolean not null,
    ended_at timestamptz,
    ended_by uuid,
    ended_as text
);
create index procedure_of_event on safety.procedure (event_id, requested_at desc);
-- Of one kind, one is open at a time; an exercise does not stand in the way of the real thing.
create unique index procedure_open on safety.procedure (event_id, kind, mode) where ended_at is null;

create table safety.procedure_step (
    procedure_id uuid not null references safety.procedure (id),
    step text not null,
    outcome text not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    recorded_by uuid not null,
    recorded_in bigint not null,
    primary key (procedure_id, step)
);
