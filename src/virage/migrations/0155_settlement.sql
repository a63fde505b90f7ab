-- expand: payouts of the payment provider, their balance entries, bank statements, and unmatched items.
create schema settlement;

-- Payouts, entries, statements and lines change only under the lock of this row. Captures created before `looked_until`
-- and refunds done before it are either named by a payout or listed as missing.
create table settlement.progress (
    only_row boolean primary key default true check (only_row),
    looked_until timestamptz not null
);
insert into settlement.progress (looked_until) values ('1970-01-01 00:00:00+00');

-- A payout. `id` is made from `ref`, the provider's id. Entries are stored page by page: `entries_after` is the last one
-- that was stored, `fetched_at` the time when all were, `matched_at` the time when all were compared.
create table settlement.payout (
    id uuid primary key,
    ref text not null unique,
    amount_cents bigint not null,
    currency text not null,
    created_at timestamptz not null,
    arrives_on date not null,
    state text not null check (state in ('pending', 'in_transit', 'paid', 'failed', 'canceled')),
    listing text not null check (listing in ('ready', 'later', 'never')),
    reference text,
    descriptor text,
    failure text,
    entries_after text,
    fetched_at timestamptz,
    matched_at timestamptz,
    entry_count bigint not null default 0,
    gross_cents bigint not null default 0,
    fee_cents bigint not null default 0,
    refund_cents bigint not null default 0,
    dispute_cents bigint not null default 0,
    other_cents bigint not null default 0,
    net_cents bigint not null default 0,
    unexplained_cents bigint
);
create index payout_created_at on settlement.payout (created_at);
create index payout_amount on settlement.payout (amount_cents);

-- Balance entries by the provider's id. `verdict` is null until the entry is compared with our payments.
create table settlement.entry (
    id text primary key,
    payout_id uuid not null references settlement.payout (id),
    created_at timestamptz not null,
    payment_id uuid,
    refund_id uuid,
    amount_cents bigint not null,
    fee_cents bigint not null,
    net_cents bigint not null,
    kind text not null,
    category text not null,
    currency text not null,
    intent_ref text,
    source_ref text,
    verdict text
);
create index entry_payout on settlement.entry (payout_id, created_at, id);
create index entry_payment on settlement.entry (payment_id) where payment_id is not null;
create index entry_refund on settlement.entry (refund_id) where refund_id is not null;
create index entry_intent on settlement.entry (intent_ref) where intent_ref is not null;
create index entry_amount on settlement.entry (amount_cents);
create index entry_open on settlement.entry (payout_id) where verdict is null or verdict <> 'matched';
create unique index entry_one_charge on settlement.entry (payment_id) where kind = 'charge' and verdict = 'matched';

-- A bank account by IBAN or number, with the columns of its CSV files as a person chose them.
create table settlement.account (
    id text primary key,
    mapping jsonb
);

-- An imported statement. A file of camt.053 may contain several.
create table settlement.statement (
    id uuid primary key,
    account_id text not null references settlement.account (id),
    sha256 bytea not null,
    position bigint not null,
    format text not null check (format in ('camt053', 'csv')),
    file_name text not null,
    imported_at timestamptz not null,
    imported_by uuid,
    first_on date not null,
    last_on date not null,
    opening_cents bigint,
    closing_cents bigint,
    line_count bigint not null,
    new_count bigint not null,
    unique (sha256, position)
);
create index statement_imported_at on settlement.statement (imported_at);
create index statement_account on settlement.statement (account_id);

-- A line of a statement; a credit is positive. `key` is the same for a line of two overlapping files. A line concerns
-- the provider if it names it, or if it is matched.
create table settlement.line (
    id uuid primary key,
    key bytea not null unique,
    statement_id uuid not null references settlement.statement (id),
    account_id text not null references settlement.account (id),
    booked_on date not null,
    amount_cents bigint not null,
    currency text not null,
    text text not null,
    concerns boolean not null,
    payout_id uuid unique references settlement.payout (id),
    matched_by text check (matched_by in ('reference', 'amount', 'hand')),
    check ((payout_id is null) = (matched_by is null))
);
create index line_statement on settlement.line (statement_id);
create index line_free on settlement.line (booked_on) where payout_id is null;
create index line_amount on settlement.line (amount_cents);

-- What reconciliation could not explain, once per key. `resolution` is null while it is open.
create table settlement.item (
    id uuid primary key,
    key text not null unique,
    kind text not null,
    amount_cents bigint not null,
    expected_cents bigint,
    currency text not null,
    happened_at timestamptz not null,
    opened_at timestamptz not null,
    payout_id uuid,
    entry_id text,
    payment_id uuid,
    refund_id uuid,
    line_id uuid,
    assignee uuid,
    resolution text check (resolution in ('later', 'matched', 'explained', 'written_off')),
    resolved_at timestamptz,
    resolved_by uuid,
    matched_to text,
    check ((resolution is null) = (resolved_at is null))
);
create index item_open on settlement.item (opened_at) where resolution is null;
create index item_payout on settlement.item (payout_id) where payout_id is not null;
create index item_payment on settlement.item (payment_id) where payment_id is not null;
create index item_amount on settlement.item (amount_cents);

-- Notes of people on items. Their text is never in the journal.
create table settlement.note (
    id uuid primary key,
    item_id uuid not null references settlement.item (id),
    author uuid not null,
    written_at timestamptz not null,
    text text not null
);
create index note_item on settlement.note (item_id);
