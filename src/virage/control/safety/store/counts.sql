-- name: insert_counts(ids, event_ids, device_ids, are_lanes, places, kinds, counted, times, now)
-- Counts, each once, in the order of their ids, so that two processes do not wait for each other; returns the new ones.
insert into safety.count (id, event_id, device_id, is_lane, place, kind, value, at, received_at)
select new.id, new.event_id, new.device_id, new.is_lane, new.place, new.kind, new.value, new.at, :now
from unnest(
    :ids::uuid[], :event_ids::uuid[], :device_ids::uuid[], :are_lanes::boolean[], :places::text[], :kinds::text[],
    :counted::integer[], :times::timestamptz[]
) as new (id, event_id, device_id, is_lane, place, kind, value, at)
order by new.id
on conflict do nothing
returning id;

-- name: add_to_counters(event_ids, device_ids, are_lanes, places, kinds, counted, times, now)!
-- New counts added up: sums grow, a level is replaced by one that is not older. In the order of the keys. A stored time
-- in the future is from before the clock went back, and counts as older than any.
insert into safety.counter (event_id, device_id, is_lane, place, kind, value, at)
select new.event_id, new.device_id, new.is_lane, new.place, new.kind, new.value, new.at
from unnest(
    :event_ids::uuid[], :device_ids::uuid[], :are_lanes::boolean[], :places::text[], :kinds::text[],
    :counted::bigint[], :times::timestamptz[]
) as new (event_id, device_id, is_lane, place, kind, value, at)
order by new.event_id, new.device_id, new.is_lane, new.place, new.kind
on conflict (event_id, device_id, is_lane, place, kind) do update
set
    value = case
        when excluded.kind in ('in', 'out') then counter.value + excluded.value
        when excluded.at >= counter.at or counter.at > :now then excluded.value
        else counter.value
    end,
    at = case when counter.at > :now then excluded.at else greatest(counter.at, excluded.at) end;

-- name: counters(event_id)
-- The counters of an event.
select event_id, device_id, is_lane, place, kind, value, at
from safety.counter
where event_id = :event_id
order by device_id, is_lane, place, kind;

-- name: delete_counts(before)!
-- Delete counts received before a time; the counters stay.
with locked as (
    select id from safety.count where received_at < :before
    order by id
    for update
)
delete from safety.count using locked where count.id = locked.id;
