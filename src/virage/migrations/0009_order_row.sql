-- An order as the box office reads it: the columns stand as the fields of `OrderRow` do.
create view ticketing.order_row as
select
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    refunded_cents, vat_permille, fee_vat_permille, held_at, expires_at, payment_id, paid_at
from ticketing.orders;

-- The orders of browsers that nobody signed in to: their owner is the session. Fans' orders are not in it and cost
-- nothing; no column that changes is in it but the owner, which is indexed already.
-- squawk-ignore require-concurrent-index-creation
create index orders_guest on ticketing.orders (event_id, held_at) where owner_id = session_id;
