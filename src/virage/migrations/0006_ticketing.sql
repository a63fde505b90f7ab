-- The right to a place: prices, claims, orders, tickets, refunds.
create schema ticketing;

create table ticketing.pricing (
    event_id uuid primary key,
    fee_cents integer not null check (fee_cents >= 0),
    vat_permille integer not null check (vat_permille between 0 and 999),
    fee_vat_permille integer not null check (fee_vat_permille between 0 and 999),
    changed_at timestamptz not null
);

create table ticketing.category (
    event_id uuid not null references ticketing.pricing (event_id),
    id uuid not null,
    position integer not null,
    name jsonb not null,
    colour text not null,
    full_cents integer not null check (full_cents >= 0),
    child_cents integer not null check (child_cents >= 0),
    reduced_cents integer not null check (reduced_cents >= 0),
    access_cents integer not null check (access_cents >= 0),
    primary key (event_id, id)
);

create table ticketing.block_category (
    event_id uuid not null,
    block text not null,
    category_id uuid not null,
    primary key (event_id, block),
    foreign key (event_id, category_id) references ticketing.category (event_id, id)
);

create table ticketing.area_category (
    event_id uuid not null,
    area text not null,
    category_id uuid not null,
    capacity integer not null check (capacity >= 0),
    primary key (event_id, area),
    foreign key (event_id, category_id) references ticketing.category (event_id, id)
);

-- Who has a place. A row is inserted when the place is held and deleted when it is free again; it never changes, and
-- what is not here is free. Whether the hold still stands, or is sold, is a question to its order. There is no foreign
-- key to the order: it would cost a lookup a place in the busiest minute, and the order is written in the same transaction.
create table ticketing.claim (
    event_id uuid not null,
    place integer not null check (place >= 0),
    order_id uuid not null,
    primary key (event_id, place)
);

-- One entry a place in each of the arrays. No column that changes is indexed, but for a guest's owner at sign-in, so
-- that held, paying and paid are versions on one page (HOT); the fill factor leaves the room.
create table ticketing.orders (
    id uuid primary key,
    event_id uuid not null,
    owner_id uuid not null,
    session_id uuid,
    payment_id uuid,
    held_at timestamptz not null,
    expires_at timestamptz not null,
    paid_at timestamptz,
    fee_cents integer not null check (fee_cents >= 0),
    total_cents integer not null check (total_cents >= 0),
    refunded_cents integer not null default 0,
    vat_permille integer not null,
    fee_vat_permille integer not null,
    state text not null check (state in ('held', 'paying', 'paid', 'released', 'expired', 'refunded')),
    code text not null,
    places integer[] not null,
    tariffs integer[] not null,
    prices integer[] not null,
    ticket_ids uuid[] not null,
    constraint refunds_within_total check (refunded_cents between 0 and total_cents),
    constraint paid_has_time check (state not in ('paid', 'refunded') or paid_at is not null)
) with (fillfactor = 50);

create unique index orders_code on ticketing.orders (code);
create index orders_owner on ticketing.orders (owner_id);
create index orders_event on ticketing.orders (event_id, held_at);
-- The expiry looks at the last half hour: a few bytes a range of pages find it, at no cost an insert.
create index orders_held_at on ticketing.orders using brin (held_at) with (pages_per_range = 16, autosummarize = on);

create table ticketing.ticket (
    id uuid primary key,
    order_id uuid not null,
    event_id uuid not null,
    refund_id uuid,
    place integer not null,
    tariff integer not null,
    price_cents integer not null,
    holder_name text
) with (fillfactor = 90);

create table ticketing.refund (
    id uuid primary key,
    order_id uuid not null references ticketing.orders (id),
    event_id uuid not null,
    asked_by uuid,
    asked_at timestamptz not null,
    amount_cents integer not null check (amount_cents >= 0),
    ticket_ids uuid[] not null
);

create index refund_order on ticketing.refund (order_id);
create index refund_event on ticketing.refund (event_id);

-- The code by which a fan moves a ticket to another phone: hashed, few tries, soon over.
create table ticketing.rebind_code (
    ticket_id uuid primary key references ticketing.ticket (id),
    code_hash bytea not null,
    expires_at timestamptz not null,
    tries integer not null default 0
);
