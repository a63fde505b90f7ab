-- name: put_reward(id, organiser_id, kind, name, description, price_points, stock, limit_per_person, opens_at, closes_at, voucher_cents, asks_text, now)!
-- Insert a reward, or replace its content. A known one is locked.
insert into points.reward (
    id, organiser_id, revision, kind, name, description, price_points, stock, limit_per_person, opens_at, closes_at,
    voucher_cents, asks_text, created_at
) values (
    :id, :organiser_id, 1, :kind, :name, :description, :price_points, :stock, :limit_per_person, :opens_at, :closes_at,
    :voucher_cents, :asks_text, :now
) on conflict (id) do update set
    revision = reward.revision + 1, name = excluded.name, description = excluded.description,
    price_points = excluded.price_points, stock = excluded.stock, limit_per_person = excluded.limit_per_person,
    opens_at = excluded.opens_at, closes_at = excluded.closes_at, voucher_cents = excluded.voucher_cents,
    asks_text = excluded.asks_text;

-- name: reward(id)^
-- A reward.
select id, organiser_id, revision, kind, name, description, price_points, stock, taken, limit_per_person, opens_at,
    closes_at, voucher_cents, asks_text
from points.reward where id = :id;

-- name: lock_reward(id)^
-- A reward, locked.
select id, organiser_id, revision, kind, name, description, price_points, stock, taken, limit_per_person, opens_at,
    closes_at, voucher_cents, asks_text
from points.reward where id = :id for no key update;

-- name: rewards_of(organiser_ids)
-- The rewards of organisers, the cheapest first.
select id, organiser_id, revision, kind, name, description, price_points, stock, taken, limit_per_person, opens_at,
    closes_at, voucher_cents, asks_text
from points.reward where organiser_id = any(:organiser_ids::uuid[]) order by price_points, id limit 500;

-- name: count_taken(id, change)!
-- One more or one less of a locked reward.
update points.reward set taken = taken + :change::integer where id = :id;

-- name: count_redeemed(account_ids)
-- How many of each reward these accounts have.
select account_id, reward_id, count(*) as redeemed from points.redemption
where account_id = any(:account_ids::uuid[]) and state <> 'cancelled' group by 1, 2;

-- name: count_open(organiser_ids)
-- How many redeemed rewards wait for the office, by organiser.
select reward.organiser_id, count(*) as waiting
from points.redemption inner join points.reward on reward.id = redemption.reward_id
where reward.organiser_id = any(:organiser_ids::uuid[]) and redemption.state in ('open', 'ready') group by 1;

-- name: insert_redemption(id, account_id, reward_id, name, price_points, state, code, by_bonus, now)$
-- A redeemed reward, unless its id is taken.
insert into points.redemption (
    id, account_id, reward_id, name, price_points, state, code, by_bonus, redeemed_at, state_at
) values (
    :id, :account_id, :reward_id, :name, :price_points, :state, :code, :by_bonus, :now, :now
) on conflict (id) do nothing returning id;

-- name: insert_text(redemption_id, text)!
-- What a person wrote for a reward.
insert into points.redemption_text (redemption_id, text) values (:redemption_id, :text);

-- name: set_state(id, state, reason, now)!
-- What the office did with a redeemed reward whose account is locked.
update points.redemption set state = :state, cancel_reason = :reason, state_at = :now where id = :id;

-- name: redemption_of_code(code)$
-- The redeemed reward with a code.
select id from points.redemption where code = :code;

-- name: handover_id(id)$
-- The request of a till that handed a reward over, null without one.
select handover_id from points.redemption where id = :id;

-- name: hand_over(id, handover_id, till_id, cashier_id, now)!
-- A redeemed reward, whose account is locked, that a till hands over.
update points.redemption
set state = 'handed_over', state_at = :now, handover_id = :handover_id, till_id = :till_id, cashier_id = :cashier_id
where id = :id;

-- name: redemptions(ids)
-- Redeemed rewards by id.
select redemption.id, redemption.account_id, account.organiser_id, account.person_id, redemption.reward_id,
    reward.kind, redemption.name, redemption.price_points, redemption.state, redemption.code, redemption.by_bonus,
    redemption.redeemed_at, redemption.state_at, redemption.cancel_reason, redemption_text.text
from points.redemption
inner join points.account on account.id = redemption.account_id
inner join points.reward on reward.id = redemption.reward_id
left join points.redemption_text on redemption_text.redemption_id = redemption.id
where redemption.id = any(:ids::uuid[]);

-- name: redemptions_of(account_ids)
-- Redeemed rewards of accounts, the latest first.
select redemption.id, redemption.account_id, account.organiser_id, account.person_id, redemption.reward_id,
    reward.kind, redemption.name, redemption.price_points, redemption.state, redemption.code, redemption.by_bonus,
    redemption.redeemed_at, redemption.state_at, redemption.cancel_reason, redemption_text.text
from points.redemption
inner join points.account on account.id = redemption.account_id
inner join points.reward on reward.id = redemption.reward_id
left join points.redemption_text on redemption_text.redemption_id = redemption.id
where redemption.account_id = any(:account_ids::uuid[]) order by redemption.redeemed_at desc, redemption.id desc;

-- name: redemptions_waiting(organiser_id, after, most)
-- Redeemed rewards of an organiser that wait for the office, the oldest first, after one of them or from the start.
select redemption.id, redemption.account_id, account.organiser_id, account.person_id, redemption.reward_id,
    reward.kind, redemption.name, redemption.price_points, redemption.state, redemption.code, redemption.by_bonus,
    redemption.redeemed_at, redemption.state_at, redemption.cancel_reason, redemption_text.text
from points.redemption
inner join points.account on account.id = redemption.account_id
inner join points.reward on reward.id = redemption.reward_id
left join points.redemption_text on redemption_text.redemption_id = redemption.id
where reward.organiser_id = :organiser_id and redemption.state in ('open', 'ready')
    and (:after::uuid is null or (redemption.redeemed_at, redemption.id) > (
        select before.redeemed_at, before.id from points.redemption as before where before.id = :after
    ))
order by redemption.redeemed_at, redemption.id limit :most;

-- name: redemptions_at(organiser_id, states, most)
-- Redeemed rewards of an organiser in some states, the latest first.
select redemption.id, redemption.account_id, account.organiser_id, account.person_id, redemption.reward_id,
    reward.kind, redemption.name, redemption.price_points, redemption.state, redemption.code, redemption.by_bonus,
    redemption.redeemed_at, redemption.state_at, redemption.cancel_reason, redemption_text.text
from points.redemption
inner join points.account on account.id = redemption.account_id
inner join points.reward on reward.id = redemption.reward_id
left join points.redemption_text on redemption_text.redemption_id = redemption.id
where reward.organiser_id = :organiser_id and redemption.state = any(:states::text[])
order by redemption.redeemed_at desc, redemption.id desc limit :most;
