-- name: phone_keys(ids)
-- Keys of phones by id.
select id, purse_id, x, y_odd, label, registered_at, blocked_at from wallet_cards.phone_key where id = any(:ids::uuid[]);

-- name: phone_keys_of_wallet(wallet_id)
-- All keys of phones on a wallet, the blocked ones too.
select id, purse_id, x, y_odd, label, registered_at, blocked_at
from wallet_cards.phone_key where purse_id = :wallet_id order by registered_at, id;

-- name: insert_phone_key(id, wallet_id, x, y_odd, label, now)!
-- Insert a phone key; known ids and keys are unchanged.
insert into wallet_cards.phone_key (id, purse_id, x, y_odd, label, registered_at)
values (:id, :wallet_id, :x, :y_odd, :label, :now) on conflict do nothing;

-- name: block_phone_key(id, now)!
-- A phone's key that pays no longer.
update wallet_cards.phone_key set blocked_at = :now where id = :id and blocked_at is null;

-- name: forget_phone_keys(wallet_id)!
-- The keys of a wallet whose owner is erased, and what is on its way from them.
with theirs as (
    select id from wallet_cards.phone_key where purse_id = :wallet_id order by id for no key update
), gone as (
    delete from wallet_cards.phone_key using theirs where phone_key.id = theirs.id returning phone_key.id
), sent as (
    select record_id, till_id, key_id from wallet_cards.proof
    where key_id in (select id from theirs) order by record_id, till_id, key_id for no key update
)
delete from wallet_cards.proof using sent
where proof.record_id = sent.record_id and proof.till_id = sent.till_id and proof.key_id = sent.key_id;

-- name: send_proof(record_id, till_id, key_id, proof, now)!
-- A proof on its way to its till; the same key's proof for the same record takes its place.
insert into wallet_cards.proof (record_id, till_id, key_id, proof, sent_at)
values (:record_id, :till_id, :key_id, :proof, :now)
on conflict (record_id, till_id, key_id) do update set proof = excluded.proof, sent_at = excluded.sent_at;

-- name: proof_for(record_id, till_id)$
-- The latest proof that a phone sent for a record of this till.
select proof from wallet_cards.proof where record_id = :record_id and till_id = :till_id order by sent_at desc, key_id limit 1;

-- name: proof_sent_from(record_id, wallet_id)$
-- Whether a phone of this wallet sent a proof for a record.
select exists (
    select from wallet_cards.proof join wallet_cards.phone_key on phone_key.id = proof.key_id
    where proof.record_id = :record_id and phone_key.purse_id = :wallet_id
);

-- name: forget_proofs(before)!
-- Proofs that were sent long ago: what was booked holds its own.
with old as (
    select record_id, till_id, key_id from wallet_cards.proof where sent_at < :before
    order by record_id, till_id, key_id for no key update skip locked
)
delete from wallet_cards.proof using old
where proof.record_id = old.record_id and proof.till_id = old.till_id and proof.key_id = old.key_id;

-- name: has_moved(wallet_id, subject)$
-- Whether something that is about this moved a wallet.
select exists (select from wallet_ledger.public_transfer where purse_id = :wallet_id and subject = :subject and step = 'post');
