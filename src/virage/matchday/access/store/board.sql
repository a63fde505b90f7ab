-- name: inside_by_zone(event_id)
-- People inside by zone, and the passes that are inside.
select zone, sum(coalesce(people, case when state = 'inside' then 1 else 0 end))::bigint as people, count(*) filter (where state = 'inside') as admitted
from access.presence
where event_id = :event_id and zone is not null
group by zone;

-- name: unidentified_entries(event_id)
-- Who went in by a gate with a code that names no pass of the event.
select gate, count(*) as people
from access.scan
where event_id = :event_id and kind = 'passed' and pass_number is null and not training and withdrawn_at is null
group by gate;

-- name: flow_by_gate(event_id, since)
-- Entries and exits by gate, the entries since a time, and the last crossing. A pass that is scanned again at an exit has
-- left once. Entries that a mismatch took back are none.
select gate, count(*) filter (where step = 'passed' and not taken_back) as entries,
    count(*) filter (where step = 'left' and before is distinct from 'left') as exits,
    count(*) filter (where step = 'passed' and not taken_back and at > :since) as lately, max(at) as last_at
from (
    select gate, step, at, lag(step) over passes as before,
        coalesce(bool_or(step = 'mismatched') over later, false) as taken_back
    from access.crossing
    where event_id = :event_id and withdrawn_at is null
    window passes as (partition by pass_number order by at, device_id, number),
        later as (
            partition by pass_number, device_id, gate order by number
            rows between 1 following and unbounded following
        )
) as crossing
group by gate;

-- name: refusals(event_id)
-- Refused scans by gate and reason, the server's and the devices' own; rehearsals are none.
select gate, coalesce(reason, '') as reason, count(*) as scans
from access.scan
where event_id = :event_id and not training and withdrawn_at is null and (outcome = 'refused' or kind = 'refused')
group by 1, 2;

-- name: pulses(event_id, since)
-- Counts by lane and gate: minutes, and people in each.
select lane, gate, array_agg(minute) as minutes, array_agg(people) as people
from (
    select coalesce(lane, '') as lane, gate, date_trunc('minute', at, 'UTC') as minute, sum(count)::bigint as people
    from access.scan
    where event_id = :event_id and kind = 'pulse' and not training and withdrawn_at is null and at > :since
    group by 1, 2, 3
) as minute_count
group by lane, gate;

-- name: entries(event_id, since, gates, keys)
-- Entries by the key of their gate: minutes, and people in each.
select key, array_agg(minute) as minutes, array_agg(people) as people
from (
    select tied.key, date_trunc('minute', crossing.at, 'UTC') as minute, count(*) as people
    from access.crossing
    inner join unnest(:gates::text[], :keys::text[]) as tied (gate, key) on tied.gate = crossing.gate
    where crossing.event_id = :event_id and crossing.step = 'passed' and crossing.at > :since
        and crossing.withdrawn_at is null
    group by 1, 2
) as minute_count
group by key;

-- name: anonymous_exits(event_id)
-- Exits without a scan by gate.
select gate, sum(count)::bigint as people
from access.scan
where event_id = :event_id and kind = 'pulse' and lane = 'out' and not training and withdrawn_at is null
group by gate;

-- name: duplicates(event_id, limit_)
-- What two gates both let in, with both scans, the latest first.
select duplicate.pass_number, duplicate.found_at, duplicate.gone_at,
    duplicate.first_device_id, duplicate.first_number, first.gate as first_gate, first.at as first_at,
    first.offline as first_offline, first.override as first_override, first.person_id as first_person_id,
    duplicate.second_device_id, duplicate.second_number, second.gate as second_gate, second.at as second_at,
    second.offline as second_offline, second.override as second_override, second.person_id as second_person_id
from access.duplicate
inner join access.scan as first
    on first.device_id = duplicate.first_device_id and first.number = duplicate.first_number
inner join access.scan as second
    on second.device_id = duplicate.second_device_id and second.number = duplicate.second_number
where duplicate.event_id = :event_id
order by duplicate.gone_at is not null, duplicate.found_at desc, duplicate.pass_number
limit :limit_;

-- name: open_duplicates(event_id)$
-- How many duplicates nothing explains.
select count(*) from access.duplicate where event_id = :event_id and gone_at is null;

-- name: scan_alerts(event_id, limit_)
-- What people overruled, what devices let in without proof, and bearers who were refused because their pass came in
-- before by a code out of its time: a film of it may have; the latest first.
select device_id, number, gate, at, kind, pass_number, reason, override, person_id
from access.scan
where event_id = :event_id and not training and withdrawn_at is null
    and (
        (kind in ('ask', 'admitted', 'passed') and (override is not null or (outcome = 'noted' and reason is not null)))
        or (
            reason = 'already_inside'
            and exists (
                select from access.scan as first
                where first.event_id = scan.event_id and first.pass_number = scan.pass_number
                    and first.answer ? 'clock_off_s' and not first.training and first.withdrawn_at is null
            )
        )
    )
order by received_at desc, device_id, number
limit :limit_;

-- name: first_entries(event_id, numbers)
-- The scans by which passes came in first.
select distinct on (scan.pass_number) scan.pass_number, scan.device_id, scan.number, scan.gate, scan.at, scan.offline,
    scan.override, scan.person_id
from access.crossing
inner join access.scan on scan.device_id = crossing.device_id and scan.number = crossing.number
where crossing.event_id = :event_id and crossing.pass_number = any(:numbers::bigint[]) and crossing.step = 'passed'
    and crossing.withdrawn_at is null
order by scan.pass_number, scan.at;

-- name: overrides_by_device(event_id, limit_)
-- How many overrides each device sent, with the gate and the person of its last one; most first.
select device_id, (array_agg(gate order by number desc))[1] as gate, count(*) as overrides,
    (array_agg(person_id order by number desc))[1] as person_id
from access.scan
where event_id = :event_id and override is not null and not training and withdrawn_at is null
group by device_id
order by overrides desc, device_id
limit :limit_;

-- name: history(event_id, number, limit_)
-- The scans of a pass, the latest first.
select device_id, number, gate, at, kind, pass_number, reason, override, person_id, outcome, offline, training,
    time_trusted, withdrawn_at is not null as withdrawn, coalesce((answer ->> 'clock_off_s')::integer, 0) as clock_off_s
from access.scan
where event_id = :event_id and pass_number = :number
order by at desc, received_at desc, device_id, number desc
limit :limit_;

-- name: scans_of_passes(event_id, numbers, limit_)
-- The scans of some passes without training, the earliest first.
select device_id, number, gate, at, kind, pass_number, reason, override, person_id, outcome, offline, training,
    time_trusted, withdrawn_at is not null as withdrawn, coalesce((answer ->> 'clock_off_s')::integer, 0) as clock_off_s
from access.scan
where event_id = :event_id and pass_number = any(:numbers::bigint[]) and not training
order by at, device_id, number
limit :limit_;

-- name: device_states(event_id)
-- Last states of an event's devices.
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
