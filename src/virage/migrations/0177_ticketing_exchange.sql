-- expand: the exchange: holders list tickets at face value at most, and others buy them.

-- Of an order that buys on the exchange: what it buys. `withheld_cents` is what the refunds of an order's sold tickets
-- did not pay back: the service fee, and the part of the price that the seller did not ask for.
alter table ticketing.orders
add column listing_ids uuid [],
add column withheld_cents integer not null default 0
-- squawk-ignore constraint-missing-not-valid
constraint orders_withheld_check check (withheld_cents >= 0);

-- What the refund of a ticket that was sold on the exchange gave back of its price; null: the whole price.
alter table ticketing.ticket add column returned_cents integer;

create or replace view ticketing.order_row as
select
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    refunded_cents, vat_permille, fee_vat_permille, held_at, expires_at, payment_id, paid_at, returned_cents, debit,
    withheld_cents, listing_ids
from ticketing.orders;

-- Whether holders may sell on the exchange, the highest price as a share of the ticket's price, and the share of the
-- price that the operator keeps. An event without a row has no exchange.
create table ticketing.exchange_terms (
    event_id uuid primary key,
    open boolean not null,
    price_max_permille integer not null check (price_max_permille between 1 and 1000),
    fee_permille integer not null check (fee_permille between 0 and 300)
);

-- Tickets of one order that are sold together. `prices` has one entry per ticket. `order_id` is the order that holds
-- or has bought them. `reasons` are the codes of the rules for which a person reviews the listing.
create table ticketing.listing (
    id uuid primary key,
    event_id uuid not null,
    seller_id uuid not null,
    order_id uuid,
    decided_by uuid,
    listed_at timestamptz not null,
    ended_at timestamptz,
    decided_at timestamptz,
    fee_permille integer not null,
    state text not null check (state in ('review', 'listed', 'sold', 'withdrawn', 'refused', 'ended')),
    ticket_ids uuid [] not null,
    prices integer [] not null,
    reasons text [] not null,
    constraint one_price_per_ticket check (cardinality(ticket_ids) = cardinality(prices)),
    constraint ended_has_time check ((state in ('review', 'listed')) = (ended_at is null)),
    constraint sold_has_order check (state <> 'sold' or order_id is not null)
);
create index listing_event on ticketing.listing (event_id);
create index listing_seller on ticketing.listing (seller_id);
create index listing_order on ticketing.listing (order_id) where order_id is not null;
create index listing_open on ticketing.listing (event_id) where state in ('review', 'listed');

-- The tickets of open listings: none is listed twice.
create table ticketing.listed_ticket (
    ticket_id uuid primary key references ticketing.ticket (id),
    listing_id uuid not null references ticketing.listing (id)
);
create index listed_ticket_listing on ticketing.listed_ticket (listing_id);

-- A listing as queries return it: the columns are in the order of the fields of `Listing`.
create view ticketing.listing_row as
select
    id, event_id, seller_id, state, ticket_ids, prices, fee_permille, listed_at, ended_at, order_id, reasons, decided_by,
    decided_at
from ticketing.listing;
