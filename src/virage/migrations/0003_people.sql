-- People: fans, staff and programs; their sessions, grants and letters.
create schema people;

create table people.person (
    id uuid primary key,
    email text unique,  -- as rules/addresses.py spells it; null once erased
    name text,
    locale text not null check (locale in ('fr', 'en')),
    joined_at timestamptz not null,
    erased_at timestamptz,
    check ((erased_at is null) = (email is not null)),
    check (erased_at is null or name is null)
);

-- A browser; a guest's until somebody signs in. A basket held before signing in is found by guest_session_id.
create table people.session (
    id uuid primary key,
    token_hash bytea not null unique,
    person_id uuid references people.person (id),
    guest_session_id uuid,
    device text not null,
    opened_at timestamptz not null,
    authenticated_at timestamptz,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null,
    check ((person_id is null) = (authenticated_at is null))
);
create index session_of_person on people.session (person_id) where person_id is not null;
create index session_end on people.session (expires_at);

create table people.role_grant (
    id uuid primary key,
    person_id uuid not null references people.person (id),
    role text not null check (role in ('admin', 'programme', 'box_office', 'finance', 'steward', 'cashier')),
    scope text not null check (scope in ('all', 'organiser', 'event', 'gate', 'outlet')),
    scope_id text,
    granted_by uuid,
    granted_at timestamptz not null,
    check ((scope = 'all') = (scope_id is null)),
    unique nulls not distinct (person_id, role, scope, scope_id)
);

create table people.invitation (
    id uuid primary key,
    code_hash bytea not null unique,
    email text not null,
    role text not null,
    scope text not null,
    scope_id text,
    invited_by uuid,
    invited_at timestamptz not null,
    expires_at timestamptz not null
);
create index invitation_to on people.invitation (email);
create index invitation_from on people.invitation (invited_by);

-- A program's access: the roles of its token, never more than its creator's.
create table people.program (
    id uuid primary key,
    token_hash bytea not null unique,
    name text not null,
    grants jsonb not null,
    created_by uuid not null references people.person (id),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz
);
create index program_of_person on people.program (created_by);

-- One live code an address; an address that nobody asked a code for gets a decoy at the first try.
create table people.sign_in_code (
    address_key bytea primary key,
    code_hash bytea not null,
    locale text not null,
    tries bigint not null,
    expires_at timestamptz not null
);

-- When codes were asked for lately, by address, by device and by both; keys are HMACs.
create table people.pace (
    key bytea primary key,
    most bigint not null,
    times timestamptz[] not null,
    last_at timestamptz not null
);

-- Letters on their way, sealed; a letter that was sent leaves no row.
create table people.mail (
    id uuid primary key,
    address_key bytea not null,
    sealed bytea not null,
    expires_at timestamptz not null
);
create index mail_to on people.mail (address_key);
create index mail_end on people.mail (expires_at);

-- The demonstration's mailbox: what would have been sent if there were a mail server.
create table people.mailbox (
    id uuid primary key,
    recipient text not null,
    subject text not null,
    body text not null,
    arrived_at timestamptz not null
);
