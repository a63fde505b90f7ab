-- baseline: people: fans, staff and API clients, with sessions, roles, devices, emails and push subscriptions.
create schema people;

create table people.person (
    id uuid primary key,
    email text unique,  -- as identity/people/rules/addresses.py spells it; null after erasure
    name text,
    locale text not null check (locale in ('fr', 'en')),
    joined_at timestamptz not null,
    erased_at timestamptz,
    check ((erased_at is null) = (email is not null)),
    check (erased_at is null or name is null)
);

-- A browser, a guest's until a person signs in. `guest_session_id` finds the basket held before the sign-in.
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
    role text not null constraint role_grant_role_check check (
        role in (
            'admin', 'programme', 'box_office', 'finance', 'steward', 'supervisor', 'cashier', 'kitchen',
            'match_desk', 'media_desk', 'moderator', 'describer'
        )
    ),
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

-- An API client. Its token has roles, never more than its creator's.
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

-- Sign-in codes: one per address and browser, and one per address that is valid in any browser. An address without a
-- code gets a decoy at the first try, so that answers do not tell which addresses asked for one.
create table people.sign_in_code (
    address_key bytea primary key,
    code_hash bytea not null,
    locale text not null,
    tries bigint not null,
    expires_at timestamptz not null
);
comment on table people.sign_in_code is
'A code of an address in the browser that asked for it, or (the key ends in 32 bytes ff) in whichever browser; where nobody asked, a decoy from the first try on.';
comment on column people.sign_in_code.address_key is
'The HMAC of the address, then that of the browser.';

-- Recent requests for codes by address, by device and by both; keys are HMACs.
create table people.pace (
    key bytea primary key,
    most bigint not null,
    times timestamptz[] not null,
    last_at timestamptz not null
);

-- Wrong short codes tried at an address within the last day; keys are HMACs.
create table people.wrong_code (
    address_key bytea primary key,
    times timestamptz[] not null,
    last_at timestamptz not null
);

-- Budget of sign-in emails to addresses without an account: when the next one may go, and how many were not sent.
create table people.newcomer_budget (
    singleton boolean primary key default true check (singleton),
    free_at timestamptz not null,
    unsent bigint not null
);
insert into people.newcomer_budget (free_at, unsent) values ('epoch', 0);

-- The same limit by the network that asks. Keys are HMACs; rows of networks that have not asked lately are deleted.
create table people.newcomer_network (
    key bytea primary key,
    free_at timestamptz not null
);

-- A pairing code that waits for its device. `handle`, its first part, finds it; of the second part there is an HMAC.
create table people.pairing (
    id uuid primary key,
    handle text not null unique,
    secret_hash bytea not null,
    misses integer not null default 0,
    name text not null,
    kind text not null check (kind in ('phone', 'lane', 'till')),
    -- `posts` was named `gates` before 0.1.0; its constraints keep that name, here and in `device`.
    posts text[] constraint pairing_gates_not_null not null
    constraint pairing_gates_check check (cardinality(posts) > 0),
    opened_at timestamptz not null,
    opened_by uuid not null references people.person (id),
    expires_at timestamptz not null
);
create index pairing_end on people.pairing (expires_at);
create index pairing_from on people.pairing (opened_by);

-- A steward's phone, a lane reader or a till. `posts` are codes of outlets for a till, and codes of gates or letters of
-- gate groups for other devices. A revoked device stays for the record. Persons are named without a foreign key: a
-- pairing must not wait for a transaction that holds its supervisor's row and waits for the pairing code.
create table people.device (
    id uuid primary key,
    pairing_id uuid not null unique,
    token_hash bytea not null unique,
    name text not null,
    kind text not null check (kind in ('phone', 'lane', 'till')),
    public_key jsonb not null,
    posts text[] constraint device_gates_not_null not null
    constraint device_gates_check check (cardinality(posts) > 0),
    paired_at timestamptz not null,
    paired_by uuid not null,
    last_seen_at timestamptz not null,
    revoked_at timestamptz,
    revoked_by uuid,
    check ((revoked_at is null) = (revoked_by is null))
);
create index device_pairer on people.device (paired_by);

-- Verifier of a PIN, for devices without network: PBKDF2-HMAC-SHA256.
create table people.pin (
    person_id uuid primary key references people.person (id),
    salt bytea not null,
    iterations integer not null,
    verifier bytea not null,
    set_at timestamptz not null
);

-- A browser's push subscription. It ends with its session: by sign-out, erasure or time. `vapid` is the public key of
-- the deployment that the browser subscribed with; messages to it are signed with that key.
create table people.push_subscription (
    id uuid primary key,
    session_id uuid not null references people.session (id) on delete cascade,
    endpoint text not null unique,
    p256dh bytea not null check (length(p256dh) = 65),
    auth bytea not null check (length(auth) = 16),
    vapid bytea not null check (length(vapid) = 65),
    subscribed_at timestamptz not null
);
create index push_subscription_session on people.push_subscription (session_id);

-- Highest corrected revision of a topic of push messages: a message with a lower one is not sent, however late its job
-- runs.
create table people.push_topic (
    topic uuid primary key,
    revision integer not null check (revision > 0),
    expires_at timestamptz not null
);

-- Emails and their delivery. Texts are not stored: a job renders them when it sends.
create table people.letter (
    id uuid primary key,
    kind text not null,
    subject_id uuid not null,  -- what it is about: a refund, a payment, a change of an event, an order
    about_id uuid,  -- the order whose page lists it
    person_id uuid,  -- its addressee; without one, the recipient is given
    resend_of uuid,
    locale text not null,  -- BCP 47
    recipient bytea,  -- sealed; deleted when the person is erased
    address_key bytea,
    secret bytea,  -- sealed: codes and links; deleted once the email is sent
    was_at timestamptz,  -- the old time of a kick-off that was moved
    state text not null check (state in ('queued', 'sent', 'delivered', 'bounced')),
    reason text,
    queued_at timestamptz not null,
    state_at timestamptz not null,
    expires_at timestamptz
);
-- An event writes one email, however often its act or its job is repeated.
create unique index letter_once on people.letter (kind, subject_id, about_id)
where resend_of is null and about_id is not null;
create index letter_about on people.letter (about_id) where about_id is not null;
create index letter_of_person on people.letter (person_id) where person_id is not null;
create index letter_to on people.letter (address_key) where address_key is not null;
create index letter_queued_at on people.letter (queued_at);
create index letter_in_state on people.letter (state, id);

-- Addresses that mail servers refused permanently: no email is sent to them until the office releases them.
create table people.blocked_address (
    address_key bytea primary key,
    recipient bytea not null,  -- sealed
    letter_id uuid not null,
    reason text not null,
    since timestamptz not null
);

-- The demonstration's mailbox, which stands in for a mail server.
create table people.mailbox (
    id uuid primary key,
    recipient text not null,
    subject text not null,
    body text not null,
    arrived_at timestamptz not null,
    html text
);

create table people.mailbox_file (
    letter_id uuid not null references people.mailbox (id) on delete cascade,
    position integer not null,
    name text not null,
    media_type text not null,
    content bytea not null,
    primary key (letter_id, position)
);
