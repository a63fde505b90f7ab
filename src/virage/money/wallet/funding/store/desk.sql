-- name: lock_turn_of_desk_transaction(what)
-- Serialise a desk transaction that has no row yet.
select pg_advisory_xact_lock(hashtextextended('wallet: ' || :what, 0));

-- name: desk_transaction(till_id, id)^
-- A desk transaction of a till.
select id, till_id, purse_id, card_id, cashier, cents, tender, slip, booked_at, body
from wallet_funding.load where till_id = :till_id and id = :id;

-- name: insert_desk_transaction(till_id, id, wallet_id, card_id, cashier, cents, tender, slip, body, signature, now)!
-- A booked desk transaction with the record that its till signed.
insert into wallet_funding.load (till_id, id, purse_id, card_id, cashier, cents, tender, slip, booked_at, body, signature)
values (:till_id, :id, :wallet_id, :card_id, :cashier, :cents, :tender, :slip, :now, :body, :signature);

-- name: signed_desk_records()
-- All signed desk transactions with their signed records.
select id, till_id, purse_id, card_id, cashier, cents, tender, slip, body, signature
from wallet_funding.load where body is not null order by till_id, id;

-- name: unsigned_desk_transactions()$
-- The number of unsigned desk transactions.
select count(*) from wallet_funding.load where body is null;

-- name: topped_up_since(wallet_id, since)$
-- Top-ups of a wallet at desks since a moment; payouts are not subtracted.
select coalesce(sum(cents), 0)::bigint from wallet_funding.load
where purse_id = :wallet_id and booked_at >= :since and cents > 0;

-- name: desk_transactions_of_wallet(wallet_id)
-- Desk transactions of a wallet, the earliest first.
select id, till_id, purse_id, card_id, cashier, cents, tender, slip, booked_at, body
from wallet_funding.load where purse_id = :wallet_id order by booked_at, id;

-- name: takings(since, until)
-- Top-ups less payouts in a period, by till and tender.
select till_id, tender, sum(cents)::bigint as cents
from wallet_funding.load where booked_at >= :since::timestamptz and booked_at < :until::timestamptz
group by till_id, tender order by till_id, tender;

-- name: balances_of_tills()
-- Balances of the drawers and terminals of all tills.
select key, kind, balance_cents from wallet_ledger.public_account where kind in ('cash', 'terminal') order by key, kind;
