-- expand: transfers of tickets to other people, and the present holder of a transferred ticket.

-- Null: the ticket is its buyer's.
alter table ticketing.ticket add column holder_id uuid;

-- `to_email` is the address that a ticket is offered to, in its stored spelling, and `to_mailbox` the form in which
-- addresses are compared, while the offer is open; null for an offer by link. `returned_ids` are the tickets that the
-- receiver gave back.
create table ticketing.transfer (
    id uuid primary key,
    event_id uuid not null,
    from_id uuid not null,
    to_id uuid,
    offered_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    state text not null check (state in ('offered', 'accepted', 'cancelled', 'expired')),
    by_link boolean not null,
    to_email text,
    to_mailbox text,
    ticket_ids uuid [] not null,
    returned_ids uuid [] not null default '{}',
    constraint address_is_whole check ((to_email is null) = (to_mailbox is null)),
    constraint address_only_while_open check (to_email is null or (state = 'offered' and not by_link)),
    constraint ended_has_time check ((state = 'offered') = (ended_at is null)),
    constraint accepted_has_receiver check ((state = 'accepted') = (to_id is not null))
);
create index transfer_from on ticketing.transfer (from_id);
create index transfer_to on ticketing.transfer (to_id) where to_id is not null;
create index transfer_to_mailbox on ticketing.transfer (to_mailbox) where to_mailbox is not null;
create index transfer_open on ticketing.transfer (expires_at) where state = 'offered';
create index transfer_event on ticketing.transfer (event_id) where state = 'accepted';

-- The tickets of open offers: none is offered twice.
create table ticketing.offered_ticket (
    ticket_id uuid primary key references ticketing.ticket (id),
    transfer_id uuid not null references ticketing.transfer (id)
);
create index offered_ticket_transfer on ticketing.offered_ticket (transfer_id);

-- A transfer as queries return it: the columns are in the order of the fields of `Transfer`.
create view ticketing.transfer_row as
select
    id, event_id, from_id, to_id, to_email, to_mailbox, by_link, state, offered_at, expires_at, ended_at, ticket_ids,
    returned_ids
from ticketing.transfer;
