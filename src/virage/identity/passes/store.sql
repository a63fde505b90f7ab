-- name: issue(subjects, event_ids, places, gate_groups, not_befores, expires_ats, places_from_end, counted_events, counts)
-- Passes for a whole batch. Each event's counter is raised once, in order of the event's id; a pass's number is the new
-- count less its place from the end of its event's share. Returns the new counts.
with raised as (
    insert into passes.counter as counter (event_id, issued)
    select event_id, count
    from unnest(:counted_events::uuid[], :counts::bigint[]) as share (event_id, count)
    order by event_id
    on conflict (event_id) do update set issued = counter.issued + excluded.issued
    returning counter.event_id, counter.issued
),

written as (
    insert into passes.pass (subject, event_id, not_before, expires_at, number, place, gate_group)
    select issue.subject, issue.event_id, issue.not_before, issue.expires_at,
        raised.issued - issue.place_from_end, issue.place, issue.gate_group
    from unnest(
        :subjects::uuid[], :event_ids::uuid[], :places::bigint[], :gate_groups::text[],
        :not_befores::timestamptz[], :expires_ats::timestamptz[], :places_from_end::bigint[]
    ) as issue (subject, event_id, place, gate_group, not_before, expires_at, place_from_end)
    inner join raised on raised.event_id = issue.event_id
)

select event_id, issued from raised;

-- name: lock_passes(subjects)
-- Passes about to change, locked in order of their subject.
select subject, event_id, number, place, gate_group, not_before, expires_at, generation, rebinds, printed, holder,
    revoked_at, entered_at, suspended
from passes.pass
where subject = any(:subjects::uuid[])
order by subject
for no key update;

-- name: passes_of(subjects)
-- Passes by subject.
select subject, event_id, number, place, gate_group, not_before, expires_at, generation, rebinds, printed, holder,
    revoked_at, entered_at, suspended
from passes.pass
where subject = any(:subjects::uuid[]);

-- name: passes_at_gate(event_ids, numbers)
-- What a gate must know of passes, by their numbers.
select pass.event_id, pass.number, pass.place, pass.gate_group, pass.generation, pass.revoked_at is not null as revoked
from unnest(:event_ids::uuid[], :numbers::bigint[]) as wanted (event_id, number)
inner join passes.pass on pass.event_id = wanted.event_id and pass.number = wanted.number;

-- name: subjects(event_id, numbers)
-- The subjects of passes of an event, by their numbers.
select number, subject from passes.pass where event_id = :event_id and number = any(:numbers::bigint[]);

-- name: issued(event_id)$
-- How many passes an event has issued.
select issued from passes.counter where event_id = :event_id;

-- name: changed_passes(event_id)
-- Passes of an event that are not as they were issued.
select number, generation, revoked_at is not null as revoked
from passes.pass
where event_id = :event_id and (revoked_at is not null or generation > 0)
order by number;

-- name: passes_of_groups(event_id, groups)
-- The live passes that enter through some gate groups.
select subject, number, place
from passes.pass
where event_id = :event_id and gate_group = any(:groups::text[]) and revoked_at is null
order by number;

-- name: passes_at_places(event_id, places)
-- The live passes of some places.
select number, place from passes.pass
where event_id = :event_id and place = any(:places::bigint[]) and revoked_at is null
order by number;

-- name: counts_by_part(event_id, firsts)
-- Live passes of an event, and those that have entered, by the part of the venue whose first place comes before theirs.
-- A pass revoked after its entry counts as both.
select width_bucket(place, :firsts::bigint[]) as part, count(*) as live, count(entered_at) as entered
from passes.pass
where event_id = :event_id and (revoked_at is null or entered_at is not null)
group by 1;

-- name: counts_by_group(event_id)
-- Passes of an event that are live or have entered, by group of gates.
select gate_group, count(*) as count
from passes.pass
where event_id = :event_id and (revoked_at is null or entered_at is not null)
group by gate_group
order by gate_group;

-- name: write_passes(subjects, generations, rebinds, printed, holders)!
-- What bindings and prints have changed.
update passes.pass
set generation = change.generation, rebinds = change.rebinds, printed = change.printed, holder = change.holder
from unnest(
    :subjects::uuid[], :generations::bigint[], :rebinds::bigint[], :printed::boolean[], :holders::bytea[]
) as change (subject, generation, rebinds, printed, holder)
where pass.subject = change.subject;

-- name: relocate(subjects, places, gate_groups, generations)!
-- Passes whose places have other numbers or other places now; `lock_passes` locked them.
update passes.pass
set place = moved.place, gate_group = moved.gate_group, generation = moved.generation
from unnest(:subjects::uuid[], :places::bigint[], :gate_groups::text[], :generations::bigint[])
    as moved (subject, place, gate_group, generation)
where pass.subject = moved.subject;

-- name: relocate_unseated(event_id, from_place, to_place)!
-- Passes without a seat stand after all places of the venue.
with unseated as (
    select subject from passes.pass
    where event_id = :event_id and place >= :from_place
    order by subject
    for no key update
)

update passes.pass set place = :to_place from unseated where pass.subject = unseated.subject;

-- name: suspend(subjects, at)
-- Revoke passes that are not revoked yet, until they are reinstated. Returns those that this call suspended.
with live as (
    select subject
    from passes.pass
    where subject = any(:subjects::uuid[]) and revoked_at is null
    order by subject
    for no key update
)

update passes.pass
set revoked_at = :at, suspended = true
from live
where pass.subject = live.subject
returning pass.subject, pass.event_id, pass.number;

-- name: reinstate(subjects)
-- Passes that are suspended are valid again. Returns those that this call reinstated.
with held as (
    select subject
    from passes.pass
    where subject = any(:subjects::uuid[]) and suspended
    order by subject
    for no key update
)

update passes.pass
set revoked_at = null, suspended = false
from held
where pass.subject = held.subject
returning pass.subject, pass.event_id, pass.number;

-- name: revoke(subjects, at)
-- Revoke passes for ever, and forget their phones. Returns those that this call revoked.
with live as (
    select subject
    from passes.pass
    where subject = any(:subjects::uuid[]) and (revoked_at is null or suspended)
    order by subject
    for no key update
)

update passes.pass
set revoked_at = :at, holder = null, suspended = false
from live
where pass.subject = live.subject
returning pass.subject, pass.event_id, pass.number;

-- name: mark_entered(event_id, numbers, at)!
-- The first crossing of each pass; later ones change nothing.
with crossed as (
    select subject
    from passes.pass
    where event_id = :event_id and number = any(:numbers::bigint[]) and entered_at is null
    order by subject
    for no key update
)

update passes.pass
set entered_at = :at
from crossed
where pass.subject = crossed.subject;

-- name: clear_entered(event_id, numbers)!
-- Clear the first entry of passes whose scans were withdrawn.
with withdrawn as (
    select subject
    from passes.pass
    where event_id = :event_id and number = any(:numbers::bigint[]) and entered_at is not null
    order by subject
    for no key update
)

update passes.pass
set entered_at = null
from withdrawn
where pass.subject = withdrawn.subject;
