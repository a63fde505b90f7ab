-- baseline: the fiscal journal: records in the bytes that tills signed, with the server's anchors and closings.
create schema fiscal;

-- A record of a till. Training records have numbers of their own. `sums` are the record's totals, read from its bytes;
-- `defect` says which of them do not add up. `hash` is the SHA-256 of the bytes. Tills make the ids of their records,
-- so an id is unique per till only: a till cannot block an id that another one printed on a receipt.
create table fiscal.record (
    device_id uuid not null,
    training boolean not null,
    number bigint not null check (number > 0),
    id uuid not null,
    kind text not null check (kind in (
        'sale', 'refund', 'reprint', 'shift_opened', 'shift_counted', 'shift_closed', 'day_closed', 'training_sale',
        'training_refund'
    )),
    at timestamptz not null,
    received_at timestamptz not null,
    outlet text not null,
    event_id uuid,
    cashier uuid not null,
    total_cents bigint not null,
    sums jsonb not null,
    defect text,
    hash bytea not null check (length(hash) = 32),
    body bytea not null,
    signature bytea not null check (length(signature) = 64),
    primary key (device_id, training, number),
    constraint record_id_of_till unique (device_id, id)
);
-- The records of shifts are few among the sales.
create index record_shift on fiscal.record (device_id, number)
where kind in ('shift_opened', 'shift_counted', 'shift_closed');
create index record_shift_opened on fiscal.record (at) where kind = 'shift_opened';
create trigger record_is_append_only before update or delete or truncate on fiscal.record
for each statement execute function kernel.refuse_change();

-- The last record of each chain; a transaction that extends a chain locks its row.
create table fiscal.till_head (
    device_id uuid not null,
    training boolean not null,
    number bigint not null default 0,
    hash bytea not null default decode(repeat('00', 32), 'hex'),
    primary key (device_id, training)
) with (fillfactor = 70);

-- The head of a till as the server knew it after each upload: a chain of its own. `hash` is that of the record,
-- `own_hash` that of the anchor.
create table fiscal.anchor (
    device_id uuid not null,
    sequence bigint not null,
    number bigint not null,
    hash bytea not null,
    at timestamptz not null,
    previous bytea not null,
    own_hash bytea not null,
    primary key (device_id, sequence)
);
create trigger anchor_is_append_only before update or delete or truncate on fiscal.anchor
for each statement execute function kernel.refuse_change();

-- Closings of tills (by id) and outlets (by code), in the bytes that the server signed.
create table fiscal.closing (
    subject text not null check (subject in ('till', 'outlet')),
    subject_id text not null,
    period text not null check (period in ('day', 'month', 'year')),
    sequence bigint not null,
    starts_on date not null,
    body bytea not null,
    kid bytea not null,
    signature bytea not null,
    primary key (subject, subject_id, period, sequence),
    unique (subject, subject_id, period, starts_on)
);
create index closing_of_period on fiscal.closing (period, starts_on);
create trigger closing_is_append_only before update or delete or truncate on fiscal.closing
for each statement execute function kernel.refuse_change();

-- For domains above: the records, the heads of the chains, and what the server knew after each upload.
create view fiscal.public_record as
select device_id, training, number, id, kind, at, received_at, outlet, event_id, cashier, total_cents, sums, body
from fiscal.record;

create view fiscal.public_till_head as select device_id, training, number, hash from fiscal.till_head;

create view fiscal.public_anchor as select device_id, sequence, number, at from fiscal.anchor;
