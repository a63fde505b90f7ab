-- Food ordered by phone, and the kitchens that make it.

-- Who works in a kitchen. The old constraint goes for one that allows more, and is checked at once: the table holds a
-- few hundred rows.
-- squawk-ignore ban-drop-constraint
alter table people.role_grant drop constraint role_grant_role_check;
-- squawk-ignore constraint-missing-not-valid
alter table people.role_grant add constraint role_grant_role_check check (
    role in ('admin', 'programme', 'box_office', 'finance', 'steward', 'supervisor', 'cashier', 'kitchen')
);

-- What an outlet says that it can make, by station in pieces every five minutes, and its till of the house, which
-- writes the sales of its orders. Whoever gives out capacity or numbers of an outlet holds its row.
create table concessions.kitchen (
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

-- An order. `person_id` is null once its fan is erased. Its money is on the purse and the bonus of `purse_id`, held while
-- it is placed. `is_judged`: whether its promise was kept is known, and what the house gives for it was given.
create table concessions.food_order (
    id uuid primary key,
    person_id uuid,
    purse_id uuid not null,
    event_id uuid not null,
    outlet text not null references concessions.kitchen (outlet),
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
create index food_order_person on concessions.food_order (person_id, placed_at desc) where person_id is not null;
create index food_order_open on concessions.food_order (outlet) where state in ('placed', 'accepted', 'ready');
create index food_order_waiting on concessions.food_order (accept_by) where state = 'placed';
create index food_order_unjudged on concessions.food_order (promised_at)
where not is_judged and accepted_at is not null;
create index food_order_event on concessions.food_order (event_id, outlet);
create index food_order_placed on concessions.food_order (placed_at);

-- The pieces that an order takes out of five minutes of a station; gone with an order that is not made.
create table concessions.food_load (
    order_id uuid not null references concessions.food_order (id),
    station text not null,
    starts_at timestamptz not null,
    outlet text not null,
    pieces integer not null check (pieces > 0),
    primary key (order_id, station, starts_at)
);
create index food_load_outlet on concessions.food_load (outlet, starts_at);
