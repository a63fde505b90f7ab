-- expand: the orders of a bundle are paid in parts, on dates that their buyer agreed to.

-- Orders with the same part are paid with one payment, whose subject is the part; null: with the whole bundle. Once the
-- first part of a bundle is paid, the orders of the others are held until `part_until`, which is null for the first.
alter table ticketing.orders add column part_id uuid, add column part_until timestamptz;

create or replace view ticketing.order_row as
select
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    refunded_cents, vat_permille, fee_vat_permille, held_at, expires_at, payment_id, paid_at, returned_cents, debit,
    withheld_cents, listing_ids, bundle_id, part_id, part_until
from ticketing.orders;

-- The orders of bundles that are held and of which no payment has begun.
create or replace view ticketing.public_held_bundle as
select bundle_id, id as order_id, event_id, places, tariffs
from ticketing.orders
where bundle_id is not null and state = 'held' and not exists (
    select from ticketing.orders as other
    where other.bundle_id = orders.bundle_id and other.state in ('paying', 'paid', 'refunded')
);
