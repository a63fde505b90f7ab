-- expand: the tickets of bundles, for the domain that renews season tickets.

-- What was sold with a bundle, order by order; `refunded_ids` are those of its tickets that were refunded.
create view ticketing.public_bundle_ticket as
select orders.bundle_id, orders.event_id, orders.places, orders.tariffs, orders.ticket_ids, refunded.ticket_ids as refunded_ids
from ticketing.orders
cross join lateral (
    select coalesce(array_agg(line.ticket_id), '{}') as ticket_ids
    from ticketing.refund cross join unnest(refund.ticket_ids) as line (ticket_id)
    where refund.order_id = orders.id
) as refunded
where orders.bundle_id is not null and orders.state in ('paid', 'refunded');

-- The orders of bundles that are held and whose payment has not begun.
create view ticketing.public_held_bundle as
select bundle_id, id as order_id, event_id, places, tariffs
from ticketing.orders
where bundle_id is not null and state = 'held';
