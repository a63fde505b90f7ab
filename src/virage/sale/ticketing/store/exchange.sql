-- name: exchange_terms(event_id)^
-- The rules of an event's exchange.
select open, price_max_permille, fee_permille, give_back from ticketing.exchange_terms where event_id = :event_id;

-- name: put_exchange_terms(event_id, open, price_max_permille, fee_permille, give_back)!
-- Replace the rules of an event's exchange.
insert into ticketing.exchange_terms (event_id, open, price_max_permille, fee_permille, give_back)
values (:event_id, :open, :price_max_permille, :fee_permille, :give_back)
on conflict (event_id) do update set
    open = excluded.open, price_max_permille = excluded.price_max_permille, fee_permille = excluded.fee_permille,
    give_back = excluded.give_back;

-- name: open_exchanges()
-- The events whose exchange is open.
select event_id from ticketing.exchange_terms where open;

-- name: events_with_releases()
-- The events whose seats may be given back.
select event_id from ticketing.exchange_terms where give_back;

-- name: released_of(person_id)
-- The tickets that a person has given back.
select ticket_id
from ticketing.refund
join ticketing.orders on orders.id = refund.order_id
cross join lateral unnest(refund.ticket_ids) as released (ticket_id)
where refund.reason = 'released' and orders.owner_id = :person_id;

-- name: count_released(event_id)$
-- How many tickets of an event were given back.
select coalesce(sum(cardinality(ticket_ids)), 0)::bigint from ticketing.refund
where event_id = :event_id and reason = 'released';

-- name: listings(listing_ids)
-- Listings by id.
select listing_row.* from ticketing.listing_row where id = any(:listing_ids::uuid[]);

-- name: lock_listings(listing_ids)
-- Listings, locked in order.
select listing_row.* from ticketing.listing_row where id = any(:listing_ids::uuid[]) order by id for no key update;

-- name: listings_of_event(event_id)
-- Every listing of an event, the latest first.
select listing_row.* from ticketing.listing_row where event_id = :event_id order by listed_at desc, id;

-- name: open_listings(event_id)
-- The listings of an event that are not over, the oldest first.
select listing_row.* from ticketing.listing_row
where event_id = :event_id and state in ('review', 'listed') order by listed_at, id;

-- name: listings_of_person(person_id)
-- What a person has listed, the latest first.
select listing_row.* from ticketing.listing_row where seller_id = :person_id order by listed_at desc, id;

-- name: lock_listings_of_person(person_id)
-- What a person has listed and not sold, locked in order.
select listing_row.* from ticketing.listing_row
where seller_id = :person_id and state in ('review', 'listed') order by id for no key update;

-- name: lock_listings_of_tickets(ticket_ids)
-- The open listings of tickets, locked in order.
select listing_row.* from ticketing.listing_row
where state in ('review', 'listed')
    and id in (select listing_id from ticketing.listed_ticket where ticket_id = any(:ticket_ids::uuid[]))
order by id for no key update;

-- name: listed_tickets(ticket_ids)
-- The tickets of these that are listed.
select ticket_id from ticketing.listed_ticket where ticket_id = any(:ticket_ids::uuid[]);

-- name: events_with_listings()
-- The events that have open listings.
select distinct event_id from ticketing.listing where state in ('review', 'listed') order by event_id;

-- name: sold_by(person_id, event_id, since, browser_key, card_key)^
-- How many tickets of an event a person has listed or sold, and how many they have sold since a moment; and how many of
-- the event all people have in a browser, and of those that a card paid.
select
    coalesce(sum(cardinality(ticket_ids)) filter (
        where event_id = :event_id and state in ('review', 'listed', 'sold')
    ), 0)::bigint as of_event,
    coalesce(sum(cardinality(ticket_ids)) filter (
        where state = 'sold' and ended_at > :since
    ), 0)::bigint as in_year,
    (
        select coalesce(sum(cardinality(other.ticket_ids)), 0)::bigint from ticketing.listing as other
        where other.event_id = :event_id and other.browser_key = :browser_key::bytea
            and other.state in ('review', 'listed', 'sold')
    ) as in_browser,
    (
        select coalesce(sum(cardinality(other.ticket_ids)), 0)::bigint from ticketing.listing as other
        where other.event_id = :event_id and other.card_key = :card_key::bytea
            and other.state in ('review', 'listed', 'sold')
    ) as with_card
