-- Live: what happened, entry by entry, numbered without gaps for each event. An entry is never changed.
create schema live;

create table live.feed (
    event_id uuid primary key,
    head integer not null default 0 check (head >= 0),  -- the number of its last entry
    teams jsonb,  -- who plays; null for what is no match
    revision integer not null default 0
);

-- `xid`: the transaction that wrote it, which is where its fact stands in the journal; streams resume by it.
create table live.entry (
    event_id uuid not null references live.feed (event_id),
    number integer not null check (number > 0),
    id uuid not null unique,
    at timestamptz not null,
    clock_s integer,
    told jsonb not null,
    who uuid,
    written_at timestamptz not null,
    xid xid8 not null default pg_current_xact_id(),
    primary key (event_id, number)
);

create trigger entry_never_changes before update or delete or truncate on live.entry
for each statement execute function kernel.refuse_change();

-- Who tells, and who shows it again. The old constraint goes for one that allows more, and is checked at once: the table
-- holds a few hundred rows.
-- squawk-ignore ban-drop-constraint
alter table people.role_grant drop constraint role_grant_role_check;
-- squawk-ignore constraint-missing-not-valid
alter table people.role_grant add constraint role_grant_role_check check (
    role in (
        'admin', 'programme', 'box_office', 'finance', 'steward', 'supervisor', 'cashier', 'kitchen', 'match_desk',
        'media_desk'
    )
);
