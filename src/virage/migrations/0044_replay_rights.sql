-- What a fan gets of a clip: who may watch, by event (an event without a row: everybody, anywhere).
create table replay.rights (
    event_id uuid primary key,
    rights jsonb not null,
    revision integer not null default 1 check (revision > 0)
);
