-- name: taps_by_id(ids)
-- Taps that were taken, by the ids of who brought them.
select id, card_id, purse_id, counter, taken_at from wallet_cards.tap where id = any(:ids::uuid[]);

-- name: counters_used(card_ids, counters)
-- Those of these counters of cards that have counted.
select tap.card_id, tap.counter
from unnest(:card_ids::uuid[], :counters::integer[]) as wish (card_id, counter)
inner join wallet_cards.tap on tap.card_id = wish.card_id and tap.counter = wish.counter;

-- name: insert_taps(ids, card_ids, wallet_ids, counters, now)!
-- Taps that count.
insert into wallet_cards.tap (id, card_id, purse_id, counter, taken_at)
select wish.id, wish.card_id, wish.purse_id, wish.counter, :now
from unnest(:ids::uuid[], :card_ids::uuid[], :wallet_ids::uuid[], :counters::integer[])
    as wish (id, card_id, purse_id, counter)
order by wish.id;

-- name: raise_counters(card_ids, counters)!
-- The last counters that were taken; the caller has locked the cards.
update wallet_cards.card set counter = wish.counter
from unnest(:card_ids::uuid[], :counters::integer[]) as wish (card_id, counter)
where card.id = wish.card_id and card.counter < wish.counter;

-- name: note_told(card_ids)!
-- Mark the replays of locked cards as recorded, until their next accepted tap.
update wallet_cards.card set told_counter = counter where id = any(:card_ids::uuid[]);

-- name: limits(card_ids, day)
-- What cards may spend on a day and have spent on it; the caller has locked them.
select card.id, card.daily_limit_cents, coalesce(card_day.spent_cents, 0) as spent_cents
from wallet_cards.card
left join wallet_cards.card_day on card_day.card_id = card.id and card_day.day = :day
where card.id = any(:card_ids::uuid[]);

-- name: add_spent(card_ids, days, amounts)!
-- Count what cards spent, once a card and day; the caller has locked the cards.
insert into wallet_cards.card_day as known (card_id, day, spent_cents)
select wish.card_id, wish.day, wish.amount
from unnest(:card_ids::uuid[], :days::date[], :amounts::bigint[]) as wish (card_id, day, amount)
order by wish.card_id, wish.day
on conflict (card_id, day) do update set spent_cents = known.spent_cents + excluded.spent_cents;

-- name: take_spent(card_ids, days, amounts)!
-- Count less, once a card and day, for what went back; the caller has locked the cards.
update wallet_cards.card_day as known set spent_cents = greatest(0, known.spent_cents - wish.amount)
from unnest(:card_ids::uuid[], :days::date[], :amounts::bigint[]) as wish (card_id, day, amount)
where known.card_id = wish.card_id and known.day = wish.day;

-- name: put_card_pin(card_id, salt, iterations, verifier, now)!
-- A card's PIN in place of the one before, with all its tries.
insert into wallet_cards.card_pin (card_id, salt, iterations, verifier, tries, set_at)
values (:card_id, :salt, :iterations, :verifier, 0, :now)
on conflict (card_id) do update set
    salt = excluded.salt, iterations = excluded.iterations, verifier = excluded.verifier, tries = 0,
    set_at = excluded.set_at;

-- name: count_pin_try(card_id)^
-- Count one try before it is looked at; the caller has locked the card. No row: it has no PIN.
update wallet_cards.card_pin set tries = tries + 1 where card_id = :card_id returning salt, iterations, verifier, tries;

-- name: forgive_pin_tries(card_ids)!
-- Tries that came to nothing are forgotten; the caller has locked the cards.
update wallet_cards.card_pin set tries = 0 where card_id = any(:card_ids::uuid[]);

-- name: cards_with_pin(card_ids)
-- Those of these cards that have a PIN.
select card_id from wallet_cards.card_pin where card_id = any(:card_ids::uuid[]);

-- name: drop_card_pins(card_ids)!
-- Cards have no PIN any more.
delete from wallet_cards.card_pin where card_id = any(:card_ids::uuid[]);

-- name: taps_of_cards(card_ids)
-- All taps of cards that were taken, the latest first.
select id, card_id, purse_id, counter, taken_at
from wallet_cards.tap
where card_id = any(:card_ids::uuid[])
order by taken_at desc, card_id, counter desc;
