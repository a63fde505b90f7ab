-- name: auto_rule(wallet_id)^
-- The rule of a wallet.
select purse_id as wallet_id, method_id, below_cents, add_cents, day_max_cents, consented_at, state, reason, declines, retry_at,
    top_up_id, day, day_cents
from wallet_funding.auto_top_up where purse_id = :wallet_id;

-- name: lock_auto_rules(wallet_ids)
-- Rules of wallets, locked in the order of their wallets, which come before them.
select purse_id as wallet_id, method_id, below_cents, add_cents, day_max_cents, consented_at, state, reason, declines, retry_at,
    top_up_id, day, day_cents
from wallet_funding.auto_top_up where purse_id = any(:wallet_ids::uuid[]) order by purse_id for no key update;

-- name: lock_rules_that_wait(top_up_ids)
-- Rules that wait for these top-ups, locked in the order of their wallets.
select purse_id as wallet_id, method_id, below_cents, add_cents, day_max_cents, consented_at, state, reason, declines, retry_at,
    top_up_id, day, day_cents
from wallet_funding.auto_top_up where top_up_id = any(:top_up_ids::uuid[]) order by purse_id for no key update;

-- name: put_auto_rules(wallet_ids, method_ids, belows, adds, day_maxes, consents, states, reasons, declines, retries, top_up_ids, days, day_cents)!
-- Rules as they stand, in the order of their wallets.
insert into wallet_funding.auto_top_up (
    purse_id, method_id, below_cents, add_cents, day_max_cents, consented_at, state, reason, declines, retry_at,
    top_up_id, day, day_cents
)
select * from unnest(
    :wallet_ids::uuid[], :method_ids::uuid[], :belows::bigint[], :adds::bigint[], :day_maxes::bigint[],
    :consents::timestamptz[], :states::text[], :reasons::text[], :declines::bigint[], :retries::timestamptz[],
    :top_up_ids::uuid[], :days::date[], :day_cents::bigint[]
) as wish (
    purse_id, method_id, below_cents, add_cents, day_max_cents, consented_at, state, reason, declines, retry_at,
    top_up_id, day, day_cents
)
order by wish.purse_id
on conflict (purse_id) do update set
    method_id = excluded.method_id, below_cents = excluded.below_cents, add_cents = excluded.add_cents,
    day_max_cents = excluded.day_max_cents, consented_at = excluded.consented_at, state = excluded.state,
    reason = excluded.reason, declines = excluded.declines, retry_at = excluded.retry_at,
    top_up_id = excluded.top_up_id, day = excluded.day, day_cents = excluded.day_cents;

-- name: drop_auto_rule(wallet_id)!
-- A rule that its owner ended.
delete from wallet_funding.auto_top_up where purse_id = :wallet_id;

-- name: wallets_below(now, day, after, wanted)
-- Wallets that hold less than their rule says, and that may be topped up now, in the order of their ids.
select rule.purse_id as wallet_id
from wallet_funding.auto_top_up as rule
inner join wallet_ledger.public_account as account on account.id = rule.purse_id
where rule.state = 'on' and rule.top_up_id is null and rule.purse_id > :after
    and account.balance_cents - account.held_cents < rule.below_cents
    and (rule.retry_at is null or rule.retry_at <= :now)
    and (rule.day is distinct from :day::date or rule.day_cents + rule.add_cents <= rule.day_max_cents)
order by rule.purse_id limit :wanted;

-- name: waiting_top_ups()
-- What rules wait for, and the card that each is charged to.
select top_up.id, top_up.payment_id, top_up.cents, rule.method_id
from wallet_funding.auto_top_up as rule
inner join wallet_funding.top_up on top_up.id = rule.top_up_id
where rule.top_up_id is not null and rule.state = 'on'
order by top_up.id;

-- name: wallets_to_confirm(before, wanted)
-- Wallets whose owners did not confirm a charge before a time, in the order of their ids.
select purse_id as wallet_id from wallet_funding.auto_top_up
where state = 'confirm' and retry_at <= :before order by purse_id limit :wanted;
