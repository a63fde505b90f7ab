-- name: found_orders(code, owner_ids, holder, seat_events, seats, everywhere, organiser_ids, venue_codes, event_ids, wanted)
-- Orders within a scope with this code, one of these owners, a ticket that they received or with this holder's name, or
-- currently this seat of this event; the latest first.
with found as (
    select id from ticketing.orders where code = :code
    union
    select id from ticketing.orders where owner_id = any(:owner_ids::uuid[])
    union
    select order_id from ticketing.ticket where holder_id = any(:owner_ids::uuid[])
    union
    select order_id from ticketing.ticket
    where holder_name is not null and strpos(lower(holder_name), lower(:holder)) > 0
    union
    select claim.order_id
    from unnest(:seat_events::uuid[], :seats::integer[]) as wanted (event_id, place)
    join ticketing.claim on claim.event_id = wanted.event_id and claim.place = wanted.place
)
select orders.id
from found
join ticketing.orders on orders.id = found.id
join programme.public_event_organiser as event on event.event_id = orders.event_id
where :everywhere::boolean or event.organiser_id = any(:organiser_ids::uuid[])
    or event.venue_code = any(:venue_codes::text[]) or event.event_id = any(:event_ids::uuid[])
order by orders.held_at desc, orders.id limit :wanted;

-- name: priced_events()
-- Every event with prices.
select event_id from ticketing.pricing;

-- name: event_sums(everywhere, organiser_ids, venue_codes, event_ids)
-- Sold and held places, and revenue after refunds, of each public event within a scope.
with event as (
    select event_id from programme.public_event_organiser
    where :everywhere::boolean or organiser_id = any(:organiser_ids::uuid[])
        or venue_code = any(:venue_codes::text[]) or event_id = any(:event_ids::uuid[])
), sale as (
    select event_id,
        sum(cardinality(places)) filter (where state in ('paid', 'refunded')) as sold,
        sum(cardinality(places)) filter (where state in ('held', 'paying')) as held,
        sum(total_cents) filter (where state in ('paid', 'refunded')) - sum(refunded_cents) as cents
    from ticketing.orders
    where event_id in (select event_id from event) and state in ('held', 'paying', 'paid', 'refunded')
    group by event_id
), back as (
    select event_id, sum(cardinality(ticket_ids)) as places
    from ticketing.refund where event_id in (select event_id from event) group by event_id
)
select event.event_id, (coalesce(sale.sold, 0) - coalesce(back.places, 0))::bigint as sold,
    coalesce(sale.held, 0)::bigint as held, coalesce(sale.cents, 0)::bigint as revenue_cents
from event
left join sale on sale.event_id = event.event_id
left join back on back.event_id = event.event_id;
