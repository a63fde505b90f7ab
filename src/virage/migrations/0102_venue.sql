-- baseline: the venue's state. The venue itself is a file; only what changes from day to day is stored: lift outages.
create schema venue;

-- An outage of a lift; `ended_at` is null while it lasts.
create table venue.outage (
    id uuid primary key,
    lift text not null,
    reported_at timestamptz not null,
    reported_by uuid,
    ended_at timestamptz,
    ended_by uuid,
    constraint it_ends_after_it_began check (ended_at is null or ended_at >= reported_at)
);
create unique index outage_open on venue.outage (lift) where ended_at is null;
