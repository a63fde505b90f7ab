-- name: known_scans(device_ids, numbers)
-- Known scans with their answers. The `offset 0`, here and below, keeps the plan on the index: one that
-- was made while the table was small would read all of it, and stays until statistics come.
select found.device_id, found.number, found.answer
from unnest(:device_ids::uuid[], :numbers::bigint[]) as wanted (device_id, number)
cross join lateral (
    select scan.device_id, scan.number, scan.answer
    from access.scan
    where scan.device_id = wanted.device_id and scan.number = wanted.number
    offset 0
) as found;

-- name: lock_presence(event_ids, numbers)
-- The presence of passes, in the order of their keys, locked until the transaction ends; made where there is none.
insert into access.presence as presence (event_id, pass_number)
select event_id, number
from unnest(:event_ids::uuid[], :numbers::bigint[]) as wanted (event_id, number)
order by event_id, number
on conflict (event_id, pass_number) do update set generation = presence.generation
returning event_id, pass_number, state, since, gate, pending_until, generation, entries, steps, stale_step,
    stale_at, coalesce(people, 0) as people;

-- name: presence_of(event_ids, numbers)
-- Presence of passes.
select presence.event_id, presence.pass_number, state, since, gate, pending_until, generation, entries, steps,
    stale_step, stale_at, coalesce(people, 0) as people
from unnest(:event_ids::uuid[], :numbers::bigint[]) as wanted (event_id, number)
inner join access.presence on presence.event_id = wanted.event_id and presence.pass_number = wanted.number;

-- name: crossings_of(event_ids, numbers)
-- All crossings of passes that were not withdrawn.
select found.*
from unnest(:event_ids::uuid[], :numbers::bigint[]) as wanted (event_id, number)
cross join lateral (
    select crossing.event_id, crossing.pass_number, crossing.at, crossing.device_id, crossing.number, crossing.step,
        crossing.gate, crossing.proved
    from access.crossing
    where crossing.event_id = wanted.event_id and crossing.pass_number = wanted.number
        and crossing.withdrawn_at is null
    offset 0
) as found;

-- name: flags_of(event_ids, numbers, now)
-- The bans that passes met and that still hold.
select flag.event_id, flag.pass_number, flag.ban_id
from unnest(:event_ids::uuid[], :numbers::bigint[]) as wanted (event_id, number)
inner join access.flag on flag.event_id = wanted.event_id and flag.pass_number = wanted.number
where flag.expires_at > :now;

-- name: lock_overrides(device_ids)!
-- Overrides of one device are counted by one transaction at a time.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('overrides ' || device_id::text, 0))
from unnest(:device_ids::uuid[]) as device_id;

-- name: count_overrides(device_ids, event_ids)
-- How many overrides devices sent for events.
select scan.device_id, scan.event_id, count(*) as overrides
from unnest(:device_ids::uuid[], :event_ids::uuid[]) as wanted (device_id, event_id)
inner join access.scan on scan.device_id = wanted.device_id and scan.event_id = wanted.event_id
where scan.override is not null and not scan.training and scan.withdrawn_at is null
group by 1, 2;

-- name: insert_scans(scans)!
-- The scans of a batch, one JSON object each.
insert into access.scan (
    device_id, number, event_id, gate, kind, at, received_at, pass_number, generation, outcome, reason, override,
    person_id, lane, count, offline, training, time_trusted, answer
)
select device_id, number, event_id, gate, kind, at, received_at, pass_number, generation, outcome, reason, override,
    person_id, lane, count, offline, training, time_trusted, answer
from jsonb_populate_recordset(null::access.scan, :scans::jsonb);

-- name: insert_crossings(event_ids, pass_numbers, times, device_ids, numbers, steps, gates, proved)!
-- The steps of a batch.
insert into access.crossing (event_id, pass_number, at, device_id, number, step, gate, proved)
select *
from unnest(
    :event_ids::uuid[], :pass_numbers::bigint[], :times::timestamptz[], :device_ids::uuid[], :numbers::bigint[],
    :steps::text[], :gates::text[], :proved::boolean[]
);

