-- The highest revision that was told of a topic: a push message with a lower one is not sent any more, however late its
-- job comes. Only what was corrected stands here.
create table people.push_topic (
    topic uuid primary key,
    revision integer not null check (revision > 0),
    expires_at timestamptz not null
);

-- What a fan asked to be told of what happens: of one event, or of all of the club (null). Without a row: nothing. A row
-- of an event stands before that of the club. `even_during`: also while a period is played; `quiet`: when it is quiet.
create table live.notice_choice (
    person_id uuid not null,
    event_id uuid,
    kinds text[] not null check (kinds <@ array['goals', 'periods', 'replays', 'ground']),
    even_during text[] not null check (even_during <@ kinds),
    quiet text not null check (quiet in ('inside', 'always', 'never')),
    unique nulls not distinct (person_id, event_id)
);

-- Up to where a feed was told to those who asked: all entries up to `number`, and the next one to persons up to `after`.
create table live.noticed (
    event_id uuid primary key,
    number integer not null default 0,
    after uuid
);

-- What was told to somebody of an entry, or is held for the end of the period that is played.
create table live.notice (
    event_id uuid not null,
    person_id uuid not null,
    number integer not null,
    held boolean not null,
    at timestamptz not null,
    primary key (event_id, person_id, number)
);
create index notice_number on live.notice (event_id, number, person_id);
create index notice_time on live.notice (at);

-- How a gate or an outlet was seen last, since when, and what was told of it last.
create table live.place_seen (
    event_id uuid not null,
    place text not null check (place in ('gate', 'outlet')),
    code text not null,
    state text not null,
    since timestamptz not null,
    told text not null,
    primary key (event_id, place, code)
);
