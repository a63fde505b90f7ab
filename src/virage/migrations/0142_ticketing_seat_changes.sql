-- expand: what a move of an event changed for its tickets, for the emails to their buyers.

-- A ticket that got another place, or was refunded by `refund_id`; `label` is that of its former place.
create table ticketing.seat_change (
    move_id uuid not null,
    order_id uuid not null,
    ticket_id uuid not null,
    label jsonb not null,
    refund_id uuid,
    primary key (move_id, order_id, ticket_id)
);
