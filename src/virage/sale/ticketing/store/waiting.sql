-- name: waiting(event_id, person_id)^
-- The entry of a person on the waiting list of an event.
select event_id, person_id, joined_at, turn_at, invited_until, size, wheelchairs, invitations, category_ids, needs
from ticketing.waiting where event_id = :event_id and person_id = :person_id;

-- name: waiting_of_person(person_id)
-- The entries of a person.
select event_id, person_id, joined_at, turn_at, invited_until, size, wheelchairs, invitations, category_ids, needs
from ticketing.waiting where person_id = :person_id order by joined_at, event_id;

-- name: waiting_of_event(event_id)
-- The waiting list of an event.
select event_id, person_id, joined_at, turn_at, invited_until, size, wheelchairs, invitations, category_ids, needs
from ticketing.waiting where event_id = :event_id order by turn_at, person_id;

-- name: lock_waiting(event_id, now)
-- The waiting list of an event, locked in order, with who has an open basket.
select
    event_id, person_id, joined_at, turn_at, invited_until, size, wheelchairs, invitations, category_ids, needs,
    exists(
        select from ticketing.orders
        where orders.owner_id = waiting.person_id and orders.event_id = waiting.event_id
            and orders.state in ('held', 'paying') and orders.expires_at > :now
    ) as buying
from ticketing.waiting where event_id = :event_id order by person_id for no key update;

-- name: waiting_ahead(event_id, person_id)$
-- How many entries of the same kind, with or without needs of access, have their turn before this one.
select count(*) from ticketing.waiting as other
join ticketing.waiting as own on own.event_id = other.event_id and own.person_id = :person_id
where other.event_id = :event_id
    and (other.wheelchairs > 0 or other.needs <> '{}') = (own.wheelchairs > 0 or own.needs <> '{}')
    and (other.turn_at, other.person_id) < (own.turn_at, own.person_id);

-- name: events_waited_for()
-- The events that have a waiting list.
select distinct event_id from ticketing.waiting order by event_id;

-- name: join_waiting(event_id, person_id, size, wheelchairs, needs, category_ids, now)!
-- A new entry, or other wishes of one that keeps its turn.
insert into ticketing.waiting (event_id, person_id, joined_at, turn_at, size, wheelchairs, needs, category_ids)
values (:event_id, :person_id, :now, :now, :size, :wheelchairs, :needs, :category_ids::uuid[])
on conflict (event_id, person_id) do update set
    size = excluded.size, wheelchairs = excluded.wheelchairs, needs = excluded.needs, category_ids = excluded.category_ids;

-- name: leave_waiting(event_id, person_id)$
-- Delete the entry of a person who leaves.
delete from ticketing.waiting where event_id = :event_id and person_id = :person_id returning event_id;

-- name: invite_waiting(event_id, person_ids, until)!
-- Locked entries that are invited; their next turn is at the end of the invitation.
with locked as (
    select person_id from ticketing.waiting
    where event_id = :event_id and person_id = any(:person_ids::uuid[]) order by person_id for no key update
)
update ticketing.waiting
set invited_until = :until, turn_at = :until, invitations = waiting.invitations + 1
from locked where waiting.event_id = :event_id and waiting.person_id = locked.person_id;

-- name: end_waiting(event_id, now, most)!
-- Delete entries of people who have bought since they joined, and of those whose last invitation is over.
with locked as (
    select person_id from ticketing.waiting
    where event_id = :event_id
        and (
            (invitations >= :most and invited_until <= :now)
            or exists(
                select from ticketing.orders
                where orders.owner_id = waiting.person_id and orders.event_id = :event_id
                    and orders.state = 'paid' and orders.paid_at > waiting.joined_at
            )
        )
    order by person_id for update
)
delete from ticketing.waiting using locked
where waiting.event_id = :event_id and waiting.person_id = locked.person_id;

-- name: forget_waiting(event_ids)!
-- Delete the waiting lists of events whose sale is over.
with locked as (
    select event_id, person_id from ticketing.waiting
    where event_id = any(:event_ids::uuid[]) order by event_id, person_id for update
)
delete from ticketing.waiting using locked
where waiting.event_id = locked.event_id and waiting.person_id = locked.person_id;

-- name: forget_waiting_of(person_id)!
-- Delete the entries of an erased person.
with locked as (
    select event_id from ticketing.waiting where person_id = :person_id order by event_id for update
)
delete from ticketing.waiting using locked
where waiting.person_id = :person_id and waiting.event_id = locked.event_id;

-- name: free_listings(event_id, now)
-- The listings of an event that no basket holds, with their places and tariffs.
select listing.seller_id, array_agg(ticket.place order by ticket.id) as places,
    array_agg(ticket.tariff order by ticket.id) as tariffs
from ticketing.listing
join ticketing.listed_ticket on listed_ticket.listing_id = listing.id
join ticketing.ticket on ticket.id = listed_ticket.ticket_id
left join ticketing.orders on orders.id = listing.order_id
where listing.event_id = :event_id and listing.state = 'listed'
    and (orders.id is null or orders.state not in ('held', 'paying') or orders.expires_at <= :now)
group by listing.id
order by listing.listed_at, listing.id;
