-- expand: the control room's incidents, and the log of each event.
create schema safety;

create table safety.log (
    event_id uuid primary key,
    number bigint not null default 0 check (number >= 0),
    hash text not null
);

-- Signed bytes that never change: ids, codes and salted digests, no names or texts.
create table safety.record (
    event_id uuid not null references safety.log (event_id),
    number bigint not null check (number > 0),
    id uuid not null unique,
    about uuid not null,
    at timestamptz not null,
    body bytea not null,
    signature bytea not null,
    primary key (event_id, number)
);
create index record_of_subject on safety.record (about, number);

-- Text and place of a record. Its digest stands in the record, so that its deletion does not break the chain.
create table safety.content (
    event_id uuid not null,
    number bigint not null,
    at timestamptz not null,
    salt bytea not null,
    body bytea not null,
    primary key (event_id, number),
    foreign key (event_id, number) references safety.record (event_id, number)
);
create index content_by_age on safety.content (at);

-- `placed_by` is the number of the record with the current place.
create table safety.incident (
    id uuid primary key,
    event_id uuid not null references safety.log (event_id),
    kind text not null,
    priority integer not null check (priority between 1 and 3),
    occurred_at timestamptz not null,
    reported_at timestamptz not null,
    reported_by uuid not null,
    resolved_at timestamptz,
    reported_in bigint not null,
    placed_by bigint not null
);
create index incident_of_event on safety.incident (event_id, reported_at desc);
