-- Who enters by accreditation: staff, players, press and contractors, with the same pass as everybody. Its subject is the
-- accreditation's id. The words about a person are null once they are erased.
create table access.accreditation (
    id uuid primary key,
    event_id uuid not null,
    kind text not null check (kind in ('staff', 'players', 'press', 'contractor')),
    name text,
    email text,
    pass_number bigint,
    added_at timestamptz not null,
    added_by uuid,
    revoked_at timestamptz,
    check (name is not null or (email is null and revoked_at is not null))
);
create index accreditation_event on access.accreditation (event_id, added_at);
create index accreditation_email on access.accreditation (email) where email is not null;
