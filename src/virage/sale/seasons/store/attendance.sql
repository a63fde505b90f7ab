-- name: attendance(package_ids)
-- The attendance rules of packages.
select package_id, organiser_id, unused_warn, unused_max, revision, told_before
from seasons.attendance where package_id = any(:package_ids::uuid[]);

-- name: attendance_rules()
-- All attendance rules.
select package_id, organiser_id, unused_warn, unused_max, revision, told_before
from seasons.attendance order by package_id;

-- name: lock_attendance(package_id)^
-- The attendance rule of a package, locked.
select package_id, organiser_id, unused_warn, unused_max, revision, told_before
from seasons.attendance where package_id = :package_id for no key update;

-- name: insert_attendance(package_id, organiser_id, unused_warn, unused_max)
-- A new attendance rule, unless the package has one; its package if it is new.
insert into seasons.attendance (package_id, organiser_id, unused_warn, unused_max, revision)
values (:package_id, :organiser_id, :unused_warn, :unused_max, 1)
on conflict do nothing returning package_id;

-- name: change_attendance(package_id, unused_warn, unused_max)!
-- Another attendance rule of a package, whose rule is locked. All of its events are counted again.
update seasons.attendance
set unused_warn = :unused_warn, unused_max = :unused_max, revision = revision + 1, told_before = null
where package_id = :package_id;

-- name: set_told_before(package_id, told_before)!
-- The holders of a package, whose rule is locked, know about its events that ended before a time.
update seasons.attendance set told_before = :told_before where package_id = :package_id;

-- name: last_ended(event_ids, ended_before)$
-- When the last of these events ended, of those that ended before a time.
select max(ends_at) from programme.public_event_end
where event_id = any(:event_ids::uuid[]) and ends_at < :ended_before and state <> 'cancelled';

-- name: subscriptions_after(package_id, after, wanted)
-- Paid subscriptions of a package in the order of their ids, from the one after `after`.
select id, person_id from packages.public_subscription as subscription
where package_id = :package_id and id > :after::uuid
    and exists (select from ticketing.public_bundle_ticket where bundle_id = subscription.id)
order by id limit :wanted;

-- name: holder_of(subscription_id)$
-- The person of a subscription.
select person_id from packages.public_subscription where id = :subscription_id;

-- name: unused(subscription_ids, ended_before)
-- The events, ended before a time, at which seats of these subscriptions stayed empty: their tickets were neither scanned
-- nor refunded nor offered to other fans.
select part.bundle_id as subscription_id, part.event_id, count(*) as seats
from ticketing.public_bundle_ticket as part
inner join programme.public_event_end as event
    on event.event_id = part.event_id and event.ends_at < :ended_before and event.state <> 'cancelled'
cross join unnest(part.ticket_ids) as line (ticket_id)
where part.bundle_id = any(:subscription_ids::uuid[])
    and line.ticket_id <> all(part.refunded_ids)
    and not exists (select from passes.public_entered as entered where entered.ticket_id = line.ticket_id)
    and not exists (
        select from ticketing.public_offered_ticket as offered
        where offered.event_id = part.event_id and offered.ticket_id = line.ticket_id
    )
group by part.bundle_id, part.event_id
order by part.bundle_id, part.event_id;

-- name: notices(subscription_ids)
-- What holders were told about the attendance rule.
select subscription_id, kind, unused, told_at
from seasons.attendance_notice where subscription_id = any(:subscription_ids::uuid[])
order by subscription_id, told_at;

-- name: insert_notices(subscription_ids, kind, unused, now)
-- Holders who are told now, unless they were; returns their subscriptions.
insert into seasons.attendance_notice (subscription_id, kind, unused, told_at)
select told.id, :kind, told.unused, :now
from unnest(:subscription_ids::uuid[], :unused::integer[]) as told (id, unused)
order by told.id
on conflict do nothing
returning subscription_id;
