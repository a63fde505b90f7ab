-- name: lock_cards_by_uid(uids)
-- The cards of chips, locked in the order of their ids, with the owners of their wallets. An owner is looked up and not
-- joined: a card that is moved while its lock is waited for would lose its row to a join.
select id, uid, purse_id, key_version, counter, told_counter, label, daily_limit_cents, personalised_at, linked_at,
    blocked_at, blocked_reason, replaced_by, code_hash,
    (select purse.owner_id from wallet_accounts.public_purse as purse where purse.id = card.purse_id) as owner_id
from wallet_cards.card
where uid = any(:uids::bytea[])
order by id for no key update;

-- name: lock_cards(ids)
-- Cards by their ids, locked in order.
select id, uid, purse_id, key_version, counter, told_counter, label, daily_limit_cents, personalised_at, linked_at,
    blocked_at, blocked_reason, replaced_by
from wallet_cards.card
where id = any(:ids::uuid[])
order by id for no key update;

-- name: lock_cards_of_wallets(wallet_ids)
-- All cards of wallets, locked in the order of their ids.
select id from wallet_cards.card where purse_id = any(:wallet_ids::uuid[]) order by id for no key update;

-- name: owned_cards(ids)
-- Cards with the owners of their wallets. Asked for what is locked, it is what the lock holds.
select card.id, card.uid, card.purse_id, card.key_version, card.counter, card.told_counter, card.label,
    card.daily_limit_cents, card.personalised_at, card.linked_at, card.blocked_at, card.blocked_reason,
    card.replaced_by, card.code_hash, purse.owner_id
from wallet_cards.card
inner join wallet_accounts.public_purse as purse on purse.id = card.purse_id
where card.id = any(:ids::uuid[]);

-- name: card_ids_of_uids(uids)
-- The cards of chips.
select uid, id from wallet_cards.card where uid = any(:uids::bytea[]);

-- name: card_ids_of_codes(code_hashes)
-- The cards of printed codes.
select code_hash, id from wallet_cards.card where code_hash = any(:code_hashes::bytea[]);

-- name: card_ids_of_person(person_id)
-- All cards on a person's wallet, also the blocked ones.
select card.id
from wallet_cards.card
inner join wallet_accounts.public_purse as purse on purse.id = card.purse_id
where purse.owner_id = :person_id;

-- name: wallets(ids)
-- Those of these wallets that there are.
select id from wallet_accounts.public_purse where id = any(:ids::uuid[]);

-- name: insert_cards(ids, uids, wallet_ids, code_hashes, key_version, labels, now)
-- New cards, each chip once; returns those that are new.
insert into wallet_cards.card (id, uid, purse_id, code_hash, key_version, label, personalised_at)
select wish.id, wish.uid, wish.purse_id, wish.code_hash, :key_version, wish.label, :now
from unnest(:ids::uuid[], :uids::bytea[], :wallet_ids::uuid[], :code_hashes::bytea[], :labels::text[])
    as wish (id, uid, purse_id, code_hash, label)
order by wish.uid
on conflict do nothing
returning id;

-- name: block_cards(ids, reasons, now)!
-- Block cards, or say another reason of a block; since when stays.
update wallet_cards.card set blocked_at = coalesce(card.blocked_at, :now), blocked_reason = wish.reason
from unnest(:ids::uuid[], :reasons::text[]) as wish (id, reason)
where card.id = wish.id;

-- name: unblock_cards(ids)!
-- Lift the blocks of cards, which the caller has locked.
update wallet_cards.card set blocked_at = null, blocked_reason = null where id = any(:ids::uuid[]);

-- name: limit_cards(ids, limits)!
-- What cards may spend on a day, null for anything; the caller has locked them.
update wallet_cards.card set daily_limit_cents = wish.daily_limit_cents
from unnest(:ids::uuid[], :limits::integer[]) as wish (id, daily_limit_cents)
where card.id = wish.id;

-- name: lock_turn_of_new_cards(what)
-- One at a time of what has no row yet that could be locked: new cards.
select pg_advisory_xact_lock(hashtextextended('wallet: ' || :what, 0));

-- name: move_cards(from_wallet_id, to_wallet_id)!
-- All cards of a wallet, which the caller has locked, come onto another one.
update wallet_cards.card set purse_id = :to_wallet_id where purse_id = :from_wallet_id;

-- name: note_link(ids, card_id, label, now)!
-- Assign cards to a person; the presented one gets its label.
update wallet_cards.card set
    linked_at = :now, label = case when id = :card_id then coalesce(:label, label) else label end
where id = any(:ids::uuid[]);

-- name: stand_in(old_id, new_id, now)!
-- A new card takes the place of an old one: its wallet, its label, its limit. The caller has locked both.
update wallet_cards.card as new set
    purse_id = old.purse_id, label = old.label, daily_limit_cents = old.daily_limit_cents,
    linked_at = case when old.linked_at is null then null else :now::timestamptz end
from wallet_cards.card as old
where old.id = :old_id and new.id = :new_id;

-- name: stand_in_pin(old_id, new_id)!
-- The PIN of an old card is that of the new one, with all its tries.
insert into wallet_cards.card_pin (card_id, salt, iterations, verifier, tries, set_at)
select :new_id, salt, iterations, verifier, 0, set_at from wallet_cards.card_pin where card_id = :old_id;

-- name: stand_in_day(old_id, new_id, day)!
-- What the old card spent on a day counts to the new one.
insert into wallet_cards.card_day (card_id, day, spent_cents)
select :new_id, day, spent_cents from wallet_cards.card_day where card_id = :old_id and day = :day
on conflict (card_id, day) do update set spent_cents = card_day.spent_cents + excluded.spent_cents;

-- name: end_replaced(old_id, new_id, now)!
-- A card that was replaced is blocked for ever.
update wallet_cards.card set blocked_at = coalesce(blocked_at, :now), blocked_reason = 'replaced', replaced_by = :new_id
where id = :old_id;

-- name: forget_words(ids)!
-- The words of cards whose owner is erased.
update wallet_cards.card set label = null where id = any(:ids::uuid[]);

-- name: card_position()$
-- The oldest transaction that still runs, or the next one: what cards changed in those below it is visible.
select kernel.horizon()::text::bigint;

-- name: cards_changed(since)
-- Cards that a transaction of this number or a later one wrote, and which one it was. Rows carry its lower 32 bits.
with here as materialized (  -- once, and not for each card
    select kernel.next_xid()::text::bigint as next
), marked as (
    select card.uid, card.counter, card.blocked_reason is not null as blocked,
        here.next - ((here.next - card.xmin::text::bigint) & 4294967295) as xid
    from wallet_cards.card cross join here
)
select uid, counter, blocked, xid from marked where xid >= :since::bigint;

-- name: all_cards()$
-- All cards as JSON for tills: tens of thousands, so they are not decoded.
select '{"position":"' || kernel.horizon()::text || '","all":true,"cards":['
    || coalesce(
        string_agg(
            '["' || upper(encode(uid, 'hex')) || '",' || counter || ','
            || case when blocked_reason is null then 'false' else 'true' end || ']',
            ','
        ),
        ''
    ) || ']}'
from wallet_cards.card;
