-- Replay: what cameras sent, second by second, and the clips that show some of it again.
create schema replay;

-- A camera as it is now. `fault`: why its last take ended, null while it sends. `delay_ms`: how late its transport brings
-- a picture, which is taken off the time of its arrival.
create table replay.camera (
    name text primary key,
    programme boolean not null default false,  -- the one that fans see first
    delay_ms integer not null default 0 check (delay_ms between 0 and 60000),
    fault text,
    seen_at timestamptz
);

-- The key of a camera and an hour, sealed under the deployment's secret.
create table replay.media_key (
    camera text not null references replay.camera (name),
    period timestamptz not null,
    sealed bytea not null,
    primary key (camera, period)
);

create table replay.track (
    id uuid primary key,
    take_id uuid not null,
    camera text not null references replay.camera (name),
    kind text not null check (kind in ('video', 'audio')),
    codecs text not null,
    width integer,
    height integer,
    began_at timestamptz not null
);

create table replay.segment (
    id uuid primary key,
    track_id uuid not null references replay.track (id),
    camera text not null,
    kind text not null,
    at timestamptz not null,
    duration_ms integer not null check (duration_ms > 0),
    bytes integer not null
);
create index segment_seen on replay.segment (camera, kind, at);

-- A clip is a stretch of time and the cameras that saw it. `about`: the entry of the feed that it shows.
create table replay.clip (
    id uuid primary key,
    event_id uuid not null,
    about integer,
    from_at timestamptz not null,
    to_at timestamptz not null check (to_at > from_at),
    cameras text[] not null check (cardinality(cameras) > 0),
    published_at timestamptz not null,
    withdrawn_at timestamptz
);
create index clip_of_event on replay.clip (event_id, from_at);
