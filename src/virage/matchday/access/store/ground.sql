-- name: ground_of(event_ids)
-- How gates, zones and the ground itself stand at events, where it differs from the plan, one row a thing.
select event_id, 'gate' as what, gate as code, turnstile, closed, extra_groups, null::timestamptz as opens_at,
    null::timestamptz as closes_at
from access.gate
where event_id = any(:event_ids::uuid[])
union all
select event_id, 'zone', zone, false, true, '{}', null, null
from access.full_zone
where event_id = any(:event_ids::uuid[])
union all
select event_id, 'ground', '', false, true, '{}', null, null
from access.closed_ground
where event_id = any(:event_ids::uuid[])
union all
select event_id, 'window', gate_group, false, false, '{}', opens_at, closes_at
from access.pass_window
where event_id = any(:event_ids::uuid[]);

-- name: put_gate(event_id, gate, turnstile, closed, extra_groups)!
-- How a gate stands at an event.
insert into access.gate (event_id, gate, turnstile, closed, extra_groups)
values (:event_id, :gate, :turnstile, :closed, :extra_groups)
on conflict (event_id, gate) do update
set turnstile = excluded.turnstile, closed = excluded.closed, extra_groups = excluded.extra_groups;

-- name: fill_zone(event_id, zone, now)!
-- A zone is full; one that was keeps its time.
insert into access.full_zone (event_id, zone, since) values (:event_id, :zone, :now) on conflict do nothing;

-- name: open_zone(event_id, zone)!
-- A zone has room again.
delete from access.full_zone where event_id = :event_id and zone = :zone;

-- name: close_ground(event_id, now)!
-- Nobody more comes in; a ground that was closed keeps its time.
insert into access.closed_ground (event_id, since) values (:event_id, :now) on conflict do nothing;

-- name: open_ground(event_id)!
-- The ground takes people again.
delete from access.closed_ground where event_id = :event_id;

-- name: put_window(event_id, gate_group, opens_at, closes_at)!
-- When the passes of an accreditation may cross.
insert into access.pass_window (event_id, gate_group, opens_at, closes_at)
values (:event_id, :gate_group, :opens_at, :closes_at)
on conflict (event_id, gate_group) do update set opens_at = excluded.opens_at, closes_at = excluded.closes_at
where (pass_window.opens_at, pass_window.closes_at) is distinct from (excluded.opens_at, excluded.closes_at);

-- name: lock_gates(event_id)
-- The gates of an event of which something was said, locked in order: who changes several comes after the other.
select gate from access.gate where event_id = :event_id order by gate for no key update;

-- name: add_group(event_id, gate_group, gates)
-- Gates take a group besides what they take; returns those that did not, as they stand now.
insert into access.gate (event_id, gate, turnstile, closed, extra_groups)
select :event_id, wanted.gate, false, false, array[:gate_group::text]
from unnest(:gates::text[]) as wanted (gate)
group by wanted.gate
order by wanted.gate
on conflict (event_id, gate) do update set extra_groups = gate.extra_groups || excluded.extra_groups
where not excluded.extra_groups <@ gate.extra_groups
returning gate, turnstile, closed, extra_groups;

-- name: drop_group(event_id, gate_group, gates)
-- All other gates take the group no more; returns those that did, as they stand now.
update access.gate set extra_groups = array_remove(extra_groups, :gate_group)
where event_id = :event_id and :gate_group = any(extra_groups) and gate <> all(:gates::text[])
returning gate, turnstile, closed, extra_groups;
