-- name: insert_bonus_grants(ids, wallet_ids, cents, reasons, givers, now)
-- Insert new bonus grants in order of their ids; known ones are unchanged.
insert into wallet_funding.gift (id, purse_id, cents, reason, given_by, given_at)
select wish.id, wish.purse_id, wish.cents, wish.reason, wish.given_by, :now::timestamptz
from unnest(:ids::uuid[], :wallet_ids::uuid[], :cents::bigint[], :reasons::text[], :givers::uuid[])
    as wish (id, purse_id, cents, reason, given_by)
order by wish.id
on conflict (id) do nothing
returning id;

-- name: bonus_grants(ids)
-- Gifts by id.
select id, purse_id, cents, reason, given_by from wallet_funding.gift where id = any(:ids::uuid[]);

-- name: bonus_grants_of(wallet_id)
-- All grants to a wallet, the earliest first.
select id, purse_id, cents, reason, given_by from wallet_funding.gift where purse_id = :wallet_id order by given_at, id;

-- name: bonus_granted_and_booked()^
-- The sum of all bonus by grants and by transfers.
select
    (select coalesce(sum(cents), 0)::bigint from wallet_funding.gift) as told,
    (select coalesce(sum(cents), 0)::bigint from wallet_ledger.public_transfer where purpose = 'bonus_given') as booked;
