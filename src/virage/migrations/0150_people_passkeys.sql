-- expand: passkeys of fans and staff.

-- The opaque handle of a person at their authenticators (WebAuthn, user.id). It says nothing about the person.
create table people.passkey_user (
    person_id uuid primary key references people.person (id),
    handle bytea not null unique check (length(handle) = 32)
);

-- `public_key` is a COSE_Key (RFC 9052, 7). A passkey with a counter that went back is disabled: it was copied.
create table people.passkey (
    id uuid primary key,
    person_id uuid not null references people.person (id),
    credential_id bytea not null unique check (length(credential_id) between 1 and 1023),
    public_key bytea not null,
    sign_count bigint not null check (sign_count >= 0),
    transports text[] not null,
    aaguid uuid not null,
    backed_up boolean not null,
    name text not null,
    created_at timestamptz not null,
    last_used_at timestamptz,
    disabled_at timestamptz,
    disabled_reason text check (disabled_reason in ('cloned')),
    check ((disabled_at is null) = (disabled_reason is null))
);
create index passkey_of_person on people.passkey (person_id);

-- Challenges that a valid signature used up. Open challenges are sealed, not stored.
create table people.used_challenge (
    challenge_hash bytea primary key,
    expires_at timestamptz not null
);
