-- expand: counts of cameras and counters in the venue, and the control room's picture of each minute.

-- What devices have sent, each once. `place` is a zone, or with `is_lane` a gate or ramp.
create table safety.count (
    id uuid primary key,
    event_id uuid not null,
    device_id uuid not null,
    is_lane boolean not null,
    place text not null,
    kind text not null,
    value integer not null check (value >= 0),
    at timestamptz not null,
    received_at timestamptz not null
);
create index count_by_age on safety.count (received_at);

-- Of each device and place: the latest level (`people`, `queue`), or the sum (`in`, `out`), and the time of the last one.
create table safety.counter (
    event_id uuid not null,
    device_id uuid not null,
    is_lane boolean not null,
    place text not null,
    kind text not null,
    value bigint not null,
    at timestamptz not null,
    primary key (event_id, device_id, is_lane, place, kind)
);

create table safety.picture (
    event_id uuid not null,
    at timestamptz not null,
    body bytea not null,
    primary key (event_id, at)
);
create index picture_by_age on safety.picture (at);
