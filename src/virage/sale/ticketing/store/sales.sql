-- name: sold_by_hour(event_id, from_places)
-- Sold and held places of an event by hour and part of the venue; `from_places` are the first places of the parts.
select orders.state in ('paid', 'refunded') as sold, date_trunc('hour', coalesce(orders.paid_at, orders.held_at)) as hour,
    width_bucket(line.place, :from_places::integer[]) as part, count(*) as places, sum(line.price_cents)::bigint as cents
from ticketing.orders, unnest(orders.places, orders.prices) as line (place, price_cents)
where orders.event_id = :event_id and orders.state in ('held', 'paying', 'paid', 'refunded')
group by 1, 2, 3;

-- name: order_totals(event_id)^
-- Number of orders of an event, their total and refunds.
select count(*) filter (where state in ('paid', 'refunded')) as orders,
    coalesce(sum(total_cents) filter (where state in ('paid', 'refunded')), 0)::bigint as total_cents,
    coalesce(sum(refunded_cents), 0)::bigint as refunded_cents
from ticketing.orders where event_id = :event_id;

-- name: refunded_by_part(event_id, from_places)
-- Refunded places and what their prices gave back, by part of the venue.
select width_bucket(ticket.place, :from_places::integer[]) as part, count(*) as places,
    sum(coalesce(ticket.returned_cents, ticket.price_cents))::bigint as cents
from ticketing.refund
cross join lateral unnest(refund.ticket_ids) as line (ticket_id)
join ticketing.ticket on ticket.id = line.ticket_id
where refund.event_id = :event_id
group by 1;
