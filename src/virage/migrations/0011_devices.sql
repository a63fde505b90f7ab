-- Devices at the gates, how they are paired, and the PINs that stewards sign in with on them.

-- Whoever runs the gates: pairs devices, sees the flow, corrects and overrules. The old constraint
-- goes for one that allows more, and is checked at once: the table holds a few hundred rows.
-- squawk-ignore ban-drop-constraint
alter table people.role_grant drop constraint role_grant_role_check;
-- squawk-ignore constraint-missing-not-valid
alter table people.role_grant add constraint role_grant_role_check check (
    role in ('admin', 'programme', 'box_office', 'finance', 'steward', 'supervisor', 'cashier')
);

-- A code that waits for its device. `handle`, its first part, finds it; of the second part there is an HMAC.
create table people.pairing (
    id uuid primary key,
    handle text not null unique,
    secret_hash bytea not null,
    misses integer not null default 0,
    name text not null,
    kind text not null check (kind in ('phone', 'lane')),
    gates text[] not null check (cardinality(gates) > 0),
    opened_at timestamptz not null,
    opened_by uuid not null references people.person (id),
    expires_at timestamptz not null
);
create index pairing_end on people.pairing (expires_at);
create index pairing_from on people.pairing (opened_by);

-- A steward's phone or a lane reader. `gates` are codes of gates or letters of groups. A revoked one stays for the
-- record. Persons are named without a foreign key: a device that comes must not wait for whoever holds its supervisor's
-- row, who may wait for its code.
create table people.device (
    id uuid primary key,
    pairing_id uuid not null unique,
    token_hash bytea not null unique,
    name text not null,
    kind text not null check (kind in ('phone', 'lane')),
    public_key jsonb not null,
    gates text[] not null check (cardinality(gates) > 0),
    paired_at timestamptz not null,
    paired_by uuid not null,
    last_seen_at timestamptz not null,
    revoked_at timestamptz,
    revoked_by uuid,
    check ((revoked_at is null) = (revoked_by is null))
);
create index device_pairer on people.device (paired_by);

-- What a PIN is checked against where no network is: PBKDF2-HMAC-SHA256 of it.
create table people.pin (
    person_id uuid primary key references people.person (id),
    salt bytea not null,
    iterations integer not null,
    verifier bytea not null,
    set_at timestamptz not null
);
