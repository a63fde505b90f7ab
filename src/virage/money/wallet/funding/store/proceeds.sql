-- name: put_proceeds(wallet_ids, payment_ids, cents, now)!
-- Proceeds of sold tickets, under the locks of their wallets; those of one payment are added up.
insert into wallet_funding.proceeds (purse_id, payment_id, cents, credited_at)
select sold.purse_id, sold.payment_id, sum(sold.cents), :now
from unnest(:wallet_ids::uuid[], :payment_ids::uuid[], :cents::integer[]) as sold (purse_id, payment_id, cents)
group by sold.purse_id, sold.payment_id order by sold.purse_id, sold.payment_id
on conflict (purse_id, payment_id) do update set cents = proceeds.cents + excluded.cents;

-- name: proceeds_of_wallet(wallet_id)
-- The proceeds that a wallet got, the latest payment first.
select payment_id, cents - paid_out_cents as left_cents from wallet_funding.proceeds
where purse_id = :wallet_id order by credited_at desc, payment_id;

-- name: proceeds_of_payments(payment_ids)
-- The proceeds of some payments that did not go back, by wallet.
select purse_id, payment_id, cents - paid_out_cents as left_cents from wallet_funding.proceeds
where payment_id = any(:payment_ids::uuid[]) order by purse_id, payment_id;

-- name: return_proceeds(wallet_id, payment_id, cents)!
-- Proceeds that a won dispute returns, under the lock of their wallet.
update wallet_funding.proceeds set paid_out_cents = paid_out_cents - :cents
where purse_id = :wallet_id and payment_id = :payment_id;

-- name: pay_out_proceeds(wallet_id, payment_ids, cents)!
-- Proceeds that go back to the payments which had bought the tickets, under the lock of their wallet.
update wallet_funding.proceeds set paid_out_cents = paid_out_cents + back.cents
from unnest(:payment_ids::uuid[], :cents::integer[]) as back (payment_id, cents)
where proceeds.purse_id = :wallet_id and proceeds.payment_id = back.payment_id;

-- name: insert_disputed_proceeds(dispute_ids, wallet_ids, payment_ids, cents, missing_cents, now)!
-- What disputes took back from wallets and what was missing, under the locks of the wallets; a known one is unchanged.
insert into wallet_funding.disputed_proceeds (dispute_id, purse_id, payment_id, cents, missing_cents, taken_at)
select taken.dispute_id, taken.purse_id, taken.payment_id, taken.cents, taken.missing_cents, :now
from unnest(
    :dispute_ids::uuid[], :wallet_ids::uuid[], :payment_ids::uuid[], :cents::integer[], :missing_cents::integer[]
) as taken (dispute_id, purse_id, payment_id, cents, missing_cents)
order by taken.dispute_id, taken.purse_id
on conflict do nothing;

-- name: latest_disputed_proceeds(before, limit_)
-- What disputes took back from wallets before a time, the latest first, with those of the last one's time.
select dispute_id, purse_id, payment_id, cents, missing_cents, taken_at from wallet_funding.disputed_proceeds
where taken_at < :before
order by taken_at desc fetch first :limit_ rows with ties;

-- name: disputed_proceeds_of_payment(payment_id)
-- What the disputes of a payment took back from wallets, the latest first.
select dispute_id, purse_id, payment_id, cents, missing_cents, taken_at from wallet_funding.disputed_proceeds
where payment_id = :payment_id
order by taken_at desc, dispute_id, purse_id;

-- name: proceeds_left()$
-- The proceeds in all wallets that did not go back.
select coalesce(sum(cents - paid_out_cents), 0)::bigint from wallet_funding.proceeds;
