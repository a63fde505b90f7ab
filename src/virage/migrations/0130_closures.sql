-- expand: parts of the venue can be closed for one event.
-- A block, a lift or an outlet that is closed for an event; `reopened_at` is null while it is. Rows are kept.
create table venue.closure (
    id uuid primary key,
    event_id uuid not null,
    part text not null check (part in ('block', 'lift', 'outlet')),
    code text not null,
    closed_at timestamptz not null,
    closed_by uuid,
    reopened_at timestamptz,
    reopened_by uuid,
    constraint it_reopens_after_it_closed check (reopened_at is null or reopened_at >= closed_at)
);
create unique index closure_open on venue.closure (event_id, part, code) where reopened_at is null;
