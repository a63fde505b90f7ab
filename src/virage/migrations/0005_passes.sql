-- Signed passes: who may claim which place, by which phone; one signing key an event.

create schema passes;

-- The event's Ed25519 key. `sealed` is the private half under a key derived from VIRAGE_SECRET, bound to the event's id.
create table passes.signing_key (
    event_id uuid primary key,
    kid bytea not null unique check (length(kid) = 4),
    public bytea not null check (length(public) = 32),
    sealed bytea not null,
    created_at timestamptz not null
);

-- How many passes an event has issued: the next dense number.
create table passes.counter (
    event_id uuid primary key,
    issued bigint not null
) with (fillfactor = 10);

-- `subject` is whatever the pass was issued for; passes do not know what that is. What changes is in no index, so that a
-- binding stays on its page (HOT). A row is neither bound nor printed until its owner opens it.
create table passes.pass (
    subject uuid primary key,
    event_id uuid not null,
    not_before timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    entered_at timestamptz,
    number bigint not null,
    place bigint not null,
    generation bigint not null default 0 check (generation between 0 and 23),
    rebinds bigint not null default 0,
    printed boolean not null default false,
    gate_group text not null,
    holder bytea,
    unique (event_id, number),
    constraint paper_has_no_holder check (not printed or holder is null),
    constraint validity_is_a_time check (not_before < expires_at)
) with (fillfactor = 80);
