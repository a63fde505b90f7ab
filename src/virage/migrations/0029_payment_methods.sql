-- Means of payment that the provider keeps: we know them by an id that we made, and what it lets us show of them.

-- `state` goes from open to saved or failed, and from
-- anywhere to forgetting, until the provider has said that it is gone.
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
