-- name: preferences_of(person_id)
-- Preferences of a fan; without an event: for the club.
select event_id, kinds, even_during, quiet from live.notice_choice where person_id = :person_id order by event_id;

-- name: save_preferences(person_id, event_id, kinds, even_during, quiet)!
-- Store a fan's preferences for an event, or for the club (null).
insert into live.notice_choice (person_id, event_id, kinds, even_during, quiet)
values (:person_id, :event_id, :kinds, :even_during, :quiet)
on conflict (person_id, event_id) do update set kinds = excluded.kinds, even_during = excluded.even_during,
    quiet = excluded.quiet;

-- name: delete_preferences(person_id, event_id)!
-- Delete a fan's preferences for an event.
delete from live.notice_choice where person_id = :person_id and event_id = :event_id;

-- name: delete_all_preferences(person_id)!
-- Delete all preferences of a fan.
with gone as (
    select event_id from live.notice_choice where person_id = :person_id order by event_id for no key update
)
delete from live.notice_choice as c using gone
where c.person_id = :person_id and c.event_id is not distinct from gone.event_id;

-- name: delete_notifications(person_id)!
-- Delete all notification records of a fan.
with gone as (
    select event_id, number from live.notice where person_id = :person_id order by event_id, number for no key update
)
delete from live.notice as n using gone
where n.person_id = :person_id and n.event_id = gone.event_id and n.number = gone.number;

-- name: notifications_of(person_id)
-- Notification records of a fan.
select event_id, number, held, at from live.notice where person_id = :person_id order by event_id, number;

-- name: open_notification_progress(event_id)!
-- Create the progress of a feed if it has none.
insert into live.noticed (event_id) values (:event_id) on conflict do nothing;

-- name: lock_notification_progress(event_id)^
-- Lock the progress of a feed against other senders.
select number, after from live.noticed where event_id = :event_id for no key update;

-- name: set_notification_progress(event_id, number, after)!
-- Store the progress of a feed.
update live.noticed set number = :number, after = :after where event_id = :event_id;

-- name: subscribers(event_id, kind, after, limit_)
-- Persons who selected a kind, by id. Preferences for the event override those for the club.
select person_id, kinds, even_during, quiet
from (
    select distinct on (person_id) person_id, kinds, even_during, quiet
    from live.notice_choice
    where person_id > :after and (event_id = :event_id or event_id is null)
    order by person_id, event_id nulls last
) as choice
where :kind = any(kinds)
order by person_id limit :limit_;

-- name: held_persons(event_id, after, limit_)
-- Persons with held notifications, by id.
select distinct person_id from live.notice
where event_id = :event_id and held and person_id > :after order by person_id limit :limit_;

-- name: notified_persons(event_id, number, after, limit_)
-- Persons who were notified of an entry, by id.
select person_id from live.notice
where event_id = :event_id and number = :number and not held and person_id > :after order by person_id limit :limit_;

-- name: record_notifications(event_id, number, person_ids, held, now)!
-- Record notifications of persons, sent or held; a sent one is not held any more.
insert into live.notice as n (event_id, person_id, number, held, at)
select :event_id, line.person_id, :number, line.held, :now
from unnest(:person_ids::uuid[], :held::boolean[]) as line (person_id, held)
order by line.person_id
on conflict (event_id, person_id, number) do update set held = n.held and excluded.held, at = excluded.at;

-- name: delete_held(event_id, number)!
-- Delete held notifications of a withdrawn entry.
with gone as (
    select person_id from live.notice
    where event_id = :event_id and number = :number and held order by person_id for no key update
)
delete from live.notice as n using gone
where n.event_id = :event_id and n.number = :number and n.person_id = gone.person_id;

-- name: release_held(event_id, person_ids)!
-- Delete held notifications of persons who get the summary.
with gone as (
    select person_id, number from live.notice
    where event_id = :event_id and person_id = any(:person_ids::uuid[]) and held
    order by person_id, number for no key update
)
delete from live.notice as n using gone
where n.event_id = :event_id and n.person_id = gone.person_id and n.number = gone.number;

-- name: delete_old_notifications(before)!
-- Delete records that no phone shows any more.
with old as (
    select event_id, person_id, number from live.notice where at < :before
    order by event_id, person_id, number for no key update skip locked
)
delete from live.notice as n using old
where n.event_id = old.event_id and n.person_id = old.person_id and n.number = old.number;
