-- name: insert_kitchen(outlet, till_id, now)$
-- A kitchen that says something for the first time; closed until it does. Null where it is there.
insert into food_orders.kitchen (outlet, till_id, per_five_minutes, is_open, delivers, note, changed_at)
values (:outlet, :till_id, '{}', false, false, '', :now) on conflict (outlet) do nothing
returning outlet;

-- name: lock_kitchens(outlets)
-- Kitchens that give out capacity, locked in order.
select outlet, till_id, per_five_minutes, is_open, delivers, note, last_number from food_orders.kitchen
where outlet = any(:outlets::text[]) order by outlet for no key update;

-- name: kitchens(all_of_them, outlets)
-- What kitchens said.
select outlet, till_id, per_five_minutes, is_open, delivers, note, last_number from food_orders.kitchen
where :all_of_them::bool or outlet = any(:outlets::text[]) order by outlet;

-- name: set_capacity(outlet, per_five_minutes, is_open, delivers, note, now, who)!
-- What a kitchen says from now on.
update food_orders.kitchen set per_five_minutes = :per_five_minutes, is_open = :is_open, delivers = :delivers,
    note = :note, changed_at = :now, changed_by = :who
where outlet = :outlet;

-- name: set_numbers(outlets, numbers)!
-- The last number that each kitchen gave; `lock_kitchens` of the same transaction has locked them.
update food_orders.kitchen set last_number = given.number
from unnest(:outlets::text[], :numbers::integer[]) as given (outlet, number) where kitchen.outlet = given.outlet;

-- name: loads(outlets, since, forgotten_before)
-- What orders take of kitchens from a moment on, and what stands from before it.
select l.outlet, l.station, l.starts_at, l.pieces, o.state in ('placed', 'accepted') as waiting
from food_orders.food_load as l inner join food_orders.food_order as o on o.id = l.order_id
where l.outlet = any(:outlets::text[]) and l.starts_at >= :since
union all
select l.outlet, l.station, l.starts_at, l.pieces, true
from food_orders.food_order as o inner join food_orders.food_load as l on l.order_id = o.id
where o.outlet = any(:outlets::text[]) and o.state in ('placed', 'accepted')
    and l.starts_at < :since and l.starts_at >= :forgotten_before;

-- name: counter_sales(outlets, since)
-- Sales at the counter by product since a time, without phone orders.
select m.outlet, m.product_id, -sum(m.quantity)::bigint as pieces from food_menu.public_movement as m
where m.outlet = any(:outlets::text[]) and m.at >= :since and m.kind = 'sale' and m.quantity < 0
    and not exists (select from food_orders.food_order as o where o.id = m.id)
group by m.outlet, m.product_id;

-- name: stock_left(outlets)
-- What is left of what is counted, once the orders that no kitchen has accepted are served: in one snapshot, so that an
-- order which is accepted at this moment counts once.
with reserved as (
    select o.outlet, (line ->> 'item_id')::uuid as product_id, sum((line ->> 'quantity')::integer) as quantity
    from food_orders.food_order as o, jsonb_array_elements(o.lines) as line
    where o.outlet = any(:outlets::text[]) and o.state = 'placed' and line ->> 'kind' = 'product'
    group by 1, 2
)
select s.outlet, s.product_id, (s.level - coalesce(r.quantity, 0))::bigint as left_
from food_menu.public_stock as s
left join reserved as r on r.outlet = s.outlet and r.product_id = s.product_id
where s.outlet = any(:outlets::text[]);

-- name: insert_orders(ids, person_ids, wallet_ids, event_ids, outlets, numbers, digests, versions, lines, vats, totals, bonuses, now, promised_ats, accept_by, places, delivery_s, codes)!
-- Orders that are placed, in the order of their ids.
insert into food_orders.food_order (
    id, person_id, purse_id, event_id, outlet, number, request_digest, version, lines, vat, total_cents, bonus_cents,
    state, placed_at, promised_at, accept_by, deliver_to, delivery_s, pick_up_code
)
select o.id, o.person, o.purse, o.event, o.outlet, o.number, o.digest, o.version, o.lines::jsonb, o.vat::jsonb, o.total,
    o.bonus, 'placed', :now::timestamptz, o.promised, :accept_by::timestamptz, o.place, o.delivery_s, o.code