from ticketing.listing where seller_id = :person_id;

-- name: events_with_keys()
-- The events whose listings name a browser or a card.
select distinct event_id from ticketing.listing
where browser_key is not null or card_key is not null order by event_id;

-- name: forget_keys(event_ids)!
-- Delete the browsers and cards of the listings of events whose sale is over.
with locked as (
    select id from ticketing.listing
    where event_id = any(:event_ids::uuid[]) and (browser_key is not null or card_key is not null)
    order by id for no key update
)
update ticketing.listing set browser_key = null, card_key = null from locked where listing.id = locked.id;

-- name: forget_keys_of(person_id)!
-- Delete the browsers and cards of the listings of an erased person.
with locked as (
    select id from ticketing.listing
    where seller_id = :person_id and (browser_key is not null or card_key is not null)
    order by id for no key update
)
update ticketing.listing set browser_key = null, card_key = null from locked where listing.id = locked.id;

-- name: insert_listing(listing_id, event_id, seller_id, state, ticket_ids, prices, fee_permille, reasons, browser_key, card_key, to_wallet, now)!
-- A new listing; its tickets are locked.
with listed as (
    insert into ticketing.listing (
        id, event_id, seller_id, state, ticket_ids, prices, fee_permille, reasons, browser_key, card_key, to_wallet,
        listed_at
    )
    values (
        :listing_id, :event_id, :seller_id, :state, :ticket_ids::uuid[], :prices::integer[], :fee_permille,
        :reasons::text[], :browser_key, :card_key, :to_wallet, :now
    )
)
insert into ticketing.listed_ticket (ticket_id, listing_id)
select ticket_id, :listing_id from unnest(:ticket_ids::uuid[]) as listed_ticket (ticket_id) order by ticket_id;

-- name: reserve(listing_ids, order_id)!
-- Listings that an order holds.
with locked as (
    select id from ticketing.listing where id = any(:listing_ids::uuid[]) order by id for no key update
)
update ticketing.listing set order_id = :order_id from locked where listing.id = locked.id;

-- name: unreserve(order_ids)!
-- Listings of orders that ended unpaid, which are locked; those that were sold or ended keep their order.
with locked as (
    select id from ticketing.listing
    where order_id = any(:order_ids::uuid[]) and state = 'listed' order by id for no key update
)
update ticketing.listing set order_id = null from locked where listing.id = locked.id;

-- name: end_listings(listing_ids, state, now)!
-- Open listings that end.
with locked as (
    select id from ticketing.listing where id = any(:listing_ids::uuid[]) order by id for no key update
),
free as (
    delete from ticketing.listed_ticket using locked where listed_ticket.listing_id = locked.id
)
update ticketing.listing set state = :state, ended_at = :now from locked where listing.id = locked.id;

-- name: decide_listing(listing_id, who, now)!
-- A locked listing that a person has reviewed.
update ticketing.listing
set state = 'listed', decided_by = :who, decided_at = :now where id = :listing_id;

-- name: refuse_listing(listing_id, who, now)!
-- A listing that a person has refused.
with locked as (
    select id from ticketing.listing where id = :listing_id for no key update
),
free as (
    delete from ticketing.listed_ticket using locked where listed_ticket.listing_id = locked.id
)
update ticketing.listing
set state = 'refused', decided_by = :who, decided_at = :now, ended_at = :now
from locked where listing.id = locked.id;

-- name: sold_in_year(person_ids, since)
-- How many tickets each person has sold since a moment; people without sales are missing.
select seller_id, sum(cardinality(ticket_ids))::bigint as tickets
from ticketing.listing
where seller_id = any(:person_ids::uuid[]) and state = 'sold' and ended_at > :since
group by seller_id;
