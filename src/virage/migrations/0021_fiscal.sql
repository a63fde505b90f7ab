-- The fiscal chain: what tills wrote, in the bytes that they signed, and what the server anchored and closed of it.

-- One record. Each till counts its own, and its rehearsals apart. `sums` are what the record comes to, read out of its
-- bytes; `defect` is what does not add up in it. `hash` is the SHA-256 of the bytes.
create table concessions.record (
    device_id uuid not null,
    training boolean not null,
    number bigint not null check (number > 0),
    id uuid not null unique,
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
    primary key (device_id, training, number)
);
create trigger record_is_append_only before update or delete or truncate on concessions.record
for each statement execute function kernel.refuse_change();

-- The last record of each chain: who continues one holds its row.
create table concessions.till_head (
    device_id uuid not null,
    training boolean not null,
    number bigint not null default 0,
    hash bytea not null default decode(repeat('00', 32), 'hex'),
    primary key (device_id, training)
) with (fillfactor = 70);

-- What the server knew of a till's head, after each upload: a chain of its own. `hash` is the record's, `own_hash` the
-- anchor's.
create table concessions.anchor (
    device_id uuid not null,
    sequence bigint not null,
    number bigint not null,
    hash bytea not null,
    at timestamptz not null,
    previous bytea not null,
    own_hash bytea not null,
    primary key (device_id, sequence)
);
create trigger anchor_is_append_only before update or delete or truncate on concessions.anchor
for each statement execute function kernel.refuse_change();

-- Closings of tills (by id) and of outlets (by code), in the bytes that the server signed.
create table concessions.closing (
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
create index closing_of_period on concessions.closing (period, starts_on);
create trigger closing_is_append_only before update or delete or truncate on concessions.closing
for each statement execute function kernel.refuse_change();