from unnest(
    :ids::uuid[], :person_ids::uuid[], :wallet_ids::uuid[], :event_ids::uuid[], :outlets::text[], :numbers::integer[],
    :digests::bytea[], :versions::text[], :lines::text[], :vats::text[], :totals::integer[], :bonuses::integer[],
    :promised_ats::timestamptz[], :places::integer[], :delivery_s::integer[], :codes::text[]
) as o (
    id, person, purse, event, outlet, number, digest, version, lines, vat, total, bonus, promised, place, delivery_s,
    code
)
order by o.id;

-- name: insert_loads(order_ids, stations, starts_ats, outlets, pieces)!
-- What orders take of their kitchens.
insert into food_orders.food_load (order_id, station, starts_at, outlet, pieces)
select order_id, station, starts_at, outlet, pieces
from unnest(:order_ids::uuid[], :stations::text[], :starts_ats::timestamptz[], :outlets::text[], :pieces::integer[])
    as l (order_id, station, starts_at, outlet, pieces);

-- name: free_loads(order_ids)!
-- Orders that are not made take nothing; they are locked.
delete from food_orders.food_load where order_id = any(:order_ids::uuid[]);

-- name: food_orders(ids)
-- Orders by their ids.
select o.*, (select k.till_id from food_orders.kitchen as k where k.outlet = o.outlet) as till_id
from food_orders.food_order as o
where o.id = any(:ids::uuid[]);

-- name: lock_food_orders(ids)
-- Orders that take a step, locked in the order of their ids.
select o.*, (select k.till_id from food_orders.kitchen as k where k.outlet = o.outlet) as till_id
from food_orders.food_order as o
where o.id = any(:ids::uuid[]) order by o.id for no key update;

-- name: lock_waiting_of(person_id)
-- The orders of a person that no kitchen has accepted, locked in the order of their ids.
select o.*, (select k.till_id from food_orders.kitchen as k where k.outlet = o.outlet) as till_id
from food_orders.food_order as o
where o.person_id = :person_id and o.state = 'placed' order by o.id for no key update;

-- name: lock_orders_of(person_id)
-- All orders of a person, locked in the order of their ids.
select id from food_orders.food_order where person_id = :person_id order by id for no key update;

-- name: lock_expired(now, most)
-- Orders that were not accepted in time, in order of their ids, skipping locked ones.
select o.*, (select k.till_id from food_orders.kitchen as k where k.outlet = o.outlet) as till_id
from food_orders.food_order as o
where o.id in (
    select id from food_orders.food_order where state = 'placed' and accept_by <= :now order by accept_by limit :most
) and o.state = 'placed' order by o.id for no key update skip locked;

-- name: lock_late_orders(late_since, most)
-- Late orders that were not checked for compensation, in order of their ids.
select o.*, (select k.till_id from food_orders.kitchen as k where k.outlet = o.outlet) as till_id
from food_orders.food_order as o
where o.id in (
    select id from food_orders.food_order
    where not is_judged and accepted_at is not null and promised_at <= :late_since order by promised_at limit :most
) and not o.is_judged order by o.id for no key update skip locked;

-- name: vouchers_of(event_ids, wallet_ids)
-- Number of vouchers by event and wallet, without zeros.
select event_id, purse_id, count(*)::integer as vouchers from food_orders.food_order
where event_id = any(:event_ids::uuid[]) and purse_id = any(:wallet_ids::uuid[]) and voucher_cents is not null
group by event_id, purse_id;

