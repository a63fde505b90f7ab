-- Money that came for an order and bought nothing, because it came too late or twice: it goes back, and the fan is told.

alter table ticketing.orders add column returned_cents bigint not null default 0;

create or replace view ticketing.order_row as
select
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    refunded_cents, vat_permille, fee_vat_permille, held_at, expires_at, payment_id, paid_at, returned_cents
from ticketing.orders;

update ticketing.orders set returned_cents = back.cents
from (
    select payment.subject, sum(payment.refund_cents) as cents
    from payments.payment
    join ticketing.orders on orders.id = payment.subject
    where payment.purpose = 'ticketing' and payment.refund_cents > 0
        and (orders.paid_at is null or payment.id <> orders.payment_id)
    group by payment.subject
) as back
where orders.id = back.subject;

-- Places of refunded tickets whose holders were inside: they are sold again once the holder has left or the event is over.
create table ticketing.occupied_place (
    event_id uuid not null,
    place integer not null check (place >= 0),
    order_id uuid not null references ticketing.orders (id),
    ticket_id uuid not null references ticketing.ticket (id),
    primary key (event_id, place)
);
