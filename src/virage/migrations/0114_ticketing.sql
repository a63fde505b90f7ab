-- baseline: ticketing: prices, seat inventory, orders, tickets, refunds.
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

-- Taken places. A row is inserted when the place is held and deleted when it is released; it never changes, and a place
-- without a row is free. Whether it is held or sold is the state of its order. There is no foreign key to the order: it
-- would cost a lookup per place in the busiest minute, and the order is written in the same transaction.
create table ticketing.claim (
    event_id uuid not null,
    place integer not null check (place >= 0),
    order_id uuid not null,
    primary key (event_id, place)
);

-- Each array has one entry per place. No column that changes is indexed, except a guest's owner at sign-in, so that
-- held, paying and paid are versions on one page (HOT); the fill factor leaves the room.
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
    returned_cents bigint not null default 0,  -- payments that came too late or twice, which go back
    constraint refunds_within_total check (refunded_cents between 0 and total_cents),
    constraint paid_has_time check (state not in ('paid', 'refunded') or paid_at is not null)
) with (fillfactor = 50);
create unique index orders_code on ticketing.orders (code);
create index orders_owner on ticketing.orders (owner_id);
create index orders_event on ticketing.orders (event_id, held_at);
-- Expiry reads the last half hour: a few bytes per range of pages find it and cost an insert nothing.
create index orders_held_at on ticketing.orders using brin (held_at) with (pages_per_range = 16, autosummarize = on);
-- Orders of guests: their owner is the session. Fans' orders are not in it and cost nothing. No column that changes is
-- in it, except the owner, which is indexed already.
create index orders_guest on ticketing.orders (event_id, held_at) where owner_id = session_id;

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

-- `reason` is a code.
create table ticketing.refund (
    id uuid primary key,
    order_id uuid not null references ticketing.orders (id),
    event_id uuid not null,
    asked_by uuid,
    asked_at timestamptz not null,
    amount_cents integer not null check (amount_cents >= 0),
    ticket_ids uuid[] not null,
    reason text not null default 'asked'
);
create index refund_order on ticketing.refund (order_id);
create index refund_event on ticketing.refund (event_id);

-- The code with which a fan moves a ticket to another phone: hashed, with few tries and a short life. `sent` has the
-- times of the last hour at which one was sent: each code has its own tries, so the number of codes is limited, too.
create table ticketing.rebind_code (
    ticket_id uuid primary key references ticketing.ticket (id),
    code_hash bytea not null,
    expires_at timestamptz not null,
    tries integer not null default 0,
    sent timestamptz[] not null default '{}'
);

-- Places of refunded tickets whose holders were inside: on sale again once the holder has left or the event is over.
create table ticketing.occupied_place (
    event_id uuid not null,
    place integer not null check (place >= 0),
    order_id uuid not null references ticketing.orders (id),
    ticket_id uuid not null references ticketing.ticket (id),
    primary key (event_id, place)
);

-- The version of the terms of sale that a buyer accepted before payment.
create table ticketing.accepted_terms (
    order_id uuid primary key references ticketing.orders (id),
    version_id uuid not null,
    accepted_at timestamptz not null
);

-- An order as queries return it: the columns are in the order of the fields of `OrderRow`.
create view ticketing.order_row as
select
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    refunded_cents, vat_permille, fee_vat_permille, held_at, expires_at, payment_id, paid_at, returned_cents
from ticketing.orders;
