-- name: passes_by_state(event_id)
-- Pass numbers inside and outside, as two lists.
select state, array_agg(pass_number) as numbers
from access.presence
where event_id = :event_id and state in ('inside', 'outside')
group by state;

-- name: flagged_passes(event_id, now)
-- The passes that a ban met.
select distinct pass_number from access.flag where event_id = :event_id and expires_at > :now;

-- name: put_device_state(device_id, event_id, gate, now, clock_off_ms, backlog, battery_percent, offline_since, pack_version, person_id)!
-- How a device says it is.
insert into access.device_state (
    device_id, event_id, gate, heard_at, clock_off_ms, backlog, battery_percent, offline_since, pack_version, person_id
)
values (
    :device_id, :event_id, :gate, :now, :clock_off_ms, :backlog, :battery_percent, :offline_since, :pack_version,
    :person_id
)
on conflict (device_id) do update
set event_id = excluded.event_id, gate = excluded.gate, heard_at = excluded.heard_at,
    clock_off_ms = excluded.clock_off_ms, backlog = excluded.backlog, battery_percent = excluded.battery_percent,
    offline_since = excluded.offline_since, pack_version = excluded.pack_version, person_id = excluded.person_id;
