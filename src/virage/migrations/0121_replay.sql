-- baseline: replays: cameras and their segments, clips, audio descriptions, the media desk.
create schema replay;

-- Current state of a camera. `delay_ms` is the delay of its transport, which is subtracted from a picture's time of
-- arrival. `fault` says why its last take ended, null while it sends; `fault_at` since when. `told_at` is the last
-- report of its ingest: one that has not reported for long has ended, and its camera with it. `lost` counts segments
-- that arrived and could not be stored, the last one at `lost_at`.
create table replay.camera (
    name text primary key,
    programme boolean not null default false,  -- the one that fans see first
    delay_ms integer not null default 0 check (delay_ms between 0 and 60000),
    fault text,
    seen_at timestamptz,
    fault_at timestamptz,
    told_at timestamptz,
    lost integer not null default 0,
    lost_at timestamptz
);

-- The key of a camera and an hour, sealed under the deployment's secret.
create table replay.media_key (
    camera text not null references replay.camera (name),
    period timestamptz not null,
    sealed bytea not null,
    primary key (camera, period)
);

-- Video or audio of a take, as the camera sent it ('source') or in a smaller size of the ABR ladder.
create table replay.track (
    id uuid primary key,
    take_id uuid not null,
    camera text not null references replay.camera (name),
    kind text not null check (kind in ('video', 'audio')),
    codecs text not null,
    width integer,
    height integer,
    began_at timestamptz not null,
    rung text not null default 'source' check (rung in ('source', '480p', '240p'))
);

-- A second of a track. Expiry looks for the oldest segments, and for tracks that have none left.
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
create index segment_oldest on replay.segment (at);
create index segment_of_track on replay.segment (track_id);

-- A time range and the cameras that filmed it. `about` is the feed entry that it shows; `entry` the one that announces
-- it, null while the clip is not published. `published_at` is null until the first publication. `marked_by` is null if
-- a rule marked the clip. `laddered_at`: its segments have all renditions. `poster_id` is the object of its poster,
-- null if the clip was never published, or withdrawn so long ago that the poster is deleted.
create table replay.clip (
    id uuid primary key,
    event_id uuid not null,
    about integer,
    from_at timestamptz not null,
    to_at timestamptz not null check (to_at > from_at),
    cameras text[] not null check (cardinality(cameras) > 0),
    published_at timestamptz,
    withdrawn_at timestamptz,
    marked_by uuid,
    entry integer,
    laddered_at timestamptz,
    poster_id uuid
);
create index clip_of_event on replay.clip (event_id, from_at);
-- For expiry, which asks of each segment whether a clip needs it.
create index clip_begins on replay.clip (from_at);
create index clip_to_ladder on replay.clip (published_at) where laddered_at is null and withdrawn_at is null;

-- Objects whose rows are deleted, until they are deleted, too: an interrupted expiry continues with them.
create table replay.doomed (object_id uuid primary key);

-- Who may watch the clips of an event; without a row everyone, everywhere.
create table replay.rights (
    event_id uuid primary key,
    rights jsonb not null,
    revision integer not null default 1 check (revision > 0)
);

-- Audio description of a clip: one per language, the last that a describer uploaded.
create table replay.description (
    clip_id uuid not null references replay.clip (id),
    locale text not null check (locale in ('fr', 'en')),
    id uuid not null unique,
    brought_at timestamptz not null,
    primary key (clip_id, locale)
);

-- About a second of it, in the timeline of one camera's picture, sealed with that camera's key of the hour `period`.
-- `run` is the uninterrupted stretch of the picture that it accompanies.
create table replay.description_part (
    description_id uuid not null references replay.description (id) on delete cascade,
    camera text not null,
    number integer not null,
    run integer not null,
    init_id uuid not null,
    id uuid not null,
    period timestamptz not null,
    duration_ms integer not null check (duration_ms > 0),
    primary key (description_id, camera, number)
);

-- How clips of an event are published: at once, or by another person than the one who marked them.
create table replay.desk (
    event_id uuid primary key,
    four_eyes boolean not null default false
);

-- A moment that the crowd suggests for a replay. `strength` is how far a roar stood out, in tenths of a decibel, or the
-- number of taps. It is open until it is dismissed or a clip shows it.
create table replay.suggestion (
    id uuid primary key,
    event_id uuid not null,
    source text not null check (source in ('roar', 'taps')),
    at timestamptz not null,
    camera text,
    strength integer not null,
    settled_at timestamptz,
    settled_by uuid,
    clip_id uuid
);
create index suggestion_of_event on replay.suggestion (event_id, at);

-- Fans' requests for a replay, by second and by the process that received them, with the number of its followers.
create table replay.tap (
    event_id uuid not null,
    second timestamptz not null,
    process uuid not null,
    taps integer not null,
    watching integer not null,
    primary key (event_id, second, process)
);