-- name: compensate(ids, cents)!
-- Store compensations of late orders, which are locked.
update food_orders.food_order set is_judged = true, voucher_cents = given.cents
from unnest(:ids::uuid[], :cents::integer[]) as given (id, cents) where food_order.id = given.id;

-- name: end_orders(ids, state, reason, now)!
-- Orders that end; they are locked.
update food_orders.food_order set state = :state, reason = :reason, ended_at = :now where id = any(:ids::uuid[]);

-- name: accept_order(id, now)!
-- An order that is made; it is locked.
update food_orders.food_order set state = 'accepted', accepted_at = :now where id = :id;

-- name: ready_order(id, now, is_judged)!
-- An order that is ready; it is locked.
update food_orders.food_order set state = 'ready', ready_at = :now, is_judged = :is_judged where id = :id;

-- name: refund_order(id, reason, now)!
-- Mark an order as refunded; it is locked.
update food_orders.food_order set state = 'refunded', reason = :reason, ended_at = :now, is_judged = true
where id = :id;

-- name: count_code_miss(id)!
-- One more wrong code; the order is locked.
update food_orders.food_order set code_misses = code_misses + 1 where id = :id;

-- name: food_orders_of(person_id, before, most)
-- A person's orders before a moment (null: ever), the latest first.
select o.*, (select k.till_id from food_orders.kitchen as k where k.outlet = o.outlet) as till_id
from food_orders.food_order as o
where o.person_id = :person_id and (:before::timestamptz is null or o.placed_at < :before)
order by o.placed_at desc, o.id limit :most;

-- name: kitchen_orders(outlet, ended_since)
-- What a kitchen has before it, the oldest promise first, and what ended lately.
select o.*, (select k.till_id from food_orders.kitchen as k where k.outlet = o.outlet) as till_id
from food_orders.food_order as o
where o.outlet = :outlet and o.state in ('placed', 'accepted', 'ready')
union all
select o.*, (select k.till_id from food_orders.kitchen as k where k.outlet = o.outlet) as till_id
from food_orders.food_order as o
where o.outlet = :outlet and o.placed_at >= :ended_since::timestamptz - interval '6 hours'
    and o.state not in ('placed', 'accepted', 'ready') and o.ended_at >= :ended_since
order by promised_at, number, id;

-- name: timing_stats(all_of_them, outlets, event_id, since, until, broken_after)
-- Order timing by outlet, in seconds after the pick-up time; null bounds are none. A compensated order that is not ready
-- yet counts as late.
select outlet, count(*) filter (where ready_at is not null)::integer as orders,
    (percentile_cont(0.5) within group (order by extract(epoch from ready_at - promised_at)))::double precision as p50_s,
    (percentile_cont(0.9) within group (order by extract(epoch from ready_at - promised_at)))::double precision as p90_s,
    count(*) filter (
        where ready_at >= promised_at + :broken_after::interval or ready_at is null and voucher_cents is not null
    )::integer as broken,
    count(voucher_cents)::integer as vouchers, coalesce(sum(voucher_cents), 0)::bigint as voucher_cents
from food_orders.food_order
where (:all_of_them::bool or outlet = any(:outlets::text[])) and accepted_at is not null
    and (:event_id::uuid is null or event_id = :event_id) and (:since::timestamptz is null or placed_at >= :since)
    and (:until::timestamptz is null or placed_at < :until)
group by outlet order by outlet;

-- name: forget_orders_of(person_id)!
-- Remove the person from orders, at an erasure.
with theirs as (
    select id from food_orders.food_order where person_id = :person_id order by id for no key update
)
update food_orders.food_order set person_id = null from theirs where food_order.id = theirs.id;

-- name: outlets_of(ids)
-- Where records were written and orders are made.
select id, outlet from fiscal.public_record as record where id = any(:ids::uuid[])
union all
select id, outlet from food_orders.food_order where id = any(:ids::uuid[]);
