-- expand: an organiser's account may be replaced, and stays for what was paid on it.

-- A replaced account of an organiser, with what the provider last said of it, as in `payments.account`.
create table payments.former_account (
    ref text primary key,
    organiser_id uuid not null,
    begun_at timestamptz not null,
    begun_by uuid not null,
    replaced_at timestamptz not null,
    replaced_by uuid not null,
    may_charge boolean not null,
    may_pay_out boolean not null,
    requirements text[] not null,
    due_at timestamptz,
    disabled_reason text,
    read_at timestamptz,
    available_cents bigint,
    pending_cents bigint,
    negative_since timestamptz
);
