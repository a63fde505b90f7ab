-- name: claim_places(event_ids, places, order_ids, versions)^
-- Claim places for the orders of a batch, in key order. If some were taken, `places` and `order_ids` list the claimed
-- ones, else they are null. Places numbered by another version of the venue than the event's current one are not
-- claimed; `moved` lists their events. A null version is not checked.
with moved as (
    select distinct wanted.event_id
    from unnest(:event_ids::uuid[], :versions::text[]) as wanted (event_id, version)
    join ticketing.moved_event as current
        on current.event_id = wanted.event_id and current.venue_version <> wanted.version
),
won as (
    insert into ticketing.claim (event_id, place, order_id)
    select wanted.event_id, wanted.place, wanted.order_id
    from unnest(:event_ids::uuid[], :places::integer[], :order_ids::uuid[]) as wanted (event_id, place, order_id)
    where wanted.event_id not in (select event_id from moved)
    order by wanted.event_id, wanted.place
    on conflict (event_id, place) do nothing
    returning place, order_id
)
select count(*) = cardinality(:places::integer[]) as whole,
    case when count(*) < cardinality(:places::integer[]) then array_agg(place) end as places,
    case when count(*) < cardinality(:places::integer[]) then array_agg(order_id) end as order_ids,
    (select array_agg(event_id) from moved) as moved
from won;

-- name: clear_claims(event_id)!
-- Delete every claim of an event, whose orders are locked.
delete from ticketing.claim where event_id = :event_id;

-- name: put_claims(event_id, places, order_ids)!
-- The claims of an event whose claims were deleted in the same transaction.
insert into ticketing.claim (event_id, place, order_id)
select :event_id, renumbered.place, renumbered.order_id
from unnest(:places::integer[], :order_ids::uuid[]) as renumbered (place, order_id)
order by renumbered.place;

-- name: put_moved_event(event_id, venue_version)!
-- The current version of the venue of a moved event.
insert into ticketing.moved_event (event_id, venue_version) values (:event_id, :venue_version)
on conflict (event_id) do update set venue_version = excluded.venue_version;

-- name: free_places(event_ids, places, order_ids)!
-- Delete the claims that these orders still have. The orders are locked, or this transaction inserted the claims: no
-- other transaction deletes these rows, and one that waits for them holds no lock that this one needs.
delete from ticketing.claim
using unnest(:event_ids::uuid[], :places::integer[], :order_ids::uuid[]) as given (event_id, place, order_id)
where claim.event_id = given.event_id and claim.place = given.place and claim.order_id = given.order_id;

-- name: move_claims(from_ids, to_ids)!
-- Move claims from one order to another. The orders are locked, so no other transaction changes these rows.
update ticketing.claim set order_id = moved.to_id
from unnest(:from_ids::uuid[], :to_ids::uuid[]) as moved (from_id, to_id)
join ticketing.orders on orders.id = moved.from_id
cross join lateral unnest(orders.places) as had (place)
where claim.event_id = orders.event_id and claim.place = had.place and claim.order_id = orders.id;

-- name: hand_claims(event_ids, places, from_ids, to_ids)!
-- Move single claims from one order to another. The orders are locked, so no other transaction changes these rows.
update ticketing.claim set order_id = moved.to_id
from unnest(:event_ids::uuid[], :places::integer[], :from_ids::uuid[], :to_ids::uuid[])
    as moved (event_id, place, from_id, to_id)
where claim.event_id = moved.event_id and claim.place = moved.place and claim.order_id = moved.from_id;

-- name: places_taken(event_id)
-- Every claimed place of an event.
select place from ticketing.claim where event_id = :event_id;

-- name: claims_of_event(event_id)
-- Every claimed place of an event, with its order.
select place, order_id from ticketing.claim where event_id = :event_id;

-- name: keep_occupied(order_id, event_ids, places, ticket_ids)!
-- Places of refunded tickets whose holders are inside.
insert into ticketing.occupied_place (event_id, place, order_id, ticket_id)
select kept.event_id, kept.place, :order_id, kept.ticket_id
from unnest(:event_ids::uuid[], :places::integer[], :ticket_ids::uuid[]) as kept (event_id, place, ticket_id);

-- name: occupied_places()
-- Every place of a refunded ticket whose holder was inside.
select event_id, place, order_id, ticket_id from ticketing.occupied_place order by event_id, place;

-- name: occupied_of_orders(order_ids)
-- The places of refunded tickets of these orders whose holders were inside.
select event_id, place, order_id, ticket_id from ticketing.occupied_place
where order_id = any(:order_ids::uuid[]) order by event_id, place;

-- name: forget_occupied_of_event(event_id)!
-- Delete the occupied places of an event, whose orders are locked.
delete from ticketing.occupied_place where event_id = :event_id;

-- name: forget_occupied(ticket_ids)!
-- Delete occupied places; only one job changes these rows.
delete from ticketing.occupied_place where ticket_id = any(:ticket_ids::uuid[]);
