-- name: insert_top_up(id, wallet_id, payment_id, cents, now)!
-- Insert a top-up; known ids and payments are unchanged.
insert into wallet_funding.top_up (id, purse_id, payment_id, cents, begun_at)
values (:id, :wallet_id, :payment_id, :cents, :now) on conflict do nothing;

-- name: top_ups(ids)
-- Top-ups by id.
select id, purse_id, payment_id, cents from wallet_funding.top_up where id = any(:ids::uuid[]);

-- name: top_ups_of_wallet(wallet_id)
-- The top-ups of a wallet, the latest first.
select id, purse_id, payment_id, cents from wallet_funding.top_up where purse_id = :wallet_id order by begun_at desc, id desc;

-- name: recent_top_ups(wallet_ids, since)
-- The top-ups of wallets that began after a moment.
select id, purse_id, payment_id, cents from wallet_funding.top_up
where purse_id = any(:wallet_ids::uuid[]) and begun_at > :since;

-- name: insert_payout(id, wallet_id, cents, now)!
-- Insert a payout; a known id is unchanged.
insert into wallet_funding.payout (id, purse_id, cents, asked_at) values (:id, :wallet_id, :cents, :now) on conflict do nothing;

-- name: payout(id)^
-- A payout by its id.
select purse_id, cents from wallet_funding.payout where id = :id;
