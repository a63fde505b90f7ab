-- name: lock_pricing(event_id)^
-- The pricing of an event, locked, so that changes are made one at a time.
select fee_cents, vat_permille, fee_vat_permille from ticketing.pricing where event_id = :event_id for no key update;

-- name: pricing(event_id)^
-- The fee and the rates of an event.
select fee_cents, vat_permille, fee_vat_permille from ticketing.pricing where event_id = :event_id;

-- name: categories(event_id)
-- The categories of an event in the order in which they are shown.
select id, name, colour, full_cents, child_cents, reduced_cents, access_cents
from ticketing.category where event_id = :event_id order by position;

-- name: block_categories(event_id)
-- The category of each block that is for sale.
select block, category_id from ticketing.block_category where event_id = :event_id order by block;

-- name: area_categories(event_id)
-- The category and the open places of each standing area that is for sale.
select area, category_id, capacity from ticketing.area_category where event_id = :event_id order by area;

-- name: put_pricing(event_id, fee_cents, vat_permille, fee_vat_permille, now)!
-- The fee and the rates of an event.
insert into ticketing.pricing (event_id, fee_cents, vat_permille, fee_vat_permille, changed_at)
values (:event_id, :fee_cents, :vat_permille, :fee_vat_permille, :now)
on conflict (event_id) do update
set fee_cents = excluded.fee_cents, vat_permille = excluded.vat_permille,
    fee_vat_permille = excluded.fee_vat_permille, changed_at = excluded.changed_at;

-- name: clear_blocks(event_id)!
-- Delete the categories of all blocks of an event.
delete from ticketing.block_category where event_id = :event_id;

-- name: clear_areas(event_id)!
-- Delete the categories of all standing areas of an event.
delete from ticketing.area_category where event_id = :event_id;

-- name: clear_categories(event_id)!
-- Delete all categories of an event.
delete from ticketing.category where event_id = :event_id;

-- name: put_categories(event_id, ids, positions, names, colours, full_cents, child_cents, reduced_cents, access_cents)!
-- The categories of an event.
insert into ticketing.category (
    event_id, id, position, name, colour, full_cents, child_cents, reduced_cents, access_cents
)
select :event_id, put.id, put.position, put.name, put.colour, put.full_cents, put.child_cents, put.reduced_cents,
    put.access_cents
from unnest(
    :ids::uuid[], :positions::integer[], :names::jsonb[], :colours::text[], :full_cents::integer[],
    :child_cents::integer[], :reduced_cents::integer[], :access_cents::integer[]
) as put (id, position, name, colour, full_cents, child_cents, reduced_cents, access_cents);

-- name: put_blocks(event_id, blocks, category_ids)!
-- The category of each block that is for sale.
insert into ticketing.block_category (event_id, block, category_id)
select :event_id, put.block, put.category_id
from unnest(:blocks::text[], :category_ids::uuid[]) as put (block, category_id);

-- name: put_areas(event_id, areas, category_ids, capacities)!
-- The category and the open places of each standing area that is for sale.
insert into ticketing.area_category (event_id, area, category_id, capacity)
select :event_id, put.area, put.category_id, put.capacity
from unnest(:areas::text[], :category_ids::uuid[], :capacities::integer[]) as put (area, category_id, capacity);
