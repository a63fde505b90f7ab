-- expand: recovery of staff accounts that have a passkey.

-- A delayed recovery by email code of a staff account with a passkey. `cancel_hash` is of the code in the email.
create table people.recovery (
    id uuid primary key,
    person_id uuid not null references people.person (id),
    cancel_hash bytea not null unique,
    requested_at timestamptz not null,
    ready_at timestamptz not null,
    expires_at timestamptz not null,
    cancelled_at timestamptz,
    used_at timestamptz,
    check (requested_at < ready_at and ready_at < expires_at)
);
create unique index recovery_open on people.recovery (person_id) where cancelled_at is null and used_at is null;
create index recovery_of_person on people.recovery (person_id, requested_at);

-- Recovery codes that are left; keyed hashes.
create table people.recovery_code (
    person_id uuid not null references people.person (id),
    code_hash bytea not null,
    created_at timestamptz not null,
    primary key (person_id, code_hash)
);
