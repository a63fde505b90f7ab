-- name: parts_for_sale(event_ids)
-- Every block and standing area for sale at these events, with its adult price; the capacity of a block is null.
select category.event_id, part.code, category.full_cents, part.capacity
from (
    select event_id, category_id, block as code, null::integer as capacity from ticketing.block_category
    union all
    select event_id, category_id, area, capacity from ticketing.area_category
) as part
join ticketing.category on category.event_id = part.event_id and category.id = part.category_id
where category.event_id = any(:event_ids::uuid[]);

-- name: taken_by_part(event_ids, from_places)
-- Claimed places of these events by part of the venue; `from_places` are the first places of the parts.
select event_id, width_bucket(place, :from_places::integer[]) as part, count(*) as places
from ticketing.claim
where event_id = any(:event_ids::uuid[])
group by event_id, part;
