-- name: remind_unnamed(event_id, wanted)
-- The next holders of tickets without a name who were not reminded of it; they are from now on.
insert into ticketing.reminder (event_id, kind, person_id)
select :event_id, 'names', due.person_id
from (
    select distinct coalesce(ticket.holder_id, orders.owner_id) as person_id
    from ticketing.ticket
    join ticketing.orders on orders.id = ticket.order_id
    where ticket.event_id = :event_id and ticket.refund_id is null and ticket.holder_name is null
) as due
where not exists (
    select from ticketing.reminder
    where reminder.event_id = :event_id and reminder.kind = 'names' and reminder.person_id = due.person_id
)
order by due.person_id limit :wanted
on conflict do nothing
returning person_id;

-- name: remind_holders(event_id, wanted)
-- The next holders of tickets who want to be reminded of the event and were not; they are from now on.
insert into ticketing.reminder (event_id, kind, person_id)
select :event_id, 'event', due.person_id
from (
    select distinct coalesce(ticket.holder_id, orders.owner_id) as person_id
    from ticketing.ticket
    join ticketing.orders on orders.id = ticket.order_id
    where ticket.event_id = :event_id and ticket.refund_id is null
) as due
where not exists (
    select from ticketing.reminder
    where reminder.event_id = :event_id and reminder.kind = 'event' and reminder.person_id = due.person_id
)
    and not exists (select from ticketing.unreminded where unreminded.person_id = due.person_id)
order by due.person_id limit :wanted
on conflict do nothing
returning person_id;

-- name: forget_reminders(event_ids)!
-- Delete the reminders of events but these, which are not over.
with locked as (
    select event_id, kind, person_id from ticketing.reminder
    where event_id <> all(:event_ids::uuid[])
    order by event_id, kind, person_id for update
)
delete from ticketing.reminder using locked
where reminder.event_id = locked.event_id and reminder.kind = locked.kind and reminder.person_id = locked.person_id;

-- name: forget_reminded(person_id)!
-- Delete the reminders of an erased person.
with locked as (
    select event_id, kind from ticketing.reminder where person_id = :person_id order by event_id, kind for update
)
delete from ticketing.reminder using locked
where reminder.person_id = :person_id and reminder.event_id = locked.event_id and reminder.kind = locked.kind;

-- name: wants_reminders(person_id)$
-- Whether a person wants reminders of events.
select not exists (select from ticketing.unreminded where person_id = :person_id);

-- name: refuse_reminders(person_id)!
-- A person who wants no reminders of events.
insert into ticketing.unreminded (person_id) values (:person_id) on conflict do nothing;

-- name: accept_reminders(person_id)!
-- A person who wants reminders of events, or who is erased.
delete from ticketing.unreminded where person_id = :person_id;
