-- name: choices_of(person_id)
-- What a fan asked to be told; without an event: of all of the club.
select event_id, kinds, even_during, quiet from live.notice_choice where person_id = :person_id order by event_id;

-- name: put_choice(person_id, event_id, kinds, even_during, quiet)!
-- What a fan asks to be told of an event, or of all (null).
insert into live.notice_choice (person_id, event_id, kinds, even_during, quiet)
values (:person_id, :event_id, :kinds, :even_during, :quiet)
on conflict (person_id, event_id) do update set kinds = excluded.kinds, even_during = excluded.even_during,
    quiet = excluded.quiet;

-- name: drop_choice(person_id, event_id)!
-- What a fan asked of an event is as for the club again.
delete from live.notice_choice where person_id = :person_id and event_id = :event_id;

-- name: forget_choices(person_id)!
-- All that a fan asked.
with gone as (
    select event_id from live.notice_choice where person_id = :person_id order by event_id for no key update
)
delete from live.notice_choice as c using gone
where c.person_id = :person_id and c.event_id is not distinct from gone.event_id;

-- name: forget_notices(person_id)!
-- All that a fan was told.
with gone as (
    select event_id, number from live.notice where person_id = :person_id order by event_id, number for no key update
)
delete from live.notice as n using gone
where n.person_id = :person_id and n.event_id = gone.event_id and n.number = gone.number;

-- name: told_to(person_id)
-- What a fan was told of entries, or what is held for them.
select event_id, number, held, at from live.notice where person_id = :person_id order by event_id, number;

-- name: open_noticed(event_id)!
-- Where to begin with a feed; one that was begun goes on.
insert into live.noticed (event_id) values (:event_id) on conflict do nothing;

-- name: lock_noticed(event_id)^
-- Up to where a feed was told, against whoever else tells of it.
select number, after from live.noticed where event_id = :event_id for no key update;

-- name: set_noticed(event_id, number, after)!
-- Up to where a feed was told.
update live.noticed set number = :number, after = :after where event_id = :event_id;

-- name: choosers(event_id, kind, after, limit_)
-- Who chose a kind, of an event or of all, in the order of their ids. A choice of the event stands before that of all.
select person_id, kinds, even_during, quiet
from (
    select distinct on (person_id) person_id, kinds, even_during, quiet
    from live.notice_choice
    where person_id > :after and (event_id = :event_id or event_id is null)
    order by person_id, event_id nulls last
) as choice
where :kind = any(kinds)
order by person_id limit :limit_;

-- name: holding(event_id, after, limit_)
-- For whom something is held, in the order of their ids.
select distinct person_id from live.notice
where event_id = :event_id and held and person_id > :after order by person_id limit :limit_;

-- name: told_of(event_id, number, after, limit_)
-- Who was told of an entry, in the order of their ids.
select person_id from live.notice
where event_id = :event_id and number = :number and not held and person_id > :after order by person_id limit :limit_;

-- name: note(event_id, number, person_ids, held, now)!
-- What was told to persons, or is held for them; what was told once is not held any more.
insert into live.notice as n (event_id, person_id, number, held, at)
select :event_id, line.person_id, :number, line.held, :now
from unnest(:person_ids::uuid[], :held::boolean[]) as line (person_id, held)
order by line.person_id
on conflict (event_id, person_id, number) do update set held = n.held and excluded.held, at = excluded.at;

-- name: drop_held_of(event_id, number)!
-- What is held of an entry that did not happen.
with gone as (
    select person_id from live.notice
    where event_id = :event_id and number = :number and held order by person_id for no key update
)
delete from live.notice as n using gone
where n.event_id = :event_id and n.number = :number and n.person_id = gone.person_id;

-- name: release(event_id, person_ids)!
-- What was held for persons, who hear of it now.
with gone as (
    select person_id, number from live.notice
    where event_id = :event_id and person_id = any(:person_ids::uuid[]) and held
    order by person_id, number for no key update
)
delete from live.notice as n using gone
where n.event_id = :event_id and n.person_id = gone.person_id and n.number = gone.number;

-- name: forget_told(before)!
-- What was told so long ago that no phone shows it any more.
with old as (
    select event_id, person_id, number from live.notice where at < :before
    order by event_id, person_id, number for no key update skip locked
)
delete from live.notice as n using old
where n.event_id = old.event_id and n.person_id = old.person_id and n.number = old.number;
