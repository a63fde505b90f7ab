-- name: lock_buyers(buyers, events)!
-- Lock these buyers, given as ascending numbers, until the transaction ends, then share these events with other holds: a
-- move of one waits. This must be the first statement, so that the next one sees what earlier holders of the locks wrote.
select pg_advisory_xact_lock(buyer) from unnest(:buyers::bigint[]) as buyer
union all
select pg_advisory_xact_lock_shared(event) from unnest(:events::bigint[]) as event;

-- name: lock_event(event)!
-- Lock an event, given as a number, until the transaction ends: no other transaction holds its places meanwhile.
select pg_advisory_xact_lock(:event);

-- name: lock_orders_of_event(event_id)
-- Every order of an event in any state, locked in order.
select order_row.* from ticketing.order_row where event_id = :event_id order by id for no key update;

-- name: live_orders(event_id)
-- The orders of an event that hold or have places.
select order_row.* from ticketing.order_row
where event_id = :event_id and state in ('held', 'paying', 'paid') order by id;

-- name: renumber_orders(order_ids, starts, ends, places)!
-- Replace the places of orders; `lock_orders_of_event` locked them. `starts` and `ends` delimit each order in `places`.
update ticketing.orders set places = (:places::integer[])[renumbered.first : renumbered.last]
from unnest(:order_ids::uuid[], :starts::integer[], :ends::integer[]) as renumbered (id, first, last)
where orders.id = renumbered.id;

-- name: known_orders(order_ids, event_ids, owner_ids)
-- Existing orders under these ids, and the orders of these buyers for these events. They are found by their buyers:
-- an event may have as many orders as its venue has seats.
with bought as materialized (
    select id, event_id from ticketing.orders
    where owner_id = any(:owner_ids::uuid[]) and state in ('held', 'paying', 'paid')
)
select order_row.* from ticketing.order_row
where id = any(:order_ids::uuid[] || array(select id from bought where event_id = any(:event_ids::uuid[])));

-- name: insert_orders(order_ids, codes, event_ids, owner_ids, session_ids, starts, ends, places, tariffs, prices, ticket_ids, fees, totals, vats, fee_vats, expires_ats, bundle_ids, now)
-- Insert the new orders of a batch in order; return their ids. `starts` and `ends` delimit each order in the flat
-- arrays.
insert into ticketing.orders (
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    vat_permille, fee_vat_permille, held_at, expires_at, bundle_id
)
select hold.id, hold.code, hold.event_id, hold.owner_id, hold.session_id, 'held',
    (:places::integer[])[hold.first : hold.last], (:tariffs::integer[])[hold.first : hold.last],
    (:prices::integer[])[hold.first : hold.last], (:ticket_ids::uuid[])[hold.first : hold.last],
    hold.fee_cents, hold.total_cents, hold.vat_permille, hold.fee_vat_permille, :now, hold.expires_at,
    hold.bundle_id
from unnest(
    :order_ids::uuid[], :codes::text[], :event_ids::uuid[], :owner_ids::uuid[], :session_ids::uuid[],
    :starts::integer[], :ends::integer[], :fees::integer[], :totals::integer[], :vats::integer[],
    :fee_vats::integer[], :expires_ats::timestamptz[], :bundle_ids::uuid[]
) as hold (
    id, code, event_id, owner_id, session_id, first, last, fee_cents, total_cents, vat_permille, fee_vat_permille,
    expires_at, bundle_id
)
order by hold.id
on conflict (id) do nothing
returning id;

-- name: insert_exchange_order(order_id, code, event_id, owner_id, session_id, places, tariffs, prices, ticket_ids, fee_cents, total_cents, vat_permille, fee_vat_permille, listing_ids, now, expires_at)!
-- A new hold of listings, whose places are those of the sellers' orders until it is paid.
insert into ticketing.orders (
    id, code, event_id, owner_id, session_id, state, places, tariffs, prices, ticket_ids, fee_cents, total_cents,
    vat_permille, fee_vat_permille, listing_ids, held_at, expires_at
)
values (
    :order_id, :code, :event_id, :owner_id, :session_id, 'held', :places::integer[], :tariffs::integer[],
    :prices::integer[], :ticket_ids::uuid[], :fee_cents, :total_cents, :vat_permille, :fee_vat_permille,
    :listing_ids::uuid[], :now, :expires_at
);

