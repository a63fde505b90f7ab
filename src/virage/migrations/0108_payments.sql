-- baseline: bank card payments through a provider, their refunds, and saved payment methods.
create schema payments;

-- A row is written three times (created, pending, captured) and no column that changes is indexed, so that all its
-- versions stay on one page (HOT); the fill factor leaves the room for them.
create table payments.payment (
    id uuid primary key,
    subject uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    settled_at timestamptz,
    amount_cents bigint not null check (amount_cents > 0),
    captured_cents bigint check (captured_cents > 0),
    refund_cents bigint not null default 0,
    purpose text not null,
    state text not null check (
        state in (
            'created', 'pending', 'captured', 'declined', 'cancelled', 'expired',
            'refunding', 'partly_refunded', 'refunded'
        )
    ),
    reason text,
    payment_url text,
    provider_ref text,
    constraint captured_has_money check (
        (captured_cents is not null) = (state in ('captured', 'refunding', 'partly_refunded', 'refunded'))
    ),
    constraint refunds_within_capture check (refund_cents between 0 and coalesce(captured_cents, 0))
) with (fillfactor = 30);
create index payment_subject on payments.payment (subject);
-- Rows come in the order of their creation: a few bytes per range of pages find the recent ones and cost an insert
-- nothing.
create index payment_created_at on payments.payment using brin (created_at)
with (pages_per_range = 32, autosummarize = on);

create table payments.refund (
    id uuid primary key,
    payment_id uuid not null references payments.payment (id),
    amount_cents bigint not null check (amount_cents > 0),
    created_at timestamptz not null,
    due_at timestamptz not null,
    done_at timestamptz,
    attempts bigint not null default 0,
    reason text
);
create index refund_payment on payments.refund (payment_id);
create index refund_due on payments.refund (due_at) where done_at is null;

-- Every payment created before `open_since` has ended: reconciliation looks no further back.
create table payments.watermark (
    only_row boolean primary key default true check (only_row),
    open_since timestamptz not null
);
insert into payments.watermark (open_since) values ('1970-01-01 00:00:00+00');

-- A payment method that the provider stores, with what the provider lets us show of it. Its state goes from open to
-- saved or failed, and from any state to forgetting, until the provider confirms that it is deleted.
create table payments.method (
    id uuid primary key,
    subject uuid not null,
    state text not null check (state in ('open', 'saved', 'failed', 'forgetting', 'forgotten')),
    label text,
    reason text,
    return_url text not null,
    page_url text,
    begun_at timestamptz not null,
    settled_at timestamptz
) with (fillfactor = 70);
create index method_subject on payments.method (subject);
create index method_unsettled on payments.method (begun_at) where state in ('open', 'forgetting');