-- name: write_presence(event_ids, numbers, states, sinces, gates, pending_untils, generations, entries, steps, zones, stale_steps, stale_ats, people)!
-- What the crossings of a batch have changed, in rows that it has locked: an insert finds them by their key, always.
insert into access.presence (
    event_id, pass_number, state, since, gate, pending_until, generation, entries, steps, zone, stale_step, stale_at,
    people
)
select *
from unnest(
    :event_ids::uuid[], :numbers::bigint[], :states::text[], :sinces::timestamptz[], :gates::text[],
    :pending_untils::timestamptz[], :generations::bigint[], :entries::integer[], :steps::integer[], :zones::text[],
    :stale_steps::bigint[], :stale_ats::timestamptz[], :people::integer[]
)
on conflict (event_id, pass_number) do update
set state = excluded.state, since = excluded.since, gate = excluded.gate, pending_until = excluded.pending_until,
    generation = excluded.generation, entries = excluded.entries, steps = excluded.steps, zone = excluded.zone,
    stale_step = excluded.stale_step, stale_at = excluded.stale_at, people = excluded.people;

-- name: end_duplicates(event_ids, numbers, device_ids, device_numbers, now)!
-- Duplicates of passes that are none any more: the second crossings that still are come in `device_ids`, `device_numbers`.
update access.duplicate
set gone_at = :now
from unnest(:event_ids::uuid[], :numbers::bigint[]) as touched (event_id, number)
where duplicate.event_id = touched.event_id and duplicate.pass_number = touched.number and duplicate.gone_at is null
    and not exists (
        select from unnest(:device_ids::uuid[], :device_numbers::bigint[]) as standing (device_id, number)
        where standing.device_id = duplicate.second_device_id and standing.number = duplicate.second_number
    );

-- name: write_duplicates(event_ids, numbers, first_devices, first_numbers, second_devices, second_numbers, now)!
-- What two gates both let in; one that was known keeps its time.
insert into access.duplicate as duplicate (
    event_id, pass_number, first_device_id, first_number, second_device_id, second_number, found_at
)
select event_id, number, first_device, first_number, second_device, second_number, :now
from unnest(
    :event_ids::uuid[], :numbers::bigint[], :first_devices::uuid[], :first_numbers::bigint[], :second_devices::uuid[],
    :second_numbers::bigint[]
) as found (event_id, number, first_device, first_number, second_device, second_number)
order by event_id, number, second_device, second_number
on conflict (event_id, pass_number, second_device_id, second_number) do update
set first_device_id = excluded.first_device_id, first_number = excluded.first_number, gone_at = null;

-- name: insert_hits(ban_ids, device_ids, numbers, event_ids, pass_numbers, times)!
-- Scans of flagged passes.
insert into access.ban_hit (ban_id, device_id, number, event_id, pass_number, at)
select *
from unnest(
    :ban_ids::uuid[], :device_ids::uuid[], :numbers::bigint[], :event_ids::uuid[], :pass_numbers::bigint[],
    :times::timestamptz[]
)
on conflict do nothing;

-- name: overdue_admissions(now, limit_)
-- Passes that were admitted and did not pass in time, locked in the order of their keys.
select event_id, pass_number
from access.presence
where pending_until <= :now
order by event_id, pass_number
limit :limit_
for no key update skip locked;

-- name: gates_of_scans(device_id, since)
-- The events and gates for which a device uploaded scans since a time that still count.
select event_id, array_agg(distinct gate) as gates
from access.scan
where device_id = :device_id and received_at >= :since and withdrawn_at is null
group by event_id;

-- name: withdraw_scans(device_id, since, event_ids, now)!
-- Mark what a device uploaded since a time for events as withdrawn.
update access.scan set withdrawn_at = :now
where device_id = :device_id and received_at >= :since and event_id = any(:event_ids::uuid[]) and withdrawn_at is null;

-- name: passes_of_scans(device_id, since, event_ids)
-- Passes with counted crossings of a device since a time.
select distinct crossing.event_id, crossing.pass_number
from access.scan
inner join access.crossing on crossing.device_id = scan.device_id and crossing.number = scan.number
    and crossing.event_id = scan.event_id and crossing.pass_number = scan.pass_number
where scan.device_id = :device_id and scan.received_at >= :since and scan.event_id = any(:event_ids::uuid[])
    and crossing.withdrawn_at is null
order by 1, 2;

-- name: withdraw_crossings(device_id, since, event_ids, now)!
-- Mark the crossings of these scans as withdrawn.
update access.crossing set withdrawn_at = :now
from access.scan
where scan.device_id = :device_id and scan.received_at >= :since and scan.event_id = any(:event_ids::uuid[])
    and crossing.event_id = scan.event_id and crossing.pass_number = scan.pass_number and crossing.device_id = scan.device_id
    and crossing.number = scan.number and crossing.withdrawn_at is null;

-- name: insert_withdrawal(device_id, since, now, who)!
-- That and since when a device's uploads were withdrawn.
insert into access.withdrawal (device_id, since, withdrawn_at, withdrawn_by)
values (:device_id, :since, :now, :who)
on conflict do nothing;
