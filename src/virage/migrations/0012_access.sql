-- The crossing: what each device scanned, where the bearer of each pass is, and what the ground says to its gates.
create schema access;

-- How a gate stands at an event, where it differs from the ground's plan. `extra_groups` are taken besides its own.
create table access.gate (
    event_id uuid not null,
    gate text not null,
    turnstile boolean not null default false,
    closed boolean not null default false,
    extra_groups text[] not null default '{}',
    primary key (event_id, gate)
);

-- Nobody more is let into the ground at all ("no entry").
create table access.closed_ground (
    event_id uuid primary key,
    since timestamptz not null
);

-- When the passes of an accreditation, known by their gate group, may cross.
create table access.pass_window (
    event_id uuid not null,
    gate_group text not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    primary key (event_id, gate_group),
    check (opens_at < closes_at)
);

-- A zone (a stand by its code, or a standing area) into which nobody more is let.
create table access.full_zone (
    event_id uuid not null,
    zone text not null,
    since timestamptz not null,
    primary key (event_id, zone)
);

-- One scan, as a device signed it. `number` is the device's own count: sent again, it is still one scan. `answer` is
-- what was answered, and is answered again.
create table access.scan (
    device_id uuid not null,
    number bigint not null,
    event_id uuid not null,
    gate text not null,
    kind text not null check (
        kind in ('ask', 'admitted', 'refused', 'passed', 'withdrawn', 'left', 'pulse')
    ),
    at timestamptz not null,
    received_at timestamptz not null,
    pass_number bigint,
    generation bigint,
    outcome text not null,
    reason text,
    override text,
    person_id uuid,
    lane text,
    count integer not null default 1 check (count between 0 and 10000),
    offline boolean not null,
    training boolean not null default false,
    answer jsonb not null,
    primary key (device_id, number)
);
create index scan_event on access.scan (event_id, received_at);
create index scan_pulse on access.scan (event_id, at) where kind = 'pulse';

-- The steps of passes through gates, from the scans that were no training: what presence is computed from.
create table access.crossing (
    event_id uuid not null,
    pass_number bigint not null,
    at timestamptz not null,
    device_id uuid not null,
    number bigint not null,
    step text not null check (step in ('admitted', 'passed', 'withdrawn', 'left')),
    gate text not null,
    primary key (event_id, pass_number, at, device_id, number)
);
create index crossing_time on access.crossing (event_id, at);

-- Where the bearer of a pass is: the fold of its crossings, and the highest generation that any gate has seen. `zone` is
-- the standing area of the pass, else the stand behind the gate; `steps` counts the crossings. `stale_step` is the last code out of its time window,
-- shown at `stale_at`: the next one is compared with it.
create table access.presence (
    event_id uuid not null,
    pass_number bigint not null,
    state text check (state in ('pending', 'inside', 'outside')),
    since timestamptz,
    gate text,
    pending_until timestamptz,
    generation bigint not null default 0,
    entries integer not null default 0,
    steps integer not null default 0,
    zone text,
    stale_step bigint,
    stale_at timestamptz,
    primary key (event_id, pass_number)
) with (fillfactor = 70);
create index presence_pending on access.presence (pending_until) where pending_until is not null;

-- What two gates both let in, with both scans. `gone_at` is set when a crossing that came later explains it.
create table access.duplicate (
    event_id uuid not null,
    pass_number bigint not null,
    first_device_id uuid not null,
    first_number bigint not null,
    second_device_id uuid not null,
    second_number bigint not null,
    found_at timestamptz not null,
    gone_at timestamptz,
    primary key (event_id, pass_number, second_device_id, second_number)
);

-- Who may not come in. The national file and the club's own are kept apart; each entry ends by itself, or is lifted. Then
-- its words are erased, and what remains is that there was one.
create table access.ban (
    id uuid primary key,
    file text not null check (file in ('national', 'club')),
    email text,
    name text,
    added_at timestamptz not null,
    added_by uuid,
    expires_at timestamptz not null,
    ended_at timestamptz,
    check ((ended_at is null) = (email is not null or name is not null))
);
create index ban_end on access.ban (expires_at) where ended_at is null;

-- A pass that a ban met: devices learn of it no more than to call the supervisor.
create table access.flag (
    event_id uuid not null,
    pass_number bigint not null,
    ban_id uuid not null references access.ban (id),
    flagged_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (event_id, pass_number, ban_id)
);
create index flag_ban on access.flag (ban_id);

-- Somebody came to a gate with a flagged pass.
create table access.ban_hit (
    ban_id uuid not null references access.ban (id),
    device_id uuid not null,
    number bigint not null,
    event_id uuid not null,
    pass_number bigint not null,
    at timestamptz not null,
    primary key (ban_id, device_id, number)
);
create index ban_hit_event on access.ban_hit (event_id, at);

-- A supervisor's correction of how many are in a zone: a fact of its own, never an edit.
create table access.correction (
    id uuid primary key,
    event_id uuid not null,
    zone text not null,
    people integer not null,
    reason text not null,
    corrected_at timestamptz not null,
    corrected_by uuid
);
create index correction_event on access.correction (event_id);

-- How each device said it was, last.
create table access.device_state (
    device_id uuid primary key,
    event_id uuid not null,
    gate text not null,
    heard_at timestamptz not null,
    clock_off_ms integer not null,
    backlog integer not null,
    battery_percent integer,
    offline_since timestamptz,
    pack_version text,
    person_id uuid
);
create index device_state_event on access.device_state (event_id);
