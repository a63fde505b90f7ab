-- baseline: the feed: entries of a match, match data of other systems, notices to fans.
create schema live;

create table live.feed (
    event_id uuid primary key,
    head integer not null default 0 check (head >= 0),  -- number of its last entry
    teams jsonb,  -- line-ups; null if the event is no match
    revision integer not null default 0
);

-- A feed entry, numbered without gaps per event. It never changes. `xid` is the transaction that wrote it, which is the
-- position of its fact in the journal; streams resume by it.
create table live.entry (
    event_id uuid not null references live.feed (event_id),
    number integer not null check (number > 0),
    id uuid not null unique,
    at timestamptz not null,
    clock_s integer,
    told jsonb not null,
    who uuid,
    written_at timestamptz not null,
    xid xid8 not null default kernel.xid(),
    primary key (event_id, number)
);
create trigger entry_never_changes before update or delete or truncate on live.entry
for each statement execute function kernel.refuse_change();

-- Match data of another system: its ids of the match, teams and players, with the line-up's name of each.
create table live.source (
    event_id uuid primary key references live.feed (event_id),
    known jsonb not null
);

-- One action of a player, under an id derived from its source; `kinds` are the statistics that it counts in. `blame`
-- says how strongly its player is the one whom the referee punished: events of the referee refer to it.
create table live.counted (
    event_id uuid not null,
    id uuid not null,
    side text not null check (side in ('home', 'away')),
    player integer,
    kinds text[] not null,
    blame integer not null default 0,
    primary key (event_id, id)
);

-- Last published statistics; `told_at` is null before the first publication.
create table live.stats (
    event_id uuid primary key,
    statistics jsonb not null,
    told_at timestamptz
);

-- Notices that a fan asked for: for one event, or for all of the club (null). Without a row none. A row of an event
-- overrides that of the club. `even_during`: also during play; `quiet`: where a fan gets no notices during play.
create table live.notice_choice (
    person_id uuid not null,
    event_id uuid,
    kinds text[] not null check (kinds <@ array['goals', 'periods', 'replays', 'ground']),
    even_during text[] not null check (even_during <@ kinds),
    quiet text not null check (quiet in ('inside', 'always', 'never')),
    unique nulls not distinct (person_id, event_id)
);

-- Progress of notices of a feed: entries up to `number` went to everyone, the next one to persons up to `after`.
create table live.noticed (
    event_id uuid primary key,
    number integer not null default 0,
    after uuid
);

-- A notice to a person, sent or held until the end of the period.
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

-- Last known state of a gate or an outlet, since when, and the state that was published last.
create table live.place_seen (
    event_id uuid not null,
    place text not null check (place in ('gate', 'outlet')),
    code text not null,
    state text not null,
    since timestamptz not null,
    told text not null,
    primary key (event_id, place, code)
);
