-- name: claim_places(event_ids, places, order_ids)^
-- Claim places for the orders of a batch, in the order of the key. Taken ones stay as they are; then `places` and
-- `order_ids` say which were free, else they are null.
with won as (
    insert into ticketing.claim (event_id, place, order_id)
    select wanted.event_id, wanted.place, wanted.order_id
    from unnest(:event_ids::uuid[], :places::integer[], :order_ids::uuid[]) as wanted (event_id, place, order_id)
    order by wanted.event_id, wanted.place
    on conflict (event_id, place) do nothing
    returning place, order_id
)
select count(*) = cardinality(:places::integer[]) as whole,
    case when count(*) < cardinality(:places::integer[]) then array_agg(place) end as places,
    case when count(*) < cardinality(:places::integer[]) then array_agg(order_id) end as order_ids
from won;

-- name: free_places(event_ids, places, order_ids)!
-- Give places back, only those that these orders still have. The orders are locked, or this transaction made the
-- claims: nobody else deletes these rows, and who waits for one of them holds none that we wait for.
delete from ticketing.claim
using unnest(:event_ids::uuid[], :places::integer[], :order_ids::uuid[]) as given (event_id, place, order_id)
where claim.event_id = given.event_id and claim.place = given.place and claim.order_id = given.order_id;

-- name: places_taken(event_id)
-- Every place of an event that somebody has.
select place from ticketing.claim where event_id = :event_id;

-- name: claims_of_event(event_id)
-- Every place of an event that somebody has, and the order that has it.
select place, order_id from ticketing.claim where event_id = :event_id;
