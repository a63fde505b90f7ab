-- baseline: the programme: organisers, series, events and their house rules.
create schema programme;

create table programme.organiser (
    id uuid primary key,
    name text not null,
    created_at timestamptz not null
);

create table programme.series (
    id uuid primary key,
    organiser_id uuid not null references programme.organiser (id),
    title jsonb not null,
    created_at timestamptz not null
);
create index series_organiser on programme.series (organiser_id);

create table programme.event (
    id uuid primary key,
    organiser_id uuid not null references programme.organiser (id),
    series_id uuid references programme.series (id),
    kind text not null check (kind in ('match', 'concert', 'tour')),
    title jsonb not null,
    subtitle jsonb not null,
    ground_version text not null,
    doors_at timestamptz not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    sale_opens_at timestamptz not null,
    sale_closes_at timestamptz not null,
    rules jsonb not null,
    state text not null check (state in ('draft', 'published', 'cancelled')),
    revision bigint not null,
    request_digest bytea not null,
    created_at timestamptz not null,
    published_at timestamptz,
    cancelled_at timestamptz,
    constraint cancelled_has_time check ((state = 'cancelled') = (cancelled_at is not null)),
    constraint published_has_time check (state <> 'published' or published_at is not null)
);
create index event_organiser on programme.event (organiser_id);
create index event_series on programme.event (series_id);
create index event_published_end on programme.event (ends_at) where state = 'published';

-- For domains above, which check the scope of a role.
create view programme.public_event_organiser as
select id as event_id, organiser_id from programme.event;

-- For the accounting export.
create view programme.public_event_end as select id as event_id, ends_at, state from programme.event;
