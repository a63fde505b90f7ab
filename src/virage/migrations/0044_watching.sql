-- What a fan gets of a clip: who may watch, by event (an event without a row: everybody, anywhere).
create table replay.rights (
    event_id uuid primary key,
    rights jsonb not null,
    revision integer not null default 1 check (revision > 0)
);

-- What is to be seen in a clip, said in a language by a describer; one a language, the last that was brought.
create table replay.description (
    clip_id uuid not null references replay.clip (id),
    locale text not null check (locale in ('fr', 'en')),
    id uuid not null unique,
    brought_at timestamptz not null,
    primary key (clip_id, locale)
);

-- About a second of it, in the timeline of one camera's picture, sealed with that camera's key of the hour `period`.
-- `run`: which unbroken stretch of the picture it goes with.
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
