-- name: lock_heads(device_ids, trainings)
-- Heads of chains, locked in the order of their keys until the transaction ends; created at first use.
insert into fiscal.till_head as head (device_id, training)
select device_id, training
from unnest(:device_ids::uuid[], :trainings::boolean[]) as wanted (device_id, training)
order by device_id, training
on conflict (device_id, training) do update set number = head.number
returning device_id, training, number, hash;

-- name: records_known(device_ids, trainings, numbers)
-- Hashes of stored records. The `offset 0` keeps the plan on the index, as in access.
select found.device_id, found.training, found.number, found.hash
from unnest(:device_ids::uuid[], :trainings::boolean[], :numbers::bigint[]) as wanted (device_id, training, number)
cross join lateral (
    select record.device_id, record.training, record.number, record.hash
    from fiscal.record
    where record.device_id = wanted.device_id and record.training = wanted.training and record.number = wanted.number
    offset 0
) as found;

-- name: ids_used(device_ids, ids)
-- Ids that are already used by records of the same till.
select found.device_id, found.id
from unnest(:device_ids::uuid[], :ids::uuid[]) as wanted (device_id, id)
cross join lateral (
    select record.device_id, record.id from fiscal.record
    where record.device_id = wanted.device_id and record.id = wanted.id
    offset 0
) as found;

-- name: insert_records(device_ids, trainings, numbers, ids, kinds, times, now, outlets, event_ids, cashiers, totals, sums, defects, hashes, bodies, signatures)!
-- Records of a batch.
insert into fiscal.record (
    device_id, training, number, id, kind, at, received_at, outlet, event_id, cashier, total_cents, sums, defect, hash,
    body, signature
)
select device_id, training, number, id, kind, at, :now, outlet, event_id, cashier, total_cents, sums, defect, hash,
    body, signature
from unnest(
    :device_ids::uuid[], :trainings::boolean[], :numbers::bigint[], :ids::uuid[], :kinds::text[],
    :times::timestamptz[], :outlets::text[], :event_ids::uuid[], :cashiers::uuid[], :totals::bigint[],
    :sums::jsonb[], :defects::text[], :hashes::bytea[], :bodies::bytea[], :signatures::bytea[]
) as new_record (
    device_id, training, number, id, kind, at, outlet, event_id, cashier, total_cents, sums, defect, hash, body,
    signature
);

-- name: move_heads(device_ids, trainings, numbers, hashes)!
-- New heads of chains that this transaction has locked (`lock_heads`).
update fiscal.till_head as head
set number = moved.number, hash = moved.hash
from unnest(:device_ids::uuid[], :trainings::boolean[], :numbers::bigint[], :hashes::bytea[]) as moved (
    device_id, training, number, hash
)
where head.device_id = moved.device_id and head.training = moved.training;

-- name: last_anchors(device_ids)
-- Last anchor of each till.
select found.device_id, found.sequence, found.number, found.hash, found.at, found.previous
from unnest(:device_ids::uuid[]) as wanted (device_id)
cross join lateral (
    select * from fiscal.anchor where anchor.device_id = wanted.device_id order by sequence desc limit 1
) as found;

-- name: insert_anchors(device_ids, sequences, numbers, hashes, times, previouses, own_hashes)!
-- Anchors of the current heads.
insert into fiscal.anchor (device_id, sequence, number, hash, at, previous, own_hash)
select *
from unnest(
    :device_ids::uuid[], :sequences::bigint[], :numbers::bigint[], :hashes::bytea[], :times::timestamptz[],
    :previouses::bytea[], :own_hashes::bytea[]
);

-- name: lock_all_heads()
-- Heads of all chains but training, locked in the order of their keys: appending and closing wait.
select device_id, number from fiscal.till_head where not training order by device_id, training for no key update;

-- name: last_closed(period)$
-- First day of the last closed period of a kind.
select max(starts_on) from fiscal.closing where period = :period;

-- name: last_days()
-- Last closed day by the prefix of the outlets' codes, which names their venue.
select coalesce(substring(subject_id from '^.*[.]'), '') as prefix, max(starts_on) as day
from fiscal.closing
where subject = 'outlet' and period = 'day'
group by 1;

-- name: last_closings(subjects, subject_ids, period)
-- Last closing of each subject.
select found.body
from unnest(:subjects::text[], :subject_ids::text[]) as wanted (subject, subject_id)
cross join lateral (
    select closing.body from fiscal.closing
    where closing.subject = wanted.subject and closing.subject_id = wanted.subject_id and closing.period = :period
    order by closing.sequence desc limit 1
) as found;

-- name: closings_between(period, since, until)
-- Closings of a kind that start within some days, by subject and in order.
select body from fiscal.closing
where period = :period and starts_on >= :since and starts_on < :until
order by subject, subject_id, sequence;

-- name: outlets_in(device_ids, firsts, lasts)
-- First record of each outlet within record ranges of tills.
select record.device_id, record.outlet, min(record.number) as first
from unnest(:device_ids::uuid[], :firsts::bigint[], :lasts::bigint[]) as range (device_id, first, last)
inner join fiscal.record
    on record.device_id = range.device_id and not record.training
    and record.number between range.first and range.last
group by record.device_id, record.outlet;

-- name: tallies(device_ids, firsts, lasts)
-- Totals of record ranges, by till and outlet.
select record.device_id, record.outlet, count(*) as records, min(record.number) as first, max(record.number) as last,
    sum((record.sums ->> 'tip_cents')::bigint)::bigint as tip_cents, sum(record.total_cents)::bigint as total_cents,
    sum(abs(record.total_cents))::bigint as absolute_cents
