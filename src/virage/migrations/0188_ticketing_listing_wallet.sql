-- expand: the seller's wish that a listing pays into their wallet.

alter table ticketing.listing add column to_wallet boolean not null default false;

create or replace view ticketing.listing_row as
select
    id, event_id, seller_id, state, ticket_ids, prices, fee_permille, listed_at, ended_at, order_id, reasons, decided_by,
    decided_at, to_wallet
from ticketing.listing;
