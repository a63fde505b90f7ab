-- name: tickets(ticket_ids)
-- Tickets by id.
select id, order_id, event_id, place, tariff, price_cents, holder_name, refund_id, holder_id,
    name_changes
from ticketing.ticket where id = any(:ticket_ids::uuid[]);

-- name: tickets_of_owner(owner_id)
-- The tickets that a fan holds: bought and not passed on, or received; the latest order first.
select held.id, held.order_id, held.event_id, held.place, held.tariff, held.price_cents, held.holder_name,
    held.refund_id, held.holder_id, held.name_changes
from (
    select ticket.*, orders.paid_at
    from ticketing.orders
    cross join lateral unnest(orders.ticket_ids) as line (ticket_id)
    join ticketing.ticket on ticket.id = line.ticket_id
    where orders.owner_id = :owner_id and orders.state in ('paid', 'refunded') and ticket.holder_id is null
    union all
    select ticket.*, orders.paid_at
    from ticketing.ticket
    join ticketing.orders on orders.id = ticket.order_id
    where ticket.holder_id = :owner_id
) as held
order by held.paid_at desc, held.order_id, held.place;

-- name: owners_of_tickets(event_id, after, most)
-- The accounts after an id that hold valid tickets of an event, in order.
select owner_id
from (
    select orders.owner_id
    from ticketing.orders
    cross join lateral unnest(orders.ticket_ids) as line (ticket_id)
    join ticketing.ticket on ticket.id = line.ticket_id
    where orders.event_id = :event_id and orders.owner_id > :after and orders.state = 'paid'
        and ticket.refund_id is null and ticket.holder_id is null
    union
    select ticket.holder_id
    from ticketing.ticket
    where ticket.event_id = :event_id and ticket.holder_id > :after and ticket.refund_id is null
) as owner
order by owner_id
limit :most;

-- name: tickets_of_owners(event_id, owner_ids)
-- The valid tickets that some fans hold at an event.
select orders.owner_id, ticket.id, ticket.place
from ticketing.orders
cross join lateral unnest(orders.ticket_ids) as line (ticket_id)
join ticketing.ticket on ticket.id = line.ticket_id
where orders.event_id = :event_id and orders.owner_id = any(:owner_ids::uuid[]) and orders.state = 'paid'
    and ticket.refund_id is null and ticket.holder_id is null
union all
select ticket.holder_id, ticket.id, ticket.place
from ticketing.ticket
where ticket.event_id = :event_id and ticket.holder_id = any(:owner_ids::uuid[]) and ticket.refund_id is null;

-- name: accounts_at_event(event_id)
-- The accounts that have tickets of an event: buyers, and those who received some.
select owner_id from ticketing.orders where event_id = :event_id and state = 'paid'
union
select holder_id from ticketing.ticket where event_id = :event_id and holder_id is not null and refund_id is null;

-- name: owned_ticket(ticket_id, owner_id)^
-- A ticket, if this fan holds it.
select ticket.id, ticket.order_id, ticket.event_id, ticket.place, ticket.tariff, ticket.price_cents,
    ticket.holder_name, ticket.refund_id, ticket.holder_id, ticket.name_changes
from ticketing.ticket
join ticketing.orders on orders.id = ticket.order_id
where ticket.id = :ticket_id and coalesce(ticket.holder_id, orders.owner_id) = :owner_id;

-- name: lock_tickets(ticket_ids)!
-- Tickets, locked in order before their passes.
select id from ticketing.ticket where id = any(:ticket_ids::uuid[]) order by id for no key update;

-- name: name_holders(ticket_ids, holder_names, name_changes)!
-- Set the holders' names of locked tickets, and how often each has changed.
update ticketing.ticket set holder_name = given.holder_name, name_changes = given.name_changes
from unnest(:ticket_ids::uuid[], :holder_names::text[], :name_changes::integer[])
    as given (ticket_id, holder_name, name_changes)
where ticket.id = given.ticket_id;

-- name: count_names(event_id)^
-- How many valid tickets an event has, and how many of them carry a name.
select count(*) as tickets, count(holder_name) as named
from ticketing.ticket where event_id = :event_id and refund_id is null;

-- name: forget_holders(owner_ids)!
-- Erase the holder names of the tickets that some fans hold.
with locked as (
    select id from ticketing.ticket
    where holder_name is not null
        and (holder_id = any(:owner_ids::uuid[]) or (holder_id is null and id in (
            select unnest(orders.ticket_ids) from ticketing.orders
            where orders.owner_id = any(:owner_ids::uuid[])
        )))
    order by id for no key update
)
update ticketing.ticket set holder_name = null from locked where ticket.id = locked.id;

-- name: refund_tickets(ticket_ids, refund_id)
-- Mark tickets as refunded; those already refunded are left out.
with locked as (
    select id from ticketing.ticket
    where id = any(:ticket_ids::uuid[]) and refund_id is null
    order by id for no key update
)
update ticketing.ticket set refund_id = :refund_id
from locked where ticket.id = locked.id and ticket.refund_id is null
returning ticket.id, place, price_cents;

-- name: mark_sold(ticket_ids, returned_cents)!
-- What the refunds of tickets that were sold on the exchange give back of their prices.
with locked as (
    select ticket.id, sold.cents
    from unnest(:ticket_ids::uuid[], :returned_cents::integer[]) as sold (ticket_id, cents)
    join ticketing.ticket on ticket.id = sold.ticket_id
    order by ticket.id for no key update
)
update ticketing.ticket set returned_cents = locked.cents from locked where ticket.id = locked.id;

