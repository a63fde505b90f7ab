-- The version of the terms of sale that a buyer accepted when they went to pay.
create table ticketing.accepted_terms (
    order_id uuid primary key references ticketing.orders (id),
    version_id uuid not null,
    accepted_at timestamptz not null
);
