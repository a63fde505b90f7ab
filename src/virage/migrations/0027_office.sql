-- What the office asks of food and money: figures of what tills sold, concessionaires and their terms.

-- Up to which record a till's chain is in the figures. Whoever adds records of a till holds its row.
create table concessions.figures_head (
    device_id uuid primary key,
    number bigint not null default 0
) with (fillfactor = 70);

-- What a till sold of a product in a minute at one rate: read out of the records, and made again from them at any time.
-- No product: what the lines of a record do not explain of its totals. One process alone writes here.
create table concessions.figure (
    device_id uuid not null,
    event_id uuid,
    product_id uuid,
    minute timestamptz not null,
    quantity bigint not null,
    gross_cents bigint not null,
    vat_cents bigint not null,
    refund_cents bigint not null,
    vat_permille integer not null,
    outlet text not null,
    unique nulls not distinct (minute, device_id, outlet, product_id, vat_permille, event_id)
) with (fillfactor = 90);
create index figure_event on concessions.figure (event_id, minute) where event_id is not null;

-- How many sales and refunds a till wrote in a minute, and their tips.
create table concessions.receipt_figure (
    device_id uuid not null,
    event_id uuid,
    minute timestamptz not null,
    sales bigint not null,
    refunds bigint not null,
    tip_cents bigint not null,
    outlet text not null,
    unique nulls not distinct (minute, device_id, outlet, event_id)
) with (fillfactor = 90);

-- The records that make up shifts are few among the sales.
-- A house that upgrades has some ten thousand records, and the migration its four seconds.
-- squawk-ignore require-concurrent-index-creation
create index record_shift on concessions.record (device_id, number)
where kind in ('shift_opened', 'shift_counted', 'shift_closed');
-- squawk-ignore require-concurrent-index-creation
create index record_shift_opened on concessions.record (at) where kind = 'shift_opened';

-- Who runs outlets of the ground in their own name.
create table concessions.concessionaire (
    id uuid primary key,
    name text not null,
    address text not null,
    vat_number text not null,
    commission_vat_permille integer not null check (commission_vat_permille between 0 and 1000),
    revision integer not null default 1,
    changed_at timestamptz not null,
    changed_by uuid
);

-- From when to when, both days in it, somebody runs an outlet. No outlet has two on one day: ranges of days may not
-- overlap where the outlet is the same one. GiST knows no text; a code of eight letters is its 64-bit hash.
create table concessions.terms (
    id uuid primary key,
    concessionaire_id uuid not null references concessions.concessionaire (id),
    outlet text not null,
    starts_on date not null,
    ends_on date,
    commission_permille integer not null check (commission_permille between 0 and 1000),
    entered_at timestamptz not null,
    entered_by uuid,
    constraint terms_in_order check (ends_on >= starts_on),
    constraint terms_apart exclude using gist (
        int8range(hashtextextended(outlet, 0), hashtextextended(outlet, 0), '[]') with &&,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
create index terms_concessionaire on concessions.terms (concessionaire_id);

-- What moved on which account, for domains above that keep other books: one row a side.
create view wallet.public_posting as
select transfer.id, transfer.subject, transfer.purpose, transfer.at, account.kind, account.key, side.cents
from wallet.transfer
cross join lateral (values (debit_id, -cents), (credit_id, cents)) as side (account_id, cents)
inner join wallet.account on account.id = side.account_id
where transfer.step in ('post', 'capture');

-- Rows come in the order of their time: a few bytes a range of pages find a month, at no cost an insert.
-- squawk-ignore require-concurrent-index-creation
create index transfer_at on wallet.transfer using brin (at) with (pages_per_range = 32, autosummarize = on);
