-- name: transfer(transfer_id)^
-- A transfer by its id.
select transfer_row.* from ticketing.transfer_row where id = :transfer_id;

-- name: transfers(transfer_ids)
-- Transfers by id.
select transfer_row.* from ticketing.transfer_row where id = any(:transfer_ids::uuid[]);

-- name: lock_transfers(transfer_ids)
-- Transfers, locked in order.
select transfer_row.* from ticketing.transfer_row
where id = any(:transfer_ids::uuid[]) order by id for no key update;

-- name: lock_transfer(transfer_id)^
-- A transfer, locked.
select transfer_row.* from ticketing.transfer_row where id = :transfer_id for no key update;

-- name: transfers_of_person(person_id, mailbox)
-- What a person gave, received, or is offered by address; the latest first.
select transfer_row.* from ticketing.transfer_row
where from_id = :person_id or to_id = :person_id or to_mailbox = :mailbox
order by offered_at desc, id;

-- name: lock_open_of_tickets(ticket_ids)
-- The open offers of tickets, locked in order.
select transfer_row.* from ticketing.transfer_row
where state = 'offered'
    and id in (select transfer_id from ticketing.offered_ticket where ticket_id = any(:ticket_ids::uuid[]))
order by id for no key update;

-- name: lock_open_of_person(person_id, mailbox)
-- The open offers by a person or to an address, locked in order.
select transfer_row.* from ticketing.transfer_row
where state = 'offered' and (from_id = :person_id or to_mailbox = :mailbox)
order by id for no key update;

-- name: lock_expired(now, wanted)
-- Open offers that are over, locked in order; those locked by other transactions are skipped.
select transfer_row.* from ticketing.transfer_row
where state = 'offered' and expires_at <= :now
order by id limit :wanted for no key update skip locked;

-- name: accepted_at_event(event_id)
-- The accepted transfers of an event of which the receiver still holds a valid ticket.
select transfer_row.* from ticketing.transfer_row
where event_id = :event_id and state = 'accepted'
    and exists (
        select from ticketing.ticket
        where ticket.id = any(transfer_row.ticket_ids) and ticket.holder_id = transfer_row.to_id and ticket.refund_id is null
    )
order by id;

-- name: accepted_of_tickets(ticket_ids)
-- The accepted transfers by which tickets came to their present holders.
select transfer_row.* from ticketing.transfer_row
where state = 'accepted' and event_id in (select event_id from ticketing.ticket where id = any(:ticket_ids::uuid[]))
    and exists (
        select from ticketing.ticket
        where ticket.id = any(:ticket_ids::uuid[]) and ticket.id = any(transfer_row.ticket_ids)
            and ticket.holder_id = transfer_row.to_id and not ticket.id = any(transfer_row.returned_ids)
    )
order by id;

-- name: offers_since(from_ids, since)
-- How many offers people have made since a moment; those without any are missing.
select from_id, count(*) as offers from ticketing.transfer
where from_id = any(:from_ids::uuid[]) and offered_at > :since group by from_id;

-- name: insert_transfers(transfer_ids, event_ids, from_ids, addresses, mailboxes, expiries, ticket_ids, offered_by, now)!
-- Open offers, with `ticket_ids` each offered by the transfer in `offered_by`; the tickets are locked.
with offered_ticket as (
    select ticket_id, transfer_id
    from unnest(:ticket_ids::uuid[], :offered_by::uuid[]) as offer (ticket_id, transfer_id)
),
offered as (
    insert into ticketing.transfer (
        id, event_id, from_id, to_email, to_mailbox, by_link, state, offered_at, expires_at, ticket_ids
    )
    select made.id, made.event_id, made.from_id, made.to_email, made.to_mailbox, made.to_email is null, 'offered', :now,
        made.expires_at, array(
            select ticket_id from offered_ticket where offered_ticket.transfer_id = made.id order by ticket_id
        )
    from unnest(
        :transfer_ids::uuid[], :event_ids::uuid[], :from_ids::uuid[], :addresses::text[], :mailboxes::text[],
        :expiries::timestamptz[]
    ) as made (id, event_id, from_id, to_email, to_mailbox, expires_at)
    order by made.id
)
insert into ticketing.offered_ticket (ticket_id, transfer_id)
select ticket_id, transfer_id from offered_ticket order by ticket_id;

