-- The media desk: clips that wait for a second pair of eyes, moments that the crowd suggests.

-- `published_at` is null until a clip is shown for the first time. `marked_by` is null for what a rule marked.
-- `entry`: the entry of the feed that tells of it, null while it is not shown. Whoever reads clips is stopped and started
-- anew with a migration, so a null finds nobody who does not know it.
-- squawk-ignore ban-drop-not-null
alter table replay.clip alter column published_at drop not null;
alter table replay.clip add column marked_by uuid;
alter table replay.clip add column entry integer;
update replay.clip set entry = (
    select max(told.number) from live.entry as told
    where told.event_id = clip.event_id and told.told ->> 'kind' = 'replay'
        and told.told ->> 'clip_id' = clip.id::text
)
where withdrawn_at is null;

-- How an event's clips are released: at once, or by somebody other than who marked them.
create table replay.desk (
    event_id uuid primary key,
    four_eyes boolean not null default false
);

-- A moment that the crowd wants to see again. `strength`: by how many tenths of a decibel a roar stood out, or how many
-- tapped. It is open until somebody dismisses it or a clip shows it.
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

-- How many asked to see something again, by second and by the process that they asked, and how many follow the match there.
create table replay.tap (
    event_id uuid not null,
    second timestamptz not null,
    process uuid not null,
    taps integer not null,
    watching integer not null,
    primary key (event_id, second, process)
);
