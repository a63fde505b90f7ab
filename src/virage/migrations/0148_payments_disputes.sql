-- expand: disputes of payments, as the provider reports them.
create table payments.dispute (
    id uuid primary key,
    payment_id uuid not null references payments.payment (id),
    provider_ref text not null unique,
    amount_cents bigint not null check (amount_cents > 0),
    reason text not null,
    state text not null check (state in ('needs_response', 'under_review', 'won', 'lost')),
    is_inquiry boolean not null,
    opened_at timestamptz not null,
    due_at timestamptz,
    closed_at timestamptz,
    check ((closed_at is not null) = (state in ('won', 'lost')))
);
create index dispute_of_payment on payments.dispute (payment_id);
