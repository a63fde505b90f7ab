-- name: shifts_opened(since, until, event_id, all_of_them, outlets, most)
-- Shifts opened in a period or at an event, latest first, with the record that ends each: its closing, or the next
-- opening.
select opened.device_id, opened.number, opened.id, opened.at, opened.outlet, opened.event_id, opened.cashier,
    opened.body, ending.number as end_number, ending.at as end_at, coalesce(ending.closes, false) as closes,
    head.number as head
from fiscal.public_record as opened
inner join fiscal.public_till_head as head on head.device_id = opened.device_id and not head.training
left join lateral (
    select later.number, later.at, later.kind = 'shift_closed' as closes from fiscal.public_record as later
    where later.device_id = opened.device_id and later.number > opened.number
        and later.kind in ('shift_opened', 'shift_closed')
    order by later.number limit 1
) as ending on true
where opened.kind = 'shift_opened' and opened.at >= :since::timestamptz and opened.at < :until::timestamptz
    and (:event_id::uuid is null or opened.event_id = :event_id)
    and (:all_of_them::boolean or opened.outlet = any(:outlets::text[]))
order by opened.at desc, opened.id limit :most;

-- name: shifts_open(device_ids)
-- Open shift of each till.
select last.device_id, last.number, last.id, last.at, last.outlet, last.event_id, last.cashier, last.body,
    null::bigint as end_number, null::timestamptz as end_at, false as closes, head.number as head
from unnest(:device_ids::uuid[]) as wanted (device_id)
inner join fiscal.public_till_head as head on head.device_id = wanted.device_id and not head.training
cross join lateral (
    select * from fiscal.public_record as record
    where record.device_id = wanted.device_id and record.kind in ('shift_opened', 'shift_closed')
    order by record.number desc limit 1
) as last
where last.kind = 'shift_opened';

-- name: shift_counts(device_ids, firsts, lasts)
-- Last cash count of shifts, by the number of their opening record.
select shift.device_id, shift.first, record.number, record.at, record.body
from unnest(:device_ids::uuid[], :firsts::bigint[], :lasts::bigint[]) as shift (device_id, first, last)
inner join fiscal.public_record as record
    on record.device_id = shift.device_id and record.number between shift.first and shift.last
    and record.kind = 'shift_counted'
order by shift.device_id, shift.first, record.number;

-- name: shift_receipts(device_ids, firsts, lasts)
-- Number and totals of sales and refunds of shifts, and their tips.
select shift.device_id, shift.first, count(*) filter (where record.kind = 'sale') as sales,
    count(*) filter (where record.kind = 'refund') as refunds, sum(record.total_cents)::bigint as total_cents,
    sum((record.sums ->> 'tip_cents')::bigint)::bigint as tip_cents
from unnest(:device_ids::uuid[], :firsts::bigint[], :lasts::bigint[]) as shift (device_id, first, last)
inner join fiscal.public_record as record
    on record.device_id = shift.device_id and not record.training
    and record.number between shift.first and shift.last and record.kind in ('sale', 'refund')
group by shift.device_id, shift.first;

-- name: shift_tenders(device_ids, firsts, lasts, counts)
-- Totals of shifts by payment method, split by refunds and by the last count.
select shift.device_id, shift.first, tender.kind, record.kind = 'refund' as back, record.number < shift.counted_at as counted,
    sum(tender.cents)::bigint as cents
from unnest(:device_ids::uuid[], :firsts::bigint[], :lasts::bigint[], :counts::bigint[]) as shift (
    device_id, first, last, counted_at
)
inner join fiscal.public_record as record
    on record.device_id = shift.device_id and not record.training
    and record.number between shift.first and shift.last and record.kind in ('sale', 'refund')
cross join lateral jsonb_to_recordset(record.sums -> 'tenders') as tender (kind text, cents bigint)
group by shift.device_id, shift.first, tender.kind, back, counted
order by tender.kind;

-- name: shift_card_payments(device_ids, firsts, lasts)
-- What card readers took in shifts, less refunds.
select shift.device_id, shift.first, sum(paid.cents)::bigint as cents
from unnest(:device_ids::uuid[], :firsts::bigint[], :lasts::bigint[]) as shift (device_id, first, last)
inner join fiscal.public_record as record
    on record.device_id = shift.device_id and not record.training
    and record.number between shift.first and shift.last and record.kind in ('sale', 'refund')
inner join food_till.public_card_payment as paid
    on paid.device_id = record.device_id and paid.record_id = record.id
group by shift.device_id, shift.first;

-- name: desk_movements(keys, since)
-- Top-ups (below zero on the account of the drawer or terminal: money came in) and payouts, by till and time.
select posting.key, posting.kind as tender, posting.at, -posting.cents as cents,
    exists(
        select from card_readers.public_booked_payment as paid
        where paid.record_id = posting.subject and paid.till_id::text = posting.key
    ) as by_reader
from wallet_ledger.public_posting as posting
where posting.kind in ('cash', 'terminal') and posting.key = any(:keys::text[])
    and posting.purpose not in ('sale', 'refund') and posting.at >= :since::timestamptz;

-- name: till_heads(device_ids)
-- Head of each till's chain with its time of receipt, and its last anchor.
select head.device_id, head.number, head.hash, record.received_at, anchor.sequence, anchor.number as anchored,
    anchor.at as anchored_at
from fiscal.public_till_head as head
inner join fiscal.public_record as record
    on record.device_id = head.device_id and not record.training and record.number = head.number
left join lateral (
    select last.sequence, last.number, last.at from fiscal.public_anchor as last
    where last.device_id = head.device_id order by last.sequence desc limit 1
) as anchor on true
where head.device_id = any(:device_ids::uuid[]) and not head.training;