-- name: exchange_orders(order_ids)
-- What the orders of these that buy on the exchange buy.
select id, listing_ids from ticketing.orders where id = any(:order_ids::uuid[]) and listing_ids is not null;

-- name: open_exchange_orders(event_id)
-- The unpaid orders of an event that buy on the exchange.
select id from ticketing.orders
where event_id = :event_id and state in ('held', 'paying') and listing_ids is not null order by id;

-- name: held_by_guests(event_ids, held_after)
-- The places that guests hold, by event.
select o.event_id, array_agg(p.place) as places
from ticketing.orders as o cross join unnest(o.places) as p (place)
where o.event_id = any(:event_ids::uuid[]) and o.owner_id = o.session_id and o.held_at > :held_after and o.state = 'held'
group by o.event_id;

-- name: orders_paid_with(subjects)
-- The orders that payments of these subjects pay: parts of bundles, or bundles without parts.
select order_row.* from ticketing.order_row
where part_id = any(:subjects::uuid[]) or (bundle_id = any(:subjects::uuid[]) and part_id is null) order by id;

-- name: split_orders(order_ids, part_ids, untils, expires_at)!
-- The parts in which locked orders of a bundle are paid; a payment that had begun does not count any more.
update ticketing.orders
set state = 'held', part_id = part.id, part_until = part.until, expires_at = :expires_at
from unnest(:order_ids::uuid[], :part_ids::uuid[], :untils::timestamptz[]) as part (order_id, id, until)
where orders.id = part.order_id and orders.state in ('held', 'paying');

-- name: keep_parts(order_ids)!
-- Locked orders of a bundle whose first part is paid: the other parts are held until their own end.
update ticketing.orders set state = 'held', expires_at = part_until
where id = any(:order_ids::uuid[]) and part_until is not null and state in ('held', 'paying');

-- name: orders_of_bundles(bundle_ids)
-- The orders of bundles, which never change theirs.
select order_row.* from ticketing.order_row where bundle_id = any(:bundle_ids::uuid[]) order by id;

-- name: orders(order_ids)
-- Orders by id.
select order_row.* from ticketing.order_row where id = any(:order_ids::uuid[]);

-- name: lock_baskets(order_ids, owner_ids)
-- Orders by id and the orders of these buyers for the same events, locked in order, so that payments keep the limit.
select id, event_id, owner_id, state, cardinality(places) as size, total_cents, expires_at, payment_id, debit,
    listing_ids is not null as exchanged, bundle_id
from ticketing.orders
where id = any(:order_ids::uuid[])
    or (owner_id = any(:owner_ids::uuid[]) and state in ('held', 'paying', 'paid')
        and event_id in (select named.event_id from ticketing.orders as named where named.id = any(:order_ids::uuid[])))
order by id for no key update;

-- name: lock_orders(order_ids)
-- Orders by id, locked in order.
select order_row.* from ticketing.order_row where id = any(:order_ids::uuid[]) order by id for no key update;

-- name: start_paying(order_ids, owner_ids, payment_ids, expires_ats)!
-- Holds whose payment starts; the fan becomes the owner of a guest's hold. `lock_baskets` locked them.
update ticketing.orders
set state = 'paying', owner_id = start.owner_id, payment_id = start.payment_id, expires_at = start.expires_at
from unnest(:order_ids::uuid[], :owner_ids::uuid[], :payment_ids::uuid[], :expires_ats::timestamptz[])
    as start (id, owner_id, payment_id, expires_at)
where orders.id = start.id and orders.state in ('held', 'paying');

-- name: accept_terms(order_ids, version_ids, now)!
-- The accepted terms of sale; a second payment of an order replaces them.
insert into ticketing.accepted_terms (order_id, version_id, accepted_at)
select accepted.order_id, accepted.version_id, :now
from unnest(:order_ids::uuid[], :version_ids::uuid[]) as accepted (order_id, version_id)
on conflict (order_id) do update set version_id = excluded.version_id, accepted_at = excluded.accepted_at;

