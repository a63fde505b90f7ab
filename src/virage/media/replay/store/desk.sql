-- name: four_eyes(event_id)$
-- Whether clips need approval; null if not set.
select four_eyes from replay.desk where event_id = :event_id;

-- name: set_four_eyes(event_id, four_eyes)$
-- Set whether clips need approval; null if unchanged.
insert into replay.desk (event_id, four_eyes) values (:event_id, :four_eyes)
on conflict (event_id) do update set four_eyes = excluded.four_eyes
where desk.four_eyes <> excluded.four_eyes returning event_id;

-- name: open_desk(event_id)!
-- Add the desk of an event, unless there is one.
insert into replay.desk (event_id) values (:event_id) on conflict do nothing;

-- name: lock_desk(event_id)$
-- Lock a desk against concurrent suggestions.
select event_id from replay.desk where event_id = :event_id for no key update;

-- name: moment_known(event_id, from_at, to_at, at)$
-- Whether a suggestion near a moment, or a clip that covers it, exists.
select
    exists (select from replay.suggestion where event_id = :event_id and at between :from_at and :to_at)
    or exists (
        select from replay.clip
        where event_id = :event_id and withdrawn_at is null and :at between from_at and to_at
    );

-- name: add_suggestion(id, event_id, source, at, camera, strength)!
-- Add a suggestion.
insert into replay.suggestion (id, event_id, source, at, camera, strength)
values (:id, :event_id, :source, :at, :camera, :strength);

-- name: suggestion(id)^
-- One suggestion.
select id, event_id, source, at, camera, strength from replay.suggestion where id = :id;

-- name: open_suggestions(event_id, most)
-- Open suggestions, latest first.
select id, event_id, source, at, camera, strength from replay.suggestion
where event_id = :event_id and settled_at is null order by at desc, id limit :most;

-- name: dismiss(id, who, now)!
-- Dismiss an open suggestion.
update replay.suggestion set settled_at = :now, settled_by = :who where id = :id and settled_at is null;

-- name: answer_suggestions(event_id, suggestion, clip_id, from_at, to_at, who, now)!
-- Close the open suggestions that a clip covers or answers.
with answered as (
    select id from replay.suggestion
    where
        event_id = :event_id and settled_at is null
        and (at between :from_at and :to_at or id = :suggestion::uuid)
    order by id for no key update
)
update replay.suggestion set settled_at = :now, settled_by = :who::uuid, clip_id = :clip_id
from answered where suggestion.id = answered.id;

-- name: add_taps(process, event_ids, seconds, taps, watching)!
-- Add requests to see something again, by event and second.
insert into replay.tap (event_id, second, process, taps, watching)
select one.event_id, one.second, :process, one.taps, one.watching
from unnest(:event_ids::uuid[], :seconds::timestamptz[], :taps::int[], :watching::int[])
    as one (event_id, second, taps, watching)
order by one.event_id, one.second
on conflict (event_id, second, process) do update set
    taps = tap.taps + excluded.taps, watching = greatest(tap.watching, excluded.watching);

-- name: taps(event_id, since)
-- Requests since a moment, by second.
select second as at, sum(taps)::int as taps from replay.tap
where event_id = :event_id and second >= :since group by second order by second;

-- name: watching(event_id, since)$
-- Followers of a match in the processes that counted requests.
select coalesce(sum(most), 0)::int from (
    select max(watching) as most from replay.tap where event_id = :event_id and second >= :since group by process
) as one;

-- name: delete_taps(before)!
-- Delete old counts of requests.
with old as (
    select event_id, second, process from replay.tap where second < :before
    order by event_id, second, process for no key update skip locked
)
delete from replay.tap using old
where tap.event_id = old.event_id and tap.second = old.second and tap.process = old.process;
