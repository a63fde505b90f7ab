-- name: tickets_sold(since, until, zone, begins)
-- Revenue of orders paid before `until` to the operator, by event, business day and VAT rate: those paid since `since`,
-- and those whose event ends after it or is cancelled. A day begins `begins` after midnight in the zone.
select orders.event_id, event.ends_at, event.state = 'cancelled' as cancelled,
    ((orders.paid_at at time zone :zone::text) - :begins::interval)::date as day, part.vat_permille,
    sum(part.cents)::bigint as cents
from ticketing.orders
inner join programme.public_event_end as event on event.event_id = orders.event_id
cross join lateral (
    values (orders.vat_permille, orders.total_cents - orders.fee_cents), (orders.fee_vat_permille, orders.fee_cents)
) as part (vat_permille, cents)
where orders.state in ('paid', 'refunded') and orders.paid_at < :until::timestamptz
    and not exists (select from payments.public_direct as direct where direct.payment_id = orders.payment_id)
    and (orders.paid_at >= :since::timestamptz or event.ends_at >= :since or event.state = 'cancelled')
group by 1, 2, 3, 4, 5;

-- name: tickets_refunded(since, until, zone, begins)
-- The same for refunds, as negative amounts: ticket prices at their rate, the rest at the rate of the fee. A service
-- fee that the exchange keeps from a seller is revenue at that rate.
with back as (
    select refund.event_id, refund.asked_at, refund.amount_cents, orders.vat_permille, orders.fee_vat_permille,
        (
            select coalesce(sum(coalesce(ticket.returned_cents, ticket.price_cents)), 0) from ticketing.ticket
            where ticket.id = any(refund.ticket_ids)
        ) as places_cents
    from ticketing.refund
    inner join ticketing.orders on orders.id = refund.order_id
    where refund.asked_at < :until::timestamptz
        and not exists (select from payments.public_direct as direct where direct.payment_id = orders.payment_id)
)
select back.event_id, event.ends_at, event.state = 'cancelled' as cancelled,
    ((back.asked_at at time zone :zone::text) - :begins::interval)::date as day, part.vat_permille,
    -sum(part.cents)::bigint as cents
from back
inner join programme.public_event_end as event on event.event_id = back.event_id
cross join lateral (
    values (back.vat_permille, back.places_cents), (back.fee_vat_permille, back.amount_cents - back.places_cents)
) as part (vat_permille, cents)
where back.asked_at >= :since::timestamptz or event.ends_at >= :since or event.state = 'cancelled'
group by 1, 2, 3, 4, 5;
