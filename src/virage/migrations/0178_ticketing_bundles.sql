-- expand: bundles: orders of several events that are held, paid and released together.

-- Orders with the same bundle are paid with one payment, whose subject is the bundle. Null: the order stands alone.
alter table ticketing.orders add column bundle_id uuid;

create or replace view ticketing.order_row as
select
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    refunded_cents, vat_permille, fee_vat_permille, held_at, expires_at, payment_id, paid_at, returned_cents, debit,
    withheld_cents, listing_ids, bundle_id
from ticketing.orders;

-- The orders of bundles, for the domain that sells them.
create view ticketing.public_bundle_order as
select bundle_id, state, cardinality(places) as places, total_cents, refunded_cents, expires_at
from ticketing.orders
where bundle_id is not null;