-- name: accept_transfers(transfer_ids, to_ids, now)!
-- Locked offers that are accepted, before their tickets, which are locked, change hands; the address is forgotten.
with accepted as (
    select id, to_id from unnest(:transfer_ids::uuid[], :to_ids::uuid[]) as accepted (id, to_id)
),
free as (
    delete from ticketing.offered_ticket using accepted where offered_ticket.transfer_id = accepted.id
)
update ticketing.transfer
set state = 'accepted', to_id = accepted.to_id, to_email = null, to_mailbox = null, ended_at = :now,
    given_names = array(
        select ticket.holder_name
        from unnest(transfer.ticket_ids) with ordinality as given (ticket_id, nr)
        join ticketing.ticket on ticket.id = given.ticket_id
        order by given.nr
    )
from accepted where transfer.id = accepted.id;

-- name: end_transfers(transfer_ids, state, now)!
-- Offers that end without an acceptance; the address is forgotten.
with locked as (
    select id from ticketing.transfer where id = any(:transfer_ids::uuid[]) order by id for no key update
),
free as (
    delete from ticketing.offered_ticket using locked where offered_ticket.transfer_id = locked.id
)
update ticketing.transfer
set state = :state, to_email = null, to_mailbox = null, ended_at = :now
from locked where transfer.id = locked.id;

-- name: insert_withdrawn(transfer_ids, addresses, locales)!
-- Addresses to tell that an offer, which is locked, has ended.
insert into ticketing.withdrawn_offer (transfer_id, to_email, locale)
select withdrawn.transfer_id, withdrawn.to_email, withdrawn.locale
from unnest(:transfer_ids::uuid[], :addresses::text[], :locales::text[]) as withdrawn (transfer_id, to_email, locale)
order by withdrawn.transfer_id;

-- name: take_withdrawn()
-- Addresses to tell, deleted; those that another transaction takes are skipped.
with taken as (
    select transfer_id from ticketing.withdrawn_offer order by transfer_id for update skip locked
)
delete from ticketing.withdrawn_offer using taken where withdrawn_offer.transfer_id = taken.transfer_id
returning withdrawn_offer.transfer_id, withdrawn_offer.to_email, withdrawn_offer.locale;

-- name: mark_returned(transfer_id, ticket_ids)!
-- Tickets of a locked transfer that the receiver gives back.
update ticketing.transfer set returned_ids = returned_ids || :ticket_ids::uuid[] where id = :transfer_id;

-- name: given_names(transfer_id)
-- The tickets of a transfer, each with the name that it had with its giver; null if it had none, or none is stored.
select unnest(ticket_ids) as ticket_id, unnest(given_names) as name from ticketing.transfer where id = :transfer_id;

-- name: forget_given_names(person_id)!
-- Erase the names that tickets had before a person gave or got them.
with locked as (
    select id from ticketing.transfer
    where (from_id = :person_id or to_id = :person_id) and given_names is not null
    order by id for no key update
)
update ticketing.transfer set given_names = null from locked where transfer.id = locked.id;

-- name: held_tickets(ticket_ids, person_id)
-- The tickets of these that a person holds: bought and not passed on, or received.
select ticket.id, ticket.order_id, ticket.event_id, ticket.place, ticket.tariff, ticket.price_cents,
    ticket.holder_name, ticket.refund_id, ticket.holder_id, ticket.name_changes
from ticketing.ticket
join ticketing.orders on orders.id = ticket.order_id
where ticket.id = any(:ticket_ids::uuid[]) and coalesce(ticket.holder_id, orders.owner_id) = :person_id
order by ticket.id;

-- name: hand_over(ticket_ids, names, holder_ids)!
-- Give locked tickets to people, with the holders' names; a ticket that returns to its buyer has no other holder.
update ticketing.ticket set holder_id = nullif(given.holder_id, orders.owner_id), holder_name = given.name
from unnest(:ticket_ids::uuid[], :names::text[], :holder_ids::uuid[]) as given (ticket_id, name, holder_id),
    ticketing.orders
where ticket.id = given.ticket_id and orders.id = ticket.order_id;
