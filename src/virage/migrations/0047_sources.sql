-- What other systems tell of a match: whom their ids mean, what is counted of it, what of that was told.
create table live.source (
    event_id uuid primary key references live.feed (event_id),
    known jsonb not null  -- their ids of the match, of its teams and players, and who each is in the line-ups
);

-- One row for each thing that a player did, under the id that its source derives; `kinds`: as what it counts.
create table live.counted (
    event_id uuid not null,
    id uuid not null,
    side text not null check (side in ('home', 'away')),
    player integer,
    kinds text[] not null,
    primary key (event_id, id)
);

-- What was told last of it; `told_at` null: nothing yet.
create table live.stats (
    event_id uuid primary key,
    statistics jsonb not null,
    told_at timestamptz
);
