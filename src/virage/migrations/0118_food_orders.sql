-- baseline: order-ahead: kitchens, food orders, and the capacity that orders take.
create schema food_orders;

-- Capacity of an outlet, in pieces per station and five minutes, and its server-side till, which writes the sales of
-- its orders. A transaction that assigns capacity or numbers of an outlet locks its row.
create table food_orders.kitchen (
    outlet text primary key,
    till_id uuid not null unique,
    per_five_minutes jsonb not null,
    is_open boolean not null,
    delivers boolean not null,
    note text not null,
    last_number integer not null default 0,
    changed_at timestamptz not null,
    changed_by uuid
) with (fillfactor = 70);

-- A food order. `person_id` is null after erasure of its fan. Its money is in the wallet and bonus of `purse_id`, held
-- while the order is placed. `is_judged`: it is known whether the promised time was kept, and the compensation is paid.
create table food_orders.food_order (
    id uuid primary key,
    person_id uuid,
    purse_id uuid not null,
    event_id uuid not null,
    outlet text not null references food_orders.kitchen (outlet),
    number integer not null,
    request_digest bytea not null,
    version text not null,
    lines jsonb not null,
    vat jsonb not null,
    total_cents integer not null check (total_cents >= 0),
    bonus_cents integer not null check (bonus_cents between 0 and total_cents),
    state text not null check (state in (
        'placed', 'accepted', 'ready', 'handed_over', 'delivered', 'declined', 'cancelled', 'expired', 'refunded'
    )),
    placed_at timestamptz not null,
    promised_at timestamptz not null,
    accept_by timestamptz not null,
    deliver_to integer,
    delivery_s integer,
    pick_up_code text not null,
    code_misses integer not null default 0,
    accepted_at timestamptz,
    ready_at timestamptz,
    ended_at timestamptz,
    reason text,
    is_judged boolean not null default false,
    voucher_cents integer,
    check ((deliver_to is null) = (delivery_s is null))
);
create index food_order_person on food_orders.food_order (person_id, placed_at desc) where person_id is not null;
create index food_order_open on food_orders.food_order (outlet) where state in ('placed', 'accepted', 'ready');
create index food_order_waiting on food_orders.food_order (accept_by) where state = 'placed';
create index food_order_unjudged on food_orders.food_order (promised_at)
where not is_judged and accepted_at is not null;
create index food_order_event on food_orders.food_order (event_id, outlet);
create index food_order_placed on food_orders.food_order (placed_at);

-- Pieces that an order takes from five minutes of a station; deleted with an order that is not made.
create table food_orders.food_load (
    order_id uuid not null references food_orders.food_order (id),
    station text not null,
    starts_at timestamptz not null,
    outlet text not null,
    pieces integer not null check (pieces > 0),
    primary key (order_id, station, starts_at)
);
create index food_load_outlet on food_orders.food_load (outlet, starts_at);
