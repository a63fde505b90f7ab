-- name: make_levels(outlets, product_ids)!
-- Levels that are to move are there, in the order of their keys.
insert into food_menu.stock (outlet, product_id)
select wanted.outlet, wanted.product_id
from unnest(:outlets::text[], :product_ids::uuid[]) as wanted (outlet, product_id)
order by wanted.outlet, wanted.product_id
on conflict do nothing;

-- name: lock_levels(outlets, product_ids)
-- Levels that are to move, locked in the order of their keys.
select outlet, product_id, level from food_menu.stock
where (outlet, product_id) in (
    select wanted.outlet, wanted.product_id
    from unnest(:outlets::text[], :product_ids::uuid[]) as wanted (outlet, product_id)
)
order by outlet, product_id
for no key update;

-- name: insert_document(id, request_digest)$
-- A document of the stock; null when its id is known.
insert into food_menu.stock_document (id, request_digest) values (:id, :request_digest)
on conflict (id) do nothing returning id;

-- name: document_digest(id)$
-- What a document said.
select request_digest from food_menu.stock_document where id = :id;

-- name: insert_movements(ids, outlets, product_ids, kinds, quantities, times, whos)
-- Movements, each once; returns those that are new.
insert into food_menu.movement (id, outlet, product_id, kind, quantity, at, who)
select moved.id, moved.outlet, moved.product_id, moved.kind, moved.quantity, moved.at, moved.who
from unnest(
    :ids::uuid[], :outlets::text[], :product_ids::uuid[], :kinds::text[], :quantities::bigint[], :times::timestamptz[],
    :whos::uuid[]
) as moved (id, outlet, product_id, kind, quantity, at, who)
order by moved.id, moved.outlet, moved.product_id
on conflict do nothing
returning id, outlet, product_id, kind, quantity;

-- name: move_levels(outlets, product_ids, quantities)!
-- Levels follow their movements, each named once; `lock_levels` of the same transaction has locked them.
update food_menu.stock set level = stock.level + moved.quantity
from unnest(:outlets::text[], :product_ids::uuid[], :quantities::bigint[]) as moved (outlet, product_id, quantity)
where stock.outlet = moved.outlet and stock.product_id = moved.product_id;

-- name: set_thresholds(outlet, product_ids, low_ats)!
-- The alert thresholds.
insert into food_menu.stock (outlet, product_id, low_at)
select :outlet, said.product_id, said.low_at
from unnest(:product_ids::uuid[], :low_ats::bigint[]) as said (product_id, low_at)
order by said.product_id
on conflict (outlet, product_id) do update set low_at = excluded.low_at;

-- name: levels(all_of_them, outlets)
-- What all outlets have, or some.
select outlet, product_id, level, low_at from food_menu.stock
where :all_of_them::bool or outlet = any(:outlets::text[])
order by outlet, product_id;

-- name: troubled_levels(all_of_them, outlets)
-- Levels below zero, or at their threshold.
select outlet, product_id, level, low_at from food_menu.stock
where (:all_of_them::bool or outlet = any(:outlets::text[])) and (level < 0 or level <= low_at)
order by outlet, product_id;

-- name: movements_of(id)
-- What a document moved; no sale can have its id.
select id, outlet, product_id, kind, quantity, at, who from food_menu.movement where id = :id and kind <> 'sale'
order by outlet, product_id;

-- name: movements_at(outlet, before, most)
-- What moved at an outlet before a time (null: ever), the latest first.
select id, outlet, product_id, kind, quantity, at, who from food_menu.movement
where outlet = :outlet and (:before::timestamptz is null or at < :before) order by at desc, id, product_id limit :most;
