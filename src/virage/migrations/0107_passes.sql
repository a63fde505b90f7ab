-- baseline: signed passes and the phones that they are bound to.
create schema passes;

-- Number of passes that an event has issued; the next one has the next number.
create table passes.counter (
    event_id uuid primary key,
    issued bigint not null
) with (fillfactor = 10);

-- `subject` is the ticket or accreditation that the pass was issued for; this domain does not know which. No column
-- that changes is indexed, so that a binding stays on its page (HOT). Until its owner opens it a pass is neither bound
-- nor printed.
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
