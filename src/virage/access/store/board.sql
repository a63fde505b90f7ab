-- name: inside_by_zone(event_id)
-- How many are inside, by where they are.
select zone, count(*) as people
from access.presence
where event_id = :event_id and state = 'inside'
group by zone;

-- name: flow_by_gate(event_id, since)
-- Entries and exits by gate, and the entries since a time. A pass that is scanned again at an exit has left once.
select gate, count(*) filter (where step = 'passed') as entries,
    count(*) filter (where step = 'left' and before is distinct from 'left') as exits,
    count(*) filter (where step = 'passed' and at > :since) as lately
from (
    select gate, step, at, lag(step) over (partition by pass_number order by at, device_id, number) as before
    from access.crossing
    where event_id = :event_id
) as crossing
group by gate;

-- name: refusals(event_id)
-- Refused scans by gate and reason, the server's and the devices' own; rehearsals are none.
select gate, coalesce(reason, '') as reason, count(*) as scans
from access.scan
where event_id = :event_id and not training and (outcome = 'refused' or kind = 'refused')
group by 1, 2;

-- name: pulses(event_id, since)
-- What counters told, by lane, gate and minute.
select coalesce(lane, '') as lane, gate, date_trunc('minute', at, 'UTC') as minute, sum(count)::bigint as people
from access.scan
where event_id = :event_id and kind = 'pulse' and not training and at > :since
group by 1, 2, 3;

-- name: outs(event_id)
-- Who left by a gate without a scan, as counters told.
select gate, sum(count)::bigint as people
from access.scan
where event_id = :event_id and kind = 'pulse' and lane = 'out' and not training
group by gate;

-- name: duplicates(event_id, limit_)
-- What two gates both let in, with both scans, the latest first.
select duplicate.pass_number, duplicate.found_at, duplicate.gone_at,
    duplicate.first_device_id, duplicate.first_number, first.gate as first_gate, first.at as first_at,
    first.offline as first_offline, first.override as first_override,
    duplicate.second_device_id, duplicate.second_number, second.gate as second_gate, second.at as second_at,
    second.offline as second_offline, second.override as second_override
from access.duplicate
inner join access.scan as first
    on first.device_id = duplicate.first_device_id and first.number = duplicate.first_number
inner join access.scan as second
    on second.device_id = duplicate.second_device_id and second.number = duplicate.second_number
where duplicate.event_id = :event_id
order by duplicate.gone_at is not null, duplicate.found_at desc, duplicate.pass_number
limit :limit_;

-- name: standing_duplicates(event_id)$
-- How many duplicates nothing explains.
select count(*) from access.duplicate where event_id = :event_id and gone_at is null;

-- name: special_scans(event_id, limit_)
-- What people overruled, and what gates without network let in with a code that proves nothing, the latest first.
select device_id, number, gate, at, kind, pass_number, reason, override, person_id
from access.scan
where event_id = :event_id and not training and kind in ('ask', 'admitted', 'passed')
    and (override is not null or (outcome = 'noted' and reason is not null))
order by received_at desc, device_id, number
limit :limit_;

-- name: device_states(event_id)
-- How the devices of an event said they were.
select device_id, event_id, gate, heard_at, clock_off_ms, backlog, battery_percent, offline_since, pack_version,
    person_id
from access.device_state
where event_id = :event_id
order by gate, device_id;

-- name: insert_correction(id, event_id, zone, people, reason, now, who)!
-- A correction, once.
insert into access.correction (id, event_id, zone, people, reason, corrected_at, corrected_by)
values (:id, :event_id, :zone, :people, :reason, :now, :who)
on conflict (id) do nothing;

-- name: correction(id)^
-- A correction by its id.
select id, event_id, zone, people, reason, corrected_at, corrected_by from access.correction where id = :id;

-- name: corrections(event_id)
-- Every correction of an event, the latest first.
select id, event_id, zone, people, reason, corrected_at, corrected_by
from access.correction
where event_id = :event_id
order by corrected_at desc, id;