-- name: accepted_terms(order_id)^
-- The terms of sale accepted with an order.
select version_id, accepted_at from ticketing.accepted_terms where order_id = :order_id;

-- name: mark_paid(order_ids, payment_ids, now)
-- Mark orders as paid and insert one ticket per place; orders that are no longer open are locked and left out, as are
-- those that await settlement and whose event has begun.
with locked as (
    select orders.id, captured.payment_id
    from unnest(:order_ids::uuid[], :payment_ids::uuid[]) as captured (id, payment_id)
    join ticketing.orders on orders.id = captured.id
    order by orders.id for no key update
),
paid as (
    update ticketing.orders
    set state = 'paid', paid_at = :now, payment_id = locked.payment_id, debit = null
    from locked
    where orders.id = locked.id and orders.state in ('held', 'paying')
        and (orders.debit is null or orders.expires_at > :now)
    returning orders.id, event_id, owner_id, orders.payment_id, places, ticket_ids, tariffs, prices,
        coalesce(part_id, bundle_id) as bundle_id
),
printed as (
    insert into ticketing.ticket (id, order_id, event_id, place, tariff, price_cents)
    select line.ticket_id, paid.id, paid.event_id, line.place, line.tariff, line.price_cents
    from paid, unnest(paid.ticket_ids, paid.places, paid.tariffs, paid.prices)
        as line (ticket_id, place, tariff, price_cents)
)
select id, event_id, owner_id, payment_id, places, ticket_ids, bundle_id from paid;

-- name: reopen(order_ids, expires_at)!
-- Expired holds whose places were claimed again for a late payment. `mark_paid` locked them.
update ticketing.orders set state = 'paying', expires_at = :expires_at, debit = null
where id = any(:order_ids::uuid[]) and state = 'expired';

-- name: extend_paying(order_ids, held_after, before, until)!
-- A later end for orders, or bundles, whose payment has no page yet and that end before a time. Old holds are left out.
with locked as (
    select id from ticketing.orders
    where (id = any(:order_ids::uuid[]) or part_id = any(:order_ids::uuid[])
            or (bundle_id = any(:order_ids::uuid[]) and part_id is null))
        and held_at > :held_after and expires_at < :before and state = 'paying'
    order by id for no key update
)
update ticketing.orders set expires_at = :until from locked where orders.id = locked.id;

-- name: await_debits(order_ids, payment_ids, expires_ats)
-- Open orders whose buyers authorised a debit, locked by `lock_orders`; those that await another one are left out.
update ticketing.orders
set state = 'paying', debit = 'awaiting', payment_id = debited.payment_id, expires_at = debited.expires_at
from unnest(:order_ids::uuid[], :payment_ids::uuid[], :expires_ats::timestamptz[])
    as debited (id, payment_id, expires_at)
where orders.id = debited.id and orders.state in ('held', 'paying') and orders.debit is distinct from 'awaiting'
returning orders.id, orders.owner_id;

-- name: fail_debits(order_ids, payment_ids, now)
-- Orders whose debit failed, with those that have ended since; `back_to_held` locked them. The hold of one that still
-- awaited it ends now.
update ticketing.orders
set debit = 'failed', expires_at = case when state = 'paying' then :now::timestamptz else expires_at end
from unnest(:order_ids::uuid[], :payment_ids::uuid[]) as failed (id, payment_id)
where orders.id = failed.id and orders.payment_id = failed.payment_id and orders.debit = 'awaiting'
returning orders.id, orders.owner_id, orders.state;

-- name: move_debits(event_id, starts_at)!
-- Orders of an event that await settlement keep their places until its new start.
with locked as (
    select id from ticketing.orders
    where event_id = :event_id and state = 'paying' and debit = 'awaiting' order by id for no key update
)
update ticketing.orders set expires_at = :starts_at from locked where orders.id = locked.id;

-- name: leave_bundles(order_ids)!
-- Take released orders, which are locked, out of their bundles, unless another order of the bundle was paid.
update ticketing.orders set bundle_id = null, part_id = null, part_until = null
where id = any(:order_ids::uuid[]) and bundle_id is not null and state = 'released' and not exists (
    select from ticketing.orders as other where other.bundle_id = orders.bundle_id and other.state in ('paid', 'refunded')
);

