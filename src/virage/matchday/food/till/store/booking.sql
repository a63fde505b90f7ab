-- name: lock_bookings(tills, sale_ids)
-- Parts of sales that are refunded, locked in order: two refunds of one sale wait for each other.
select booking.device_id, booking.record_id, booking.card_id, booking.purse_id, booking.bonus, booking.cents,
    booking.loss_cents, booking.refund_till, booking.refund_of, booking.card_payment_id
from food_till.booking
where (booking.device_id, booking.record_id) in (
    select wanted.till, wanted.id from unnest(:tills::uuid[], :sale_ids::uuid[]) as wanted (till, id)
)
order by booking.device_id, booking.record_id, booking.part
for no key update;

-- name: refunds_of_sales(tills, sale_ids)
-- Earlier refunds of sales; read once the sales, or the chains of their tills, are locked.
select booking.device_id, booking.record_id, booking.card_id, booking.purse_id, booking.bonus, booking.cents,
    booking.loss_cents, booking.refund_till, booking.refund_of, booking.card_payment_id
from unnest(:tills::uuid[], :sale_ids::uuid[]) as wanted (till, id)
inner join food_till.booking on booking.refund_till = wanted.till and booking.refund_of = wanted.id;

-- name: receipts_of(device_ids, ids)
-- Sales by key, then their booked refunds in the order of booking.
with wanted as (select device_id, id from unnest(:device_ids::uuid[], :ids::uuid[]) as keys (device_id, id)),

given as (
    select distinct booking.device_id, booking.record_id as id
    from wanted
    inner join food_till.booking on booking.refund_till = wanted.device_id and booking.refund_of = wanted.id
)

select record.body from fiscal.public_record as record
inner join (select *, 'sale' as kind from wanted union all select *, 'refund' from given) as one
    on record.device_id = one.device_id and record.id = one.id and record.kind = one.kind
order by one.kind desc, record.received_at, record.device_id, record.number;

-- name: paid_by_wallets(tills, sale_ids)
-- What wallets paid of sales, without bonus credit and losses.
select booking.device_id, booking.record_id, booking.purse_id, sum(booking.cents - booking.loss_cents)::bigint as cents
from unnest(:tills::uuid[], :sale_ids::uuid[]) as wanted (till, id)
inner join food_till.booking on booking.device_id = wanted.till and booking.record_id = wanted.id
where booking.purse_id is not null and not booking.bonus and booking.cents > 0
group by 1, 2, 3 order by 1, 2, 3;

-- name: pending_refunds(tills, sale_ids)
-- Refunds that were uploaded before these sales, in the order of upload. A terminal's refund has an amount, because it
-- counts as paid out; one that waits for wallets has none yet.
select booking.device_id, booking.record_id, booking.refund_till, booking.refund_of, booking.tender,
    booking.awaits_cents, booking.cents < 0 as by_terminal,
    (
        select max(all_parts.part) + 1 from food_till.booking as all_parts
        where all_parts.device_id = booking.device_id and all_parts.record_id = booking.record_id
    ) as next_part
from unnest(:tills::uuid[], :sale_ids::uuid[]) as wanted (till, id)
inner join food_till.booking on booking.refund_till = wanted.till and booking.refund_of = wanted.id
where booking.awaits_cents > 0
order by booking.booked_at, booking.device_id, booking.record_id, booking.part;

-- name: clear_pending_refunds(tills, refund_ids)!
-- Refunds no longer wait for their sale; the chain of the sale's till is locked.
update food_till.booking set awaits_cents = 0
from unnest(:tills::uuid[], :refund_ids::uuid[]) as settled (till, id)
where booking.device_id = settled.till and booking.record_id = settled.id and booking.awaits_cents > 0;

-- name: offline_takings_since(tills, since)
-- Offline card payments of tills that were uploaded since a time.
select booking.device_id, booking.card_id, booking.booked_at, booking.alone_cents
from unnest(:tills::uuid[], :since::timestamptz[]) as wanted (till, since)
inner join food_till.booking
    on booking.device_id = wanted.till and booking.booked_at >= wanted.since and booking.alone_cents > 0;

-- name: insert_losses(tills, numbers, outlets, cents)!
-- Losses of records.
insert into food_till.loss (device_id, number, outlet, cents)
select till, number, outlet, cents
from unnest(:tills::uuid[], :numbers::bigint[], :outlets::text[], :cents::bigint[]) as lost (
    till, number, outlet, cents
);

-- name: insert_bookings(tills, record_ids, parts, tenders, refund_tills, refunds_of, wallet_ids, card_ids, bonuses, cents, loss_cents, loss_reasons, awaits, alones, card_payments, now)!
-- Parts of records.
insert into food_till.booking (
    device_id, record_id, part, tender, refund_till, refund_of, purse_id, card_id, bonus, cents, loss_cents,
    loss_reason, awaits_cents, alone_cents, card_payment_id, booked_at
)
select till, record_id, part, tender, refund_till, refund_of, purse_id, card_id, bonus, cents, loss_cents, loss_reason,
    awaits_cents, alone_cents, card_payment, :now::timestamptz
from unnest(
    :tills::uuid[], :record_ids::uuid[], :parts::integer[], :tenders::integer[], :refund_tills::uuid[],
    :refunds_of::uuid[], :wallet_ids::uuid[], :card_ids::uuid[], :bonuses::boolean[], :cents::bigint[],
    :loss_cents::bigint[], :loss_reasons::text[], :awaits::bigint[], :alones::bigint[],
    :card_payments::uuid[]
) as booked (
    till, record_id, part, tender, refund_till, refund_of, purse_id, card_id, bonus, cents, loss_cents, loss_reason,
    awaits_cents, alone_cents, card_payment
);
