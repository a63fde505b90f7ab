-- expand: packages are paid in instalments, from a saved card on agreed dates.

-- A package is paid in at most `instalments_max` parts, `instalment_days` apart; 1: all at once.
alter table packages.package
add column instalments_max integer not null default 1 check (instalments_max between 1 and 12),
add column instalment_days integer not null default 30 check (instalment_days between 1 and 180);

-- How a subscription is paid in instalments: the saved card, and the version of the terms of sale that were accepted. It
-- stays without instalments if its buyer pays at once after all.
create table packages.plan (
    id uuid primary key references packages.subscription (id),
    method_id uuid not null,
    terms uuid,
    agreed_at timestamptz not null
);

-- The id is that of the part of the bundle in ticketing, which has the orders, amounts and whether it is paid. `state`:
-- `waiting` for the first one to be paid, `open` until its date, `charging` the card with `payment_id`, `to_pay` by its
-- buyer, `done` once it is paid or its orders have ended. `next_at` is when an open one is charged, `until` the end of its
-- orders, `declined` counts the charges that the bank refused, the last one for `reason`.
create table packages.instalment (
    id uuid primary key,
    plan_id uuid not null references packages.plan (id),
    number integer not null check (number > 0),
    due_at timestamptz not null,
    until timestamptz not null,
    state text not null check (state in ('waiting', 'open', 'charging', 'to_pay', 'done')),
    next_at timestamptz,
    payment_id uuid,
    declined integer not null default 0,
    reason text,
    reminded_at timestamptz,
    constraint charged_with_payment check (state <> 'charging' or payment_id is not null),
    constraint open_has_time check (state <> 'open' or next_at is not null)
);
create unique index instalment_number on packages.instalment (plan_id, number);
create index instalment_unfinished on packages.instalment (state, until) where state <> 'done';
