-- name: lock_bookings(sale_ids)
-- The parts of sales that are given back, locked in order: two refunds of one sale wait for each other.
select record_id, card_id, cents, loss_cents, refund_of from concessions.booking
where record_id = any(:sale_ids::uuid[]) order by record_id, part for no key update;

-- name: refunds_of_sales(sale_ids)
-- What was given back of sales before; asked once the sales are locked.
select record_id, card_id, cents, loss_cents, refund_of from concessions.booking
where refund_of = any(:sale_ids::uuid[]);

-- name: insert_bookings(record_ids, parts, tenders, refunds_of, purse_ids, card_ids, cents, loss_cents, loss_reasons, now)!
-- What records did to the books.
insert into concessions.booking (
    record_id, part, tender, refund_of, purse_id, card_id, cents, loss_cents, loss_reason, booked_at
)
select record_id, part, tender, refund_of, purse_id, card_id, cents, loss_cents, loss_reason, :now::timestamptz
from unnest(
    :record_ids::uuid[], :parts::integer[], :tenders::integer[], :refunds_of::uuid[], :purse_ids::uuid[],
    :card_ids::uuid[], :cents::bigint[], :loss_cents::bigint[], :loss_reasons::text[]
) as booked (record_id, part, tender, refund_of, purse_id, card_id, cents, loss_cents, loss_reason);