-- name: back_to_held(order_ids, payment_ids)
-- Orders whose payment failed return to `held`, for another attempt while the hold lasts.
with locked as (
    select orders.id, failed.payment_id
    from unnest(:order_ids::uuid[], :payment_ids::uuid[]) as failed (id, payment_id)
    join ticketing.orders on orders.id = failed.id
    order by orders.id for no key update
)
update ticketing.orders set state = 'held'
from locked
where orders.id = locked.id and orders.payment_id = locked.payment_id and orders.state = 'paying'
    and orders.debit is distinct from 'awaiting'
returning orders.id, orders.event_id;

-- name: close_orders(order_ids, state)
-- Close unpaid open orders; those that are no longer open are left out. An order of the exchange has no places of its
-- own: they are those of the sellers' orders.
with locked as (
    select id from ticketing.orders
    where id = any(:order_ids::uuid[]) and state in ('held', 'paying')
    order by id for no key update
)
update ticketing.orders set state = :state
from locked where orders.id = locked.id and orders.state in ('held', 'paying')
returning orders.id, event_id, case when listing_ids is null then places else '{}' end as places,
    case when debit = 'awaiting' then owner_id end as debited_id;

-- name: lock_due(held_after, held_before, now, wanted)
-- Expired holds, locked in order; those locked by other transactions are skipped.
select id from ticketing.orders
where held_at > :held_after and held_at <= :held_before and expires_at <= :now and state in ('held', 'paying')
order by id limit :wanted for no key update skip locked;

-- name: count_refund(order_id, amount_cents, withheld_cents)!
-- Add a refund to a paid order locked by `lock_orders`; the order is refunded once no valid ticket is left.
update ticketing.orders
set refunded_cents = refunded_cents + :amount_cents, withheld_cents = withheld_cents + :withheld_cents,
    state = case
        when exists (
            select from ticketing.ticket where ticket.id = any(orders.ticket_ids) and ticket.refund_id is null
        ) then 'paid'
        else 'refunded'
    end
where id = :order_id and state = 'paid';

-- name: count_returned(order_ids, cents)!
-- Add returned payments to these orders; `mark_paid` locked them.
update ticketing.orders set returned_cents = orders.returned_cents + back.cents
from unnest(:order_ids::uuid[], :cents::bigint[]) as back (id, cents)
where orders.id = back.id;

-- name: reseat_orders(order_ids, starts, ends, places, tariffs, prices, ticket_ids, totals)!
-- Other places for unpaid orders that `lock_orders` locked. `starts` and `ends` delimit each order in the flat arrays.
update ticketing.orders set
    places = (:places::integer[])[moved.first : moved.last], tariffs = (:tariffs::integer[])[moved.first : moved.last],
    prices = (:prices::integer[])[moved.first : moved.last],
    ticket_ids = (:ticket_ids::uuid[])[moved.first : moved.last], total_cents = moved.total_cents
from unnest(:order_ids::uuid[], :starts::integer[], :ends::integer[], :totals::integer[])
    as moved (id, first, last, total_cents)
where orders.id = moved.id and orders.state = 'held';

-- name: orders_of_owners(owner_ids)
-- Every order of a buyer, the latest first.
select order_row.* from ticketing.order_row where owner_id = any(:owner_ids::uuid[]) order by held_at desc, id;

-- name: lock_open_or_paid(event_id, wanted)
-- The oldest open or paid orders of an event, locked in order; one may just have been closed.
select order_row.* from ticketing.order_row
where id in (
    select id from ticketing.orders
    where event_id = :event_id and state in ('held', 'paying', 'paid')
    order by held_at, id limit :wanted
)
order by id for no key update;

-- name: orders_by_code(code)
-- The order with a code.
select order_row.* from ticketing.order_row where code = :code;

-- name: paid_orders(event_id)
-- The orders of an event that are paid or await settlement, with their owners.
select id, owner_id from ticketing.orders
where event_id = :event_id and (state = 'paid' or (state = 'paying' and debit = 'awaiting')) order by id;
