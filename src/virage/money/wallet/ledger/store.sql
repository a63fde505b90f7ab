-- name: lock_accounts(ids)
-- Accounts of a batch, locked in the order of their ids.
select id, balance_cents, held_cents from wallet_ledger.account where id = any(:ids::uuid[]) order by id for no key update;

-- name: count_accounts(ids)$
-- How many of these accounts are there.
select count(*) from wallet_ledger.account where id = any(:ids::uuid[]);

-- name: open_accounts(ids, kinds, keys)!
-- Accounts that begin now, in the order of their ids; those that are there stay.
insert into wallet_ledger.account (id, kind, key)
select wanted.id, wanted.kind, wanted.key
from unnest(:ids::uuid[], :kinds::text[], :keys::text[]) as wanted (id, kind, key)
order by wanted.id
on conflict (id) do nothing;

-- name: transfers(ids)
-- Transfers of these ids, and whether a hold among them has ended. The accounts are locked, so that no hold ends meanwhile.
select id, debit_id, credit_id, subject, cents, step, hold_id,
    step = 'hold' and exists (select 1 from wallet_ledger.transfer as ending where ending.hold_id = transfer.id) as ended
from wallet_ledger.transfer where id = any(:ids::uuid[]);

-- name: post(account_ids, balances, helds, ids, debit_ids, credit_ids, subjects, wallet_ids, cents, purposes, steps, hold_ids, now)!
-- All transfers of a batch and what they leave of its accounts, which are locked: one statement. Which accounts is said
-- twice, or the join would read all that there are. Where nothing is held or ends, there are no helds, steps, hold_ids.
with moved as (
    update wallet_ledger.account
    set balance_cents = after.balance, held_cents = coalesce(after.held, account.held_cents)
    from unnest(:account_ids::uuid[], :balances::bigint[], :helds::bigint[]) as after (id, balance, held)
    where account.id = after.id and account.id = any(:account_ids::uuid[])
)
insert into wallet_ledger.transfer (id, debit_id, credit_id, subject, purse_id, at, cents, purpose, step, hold_id)
select t.id, t.debit, t.credit, t.subject, t.purse, :now::timestamptz, t.cents, t.purpose, coalesce(t.step, 'post'), t.hold
from unnest(
    :ids::uuid[], :debit_ids::uuid[], :credit_ids::uuid[], :subjects::uuid[], :wallet_ids::uuid[], :cents::bigint[],
    :purposes::text[], :steps::text[], :hold_ids::uuid[]
) as t (id, debit, credit, subject, purse, cents, purpose, step, hold);

-- name: sums_of_units()^
-- What all accounts of money hold together, and all of points: zero each.
select coalesce(sum(balance_cents) filter (where not starts_with(kind, 'points')), 0)::bigint as cents,
    coalesce(sum(balance_cents) filter (where starts_with(kind, 'points')), 0)::bigint as points
from wallet_ledger.account;

-- name: balance_mismatches()
-- Accounts whose balance or holds are not what their transfers say, and what these say.
with leg as (
    select credit_id as id, cents as balance, 0::bigint as held from wallet_ledger.transfer where step in ('post', 'capture')
    union all
    select debit_id, -cents, 0 from wallet_ledger.transfer where step in ('post', 'capture')
    union all
    select debit_id, 0, cents from wallet_ledger.transfer as hold
    where step = 'hold' and not exists (select 1 from wallet_ledger.transfer as ending where ending.hold_id = hold.id)
), told as (
    select id, sum(balance)::bigint as balance, sum(held)::bigint as held from leg group by id
)
select coalesce(account.id, told.id) as id, coalesce(account.balance_cents, 0) as balance_cents,
    coalesce(account.held_cents, 0) as held_cents, coalesce(told.balance, 0) as told_balance_cents,
    coalesce(told.held, 0) as told_held_cents
from wallet_ledger.account full join told on told.id = account.id
where account.id is null or account.balance_cents <> coalesce(told.balance, 0)
    or account.held_cents <> coalesce(told.held, 0)
order by 1;

-- name: balance_of_kinds()
-- What the accounts of each kind hold together.
select kind, sum(balance_cents)::bigint as balance_cents, sum(held_cents)::bigint as held_cents
from wallet_ledger.account group by kind order by kind;

-- name: balances(ids)
-- Accounts as they stand.
select id, balance_cents, held_cents from wallet_ledger.account where id = any(:ids::uuid[]);

-- name: history(wallet_id, before, limit_)
-- What moved in a wallet before a moment and the holds that are open, the latest first; all that is of the last one's
-- moment comes with it, so that the next page begins before it.
select id, at, cents, step, purpose, subject, debit_id, credit_id, hold_id
from wallet_ledger.transfer as line
where purse_id = :wallet_id and at < :before::timestamptz and step <> 'void'
    and not (step = 'hold' and exists (select 1 from wallet_ledger.transfer as ending where ending.hold_id = line.id))
order by at desc fetch first :limit_ rows with ties;
