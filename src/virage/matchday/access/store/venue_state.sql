-- name: venue_states(event_ids)
-- Settings of gates, zones and entry at events, one row per setting.
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
-- Settings of a gate at an event.
insert into access.gate (event_id, gate, turnstile, closed, extra_groups)
values (:event_id, :gate, :turnstile, :closed, :extra_groups)
on conflict (event_id, gate) do update
set turnstile = excluded.turnstile, closed = excluded.closed, extra_groups = excluded.extra_groups;

-- name: fill_zone(event_id, zone, now)!
-- Mark a zone as full; a zone that is full keeps its time.
insert into access.full_zone (event_id, zone, since) values (:event_id, :zone, :now) on conflict do nothing;

-- name: open_zone(event_id, zone)!
-- A zone is not full any more.
delete from access.full_zone where event_id = :event_id and zone = :zone;

-- name: close_entry(event_id, now)!
-- Stop all entry; entry that is stopped keeps its time.
insert into access.closed_ground (event_id, since) values (:event_id, :now) on conflict do nothing;

-- name: open_entry(event_id)!
-- Resume entry.
delete from access.closed_ground where event_id = :event_id;

-- name: put_window(event_id, gate_group, opens_at, closes_at)!
-- When the passes of an accreditation may cross.
insert into access.pass_window (event_id, gate_group, opens_at, closes_at)
values (:event_id, :gate_group, :opens_at, :closes_at)
on conflict (event_id, gate_group) do update set opens_at = excluded.opens_at, closes_at = excluded.closes_at
where (pass_window.opens_at, pass_window.closes_at) is distinct from (excluded.opens_at, excluded.closes_at);

-- name: lock_gates(event_id)
-- The gates with settings at an event, locked in order, so that concurrent changes wait.
select gate from access.gate where event_id = :event_id order by gate for no key update;

-- name: add_group(event_id, gate_group, gates)
-- Add an extra group to gates; returns the gates that changed, with their settings.
insert into access.gate (event_id, gate, turnstile, closed, extra_groups)
select :event_id, wanted.gate, false, false, array[:gate_group::text]
from unnest(:gates::text[]) as wanted (gate)
group by wanted.gate
order by wanted.gate
on conflict (event_id, gate) do update set extra_groups = gate.extra_groups || excluded.extra_groups
where not excluded.extra_groups <@ gate.extra_groups
returning gate, turnstile, closed, extra_groups;

-- name: drop_group(event_id, gate_group, gates)
-- Remove the group from all other gates; returns the gates that changed, with their settings.
update access.gate set extra_groups = array_remove(extra_groups, :gate_group)
where event_id = :event_id and :gate_group = any(extra_groups) and gate <> all(:gates::text[])
returning gate, turnstile, closed, extra_groups;