from unnest(:device_ids::uuid[], :firsts::bigint[], :lasts::bigint[]) as range (device_id, first, last)
inner join fiscal.record
    on record.device_id = range.device_id and not record.training
    and record.number between range.first and range.last
group by record.device_id, record.outlet
order by record.device_id, record.outlet;

-- name: vat_tallies(device_ids, firsts, lasts)
-- Totals of record ranges, by VAT rate.
select record.device_id, record.outlet, rate.vat_permille, sum(rate.gross_cents)::bigint as gross_cents,
    sum(rate.vat_cents)::bigint as vat_cents
from unnest(:device_ids::uuid[], :firsts::bigint[], :lasts::bigint[]) as range (device_id, first, last)
inner join fiscal.record
    on record.device_id = range.device_id and not record.training
    and record.number between range.first and range.last
cross join lateral jsonb_to_recordset(record.sums -> 'totals') as rate (
    vat_permille integer, gross_cents bigint, vat_cents bigint
)
group by record.device_id, record.outlet, rate.vat_permille
order by record.device_id, record.outlet, rate.vat_permille;

-- name: tender_tallies(device_ids, firsts, lasts)
-- Totals of record ranges, by payment method.
select record.device_id, record.outlet, tender.kind, sum(tender.cents)::bigint as cents
from unnest(:device_ids::uuid[], :firsts::bigint[], :lasts::bigint[]) as range (device_id, first, last)
inner join fiscal.record
    on record.device_id = range.device_id and not record.training
    and record.number between range.first and range.last
cross join lateral jsonb_to_recordset(record.sums -> 'tenders') as tender (kind text, cents bigint)
group by record.device_id, record.outlet, tender.kind
order by record.device_id, record.outlet, tender.kind;

-- name: insert_closings(subjects, subject_ids, periods, sequences, days, bodies, kid, signatures)!
-- Closings made at one moment.
insert into fiscal.closing (subject, subject_id, period, sequence, starts_on, body, kid, signature)
select subject, subject_id, period, sequence, starts_on, body, :kid, signature
from unnest(
    :subjects::text[], :subject_ids::text[], :periods::text[], :sequences::bigint[], :days::date[], :bodies::bytea[],
    :signatures::bytea[]
) as new_closing (subject, subject_id, period, sequence, starts_on, body, signature);

-- name: head_of(device_id)^
-- Head of a till's chain, training excluded.
select number, hash from fiscal.till_head where device_id = :device_id and not training;

-- name: hash_at(device_id, number)$
-- Hash of a record, training excluded.
select hash from fiscal.record where device_id = :device_id and not training and number = :number;

-- name: records_page(device_id, first, last, most)
-- Records by number, in their signed bytes, training excluded.
select number, body, signature from fiscal.record
where device_id = :device_id and not training and number between :first and :last
order by number limit :most;

-- name: anchor_span(device_id, first, last)^
-- First and last anchor of heads within some records; null if there are none.
select min(span.sequence) as first, max(span.sequence) as last,
    (array_agg(span.own_hash order by span.sequence desc))[1] as head
from fiscal.anchor as span
where span.device_id = :device_id and span.number between :first and :last;

-- name: anchors_page(device_id, first, last, after, most)
-- Anchors of heads within some records, in order.
select device_id, sequence, number, hash, at, previous from fiscal.anchor
where device_id = :device_id and number between :first and :last and sequence > :after
order by sequence limit :most;

-- name: till_closings(device_id, since, until)
-- Closings of a till that start within some days, shorter periods first.
select body, kid, signature from fiscal.closing
where subject = 'till' and subject_id = :device_id and starts_on >= :since and starts_on < :until
order by case period when 'day' then 1 when 'month' then 2 else 3 end, sequence;

-- name: numbers_before(until)
-- Number of the last record of each chain received before a moment; 0 for none.
select head.device_id, coalesce(last.number, 0) as number
from fiscal.till_head as head
left join lateral (
    select record.number from fiscal.record
    where record.device_id = head.device_id and not record.training and record.received_at < :until::timestamptz
    order by record.number desc limit 1
) as last on true
where not head.training;

-- name: real_heads()
-- Head of each chain, training excluded.
select device_id, number from fiscal.till_head where not training and number > 0 order by device_id;

-- name: records_at(device_ids, numbers)
-- Outlet and time of receipt of some records, one of each till.
select record.device_id, record.outlet, record.received_at
from unnest(:device_ids::uuid[], :numbers::bigint[]) as wanted (device_id, number)
inner join fiscal.record
    on record.device_id = wanted.device_id and not record.training and record.number = wanted.number;

-- name: first_closed_from(period, since)$
-- First day of the first closed period of a kind that begins on a day or later.
select min(starts_on) from fiscal.closing where period = :period and starts_on >= :since;

-- name: closings_listed(subject, period, since, until, all_of_them, subject_ids, most)
-- Closings that start within some days, inclusive, latest first.
select body from fiscal.closing
where subject = :subject and period = :period and starts_on between :since and :until
    and (:all_of_them::boolean or subject_id = any(:subject_ids::text[]))
order by starts_on desc, subject_id limit :most;

-- name: outlets_of_till(device_id)
-- Outlets in a till's chain, training excluded.
select distinct outlet from fiscal.record where device_id = :device_id and not training;

-- name: heads_of(device_id)
-- Heads of both chains of a till.
select training, number, hash from fiscal.till_head where device_id = :device_id;
