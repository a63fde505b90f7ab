-- expand: people who would get a ticket by a transfer and match a ban: a supervisor decides.

-- `subject` is what the person would get, the id of a transfer; `name` the name that they gave, erased with the person.
-- Until `allowed` the person does not get it.
create table access.ban_review (
    ban_id uuid not null references access.ban (id),
    subject uuid not null,
    person_id uuid not null,
    event_id uuid not null,
    name text,
    at timestamptz not null,
    decided_at timestamptz,
    decided_by uuid,
    allowed boolean not null default false,
    primary key (subject, person_id, ban_id)
);
create index ban_review_at on access.ban_review (at desc);
create index ban_review_person on access.ban_review (person_id);
