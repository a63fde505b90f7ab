-- expand: teams of an event, and their assignments to incidents.

-- `post` is a zone of the venue, `members` are accounts of the staff.
create table safety.team (
    id uuid primary key,
    event_id uuid not null references safety.log (event_id),
    code text not null,
    name text not null,
    kind text not null,
    post text,
    on_duty boolean not null default true,
    members uuid [] not null,
    created_at timestamptz not null,
    unique (event_id, code)
);
create index team_of_member on safety.team using gin (members);

create table safety.assignment (
    id uuid primary key,
    event_id uuid not null references safety.log (event_id),
    incident_id uuid not null references safety.incident (id),
    team_id uuid not null references safety.team (id),
    assigned_at timestamptz not null,
    accepted_at timestamptz,
    on_the_way_at timestamptz,
    arrived_at timestamptz,
    ended_at timestamptz,
    ended_by text,
    reason text,
    check ((ended_at is null) = (ended_by is null))
);
-- A team is at one incident at a time.
create unique index open_assignment_of_team on safety.assignment (team_id) where ended_at is null;
create index assignment_of_team on safety.assignment (team_id, arrived_at desc);
create index assignment_of_incident on safety.assignment (incident_id, assigned_at);
create index open_assignment_of_event on safety.assignment (event_id) where ended_at is null;
