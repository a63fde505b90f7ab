-- name: claim_places(event_ids, places, order_ids)$
-- Claim places for the orders of a batch, in the order of the key; how many were free. Taken ones stay as they are.
with won as (
    insert into ticketing.claim (event_id, place, order_id)
    select wanted.event_id, wanted.place, wanted.order_id
    from unnest(:event_ids::uuid[], :places::integer[], :order_ids::uuid[]) as wanted (event_id, place, order_id)
    order by wanted.event_id, wanted.place
    on conflict (event_id, place) do nothing
    returning place
)
select count(*) from won;

-- name: claimants(event_ids, places)
-- Which order has each of these places; free ones are left out.
select claim.event_id, claim.place, claim.order_id
from unnest(:event_ids::uuid[], :places::integer[]) as wanted (event_id, place)
join ticketing.claim on claim.event_id = wanted.event_id and claim.place = wanted.place;

-- name: free_places(event_ids, places, order_ids)!
-- Give places back, only those that these orders still have.
delete from ticketing.claim
using unnest(:event_ids::uuid[], :places::integer[], :order_ids::uuid[]) as given (event_id, place, order_id)
where claim.event_id = given.event_id and claim.place = given.place and claim.order_id = given.order_id;

-- name: places_taken(event_id)
-- Every place of an event that somebody has.
select place from ticketing.claim where event_id = :event_id;

-- name: claims_of_event(event_id)
-- Every place of an event that somebody has, and the order that has it.
select place, order_id from ticketing.claim where event_id = :event_id;