-- name: insert_refund(refund_id, order_id, event_id, asked_by, now, amount_cents, ticket_ids, reason)!
-- Insert a refund.
insert into ticketing.refund (id, order_id, event_id, asked_by, asked_at, amount_cents, ticket_ids, reason)
values (:refund_id, :order_id, :event_id, :asked_by, :now, :amount_cents, :ticket_ids, :reason)
on conflict (id) do nothing;

-- name: refund(refund_id)^
-- A refund by its id.
select id, order_id, amount_cents, ticket_ids, asked_at, reason from ticketing.refund where id = :refund_id;

-- name: refunds_of_order(order_id)
-- Every refund of an order, the oldest first.
select id, order_id, amount_cents, ticket_ids, asked_at, reason
from ticketing.refund where order_id = :order_id order by asked_at, id;

-- name: put_rebind_code(ticket_id, code_hash, expires_at, not_before, now, since, codes_max)!
-- A new code replaces the previous one, unless that was sent after `not_before` or the limit is reached.
insert into ticketing.rebind_code (ticket_id, code_hash, expires_at, sent)
values (:ticket_id, :code_hash, :expires_at, array[:now::timestamptz])
on conflict (ticket_id) do update set
    code_hash = excluded.code_hash,
    expires_at = excluded.expires_at,
    tries = 0,
    sent = (select array_agg(t order by t) from unnest(rebind_code.sent) as t where t > :since) || excluded.sent
where rebind_code.expires_at <= :not_before
    and (select count(*) from unnest(rebind_code.sent) as t where t > :since) < :codes_max;

-- name: count_rebind_try(ticket_id, now)^
-- Count a try of a valid code.
update ticketing.rebind_code set tries = tries + 1
where ticket_id = :ticket_id and expires_at > :now
returning code_hash, tries;

-- name: end_rebind_code(ticket_id, now)!
-- Invalidate a used code; its sending still counts for the limit.
update ticketing.rebind_code set expires_at = :now where ticket_id = :ticket_id;

-- name: order_codes(ticket_ids)
-- The codes of the orders of tickets.
select ticket.id, orders.code
from ticketing.ticket
join ticketing.orders on orders.id = ticket.order_id
where ticket.id = any(:ticket_ids::uuid[]);

-- name: holder_names(ticket_ids)
-- The names on tickets, null on a ticket without one.
select id, holder_name from ticketing.ticket where id = any(:ticket_ids::uuid[]);

-- name: holders_of(ticket_ids)
-- The accounts that hold tickets: who received them, else their buyers.
select ticket.id, coalesce(ticket.holder_id, orders.owner_id) as holder_id
from ticketing.ticket
join ticketing.orders on orders.id = ticket.order_id
where ticket.id = any(:ticket_ids::uuid[]);

-- name: tickets_by_holder(event_id, wanted, limit_)
-- The valid tickets of an event whose holder's name contains the text.
select id, order_id, event_id, place, tariff, price_cents, holder_name, refund_id, holder_id,
    name_changes
from ticketing.ticket
where event_id = :event_id and refund_id is null and position(lower(:wanted) in lower(holder_name)) > 0
order by holder_name, id limit :limit_;

-- name: tickets_of_event(event_id)
-- Every ticket of an event, also those refunded.
select id, order_id, event_id, place, tariff, price_cents, holder_name, refund_id, holder_id,
    name_changes
from ticketing.ticket where event_id = :event_id;

-- name: renumber_tickets(ticket_ids, places)!
-- Replace the places of tickets, locked in order.
with locked as (
    select ticket.id, renumbered.place
    from unnest(:ticket_ids::uuid[], :places::integer[]) as renumbered (id, place)
    join ticketing.ticket on ticket.id = renumbered.id
    order by ticket.id for no key update
)
update ticketing.ticket set place = locked.place from locked where ticket.id = locked.id;

-- name: put_former_labels(event_id, ticket_ids, labels)!
-- The labels of places that the venue of an event does not have any more.
insert into ticketing.former_label (ticket_id, event_id, label)
select former.ticket_id, :event_id, former.label
from unnest(:ticket_ids::uuid[], :labels::jsonb[]) as former (ticket_id, label)
order by former.ticket_id
on conflict (ticket_id) do nothing;

-- name: former_labels(ticket_ids)
-- The labels of the former places of tickets.
select ticket_id, label from ticketing.former_label where ticket_id = any(:ticket_ids::uuid[]);

-- name: put_seat_changes(move_id, order_ids, ticket_ids, labels, refund_ids)!
-- What a move of an event changes for its tickets.
insert into ticketing.seat_change (move_id, order_id, ticket_id, label, refund_id)
select :move_id, changed.order_id, changed.ticket_id, changed.label, changed.refund_id
from unnest(:order_ids::uuid[], :ticket_ids::uuid[], :labels::jsonb[], :refund_ids::uuid[])
    as changed (order_id, ticket_id, label, refund_id)
order by changed.order_id, changed.ticket_id;

-- name: seat_changes(move_id, order_id)
-- What a move changed for the tickets of an order.
select order_id, ticket_id, label, refund_id
from ticketing.seat_change where move_id = :move_id and order_id = :order_id order by ticket_id;

-- name: valid_tickets(event_id)
-- Every valid ticket of an event.
select id, order_id, event_id, place, tariff, price_cents, holder_name, refund_id, holder_id,
    name_changes
from ticketing.ticket
where event_id = :event_id and refund_id is null;
