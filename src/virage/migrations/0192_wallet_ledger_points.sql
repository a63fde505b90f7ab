-- expand: accounts of points in the ledger. Points are a unit of their own: they are in no view of money.
-- A fan's points do not become negative. The wider check is validated by 0193, so that no sale waits while it is read.
-- squawk-ignore ban-drop-constraint
alter table wallet_ledger.account drop constraint account_kind_check;
alter table wallet_ledger.account
add constraint account_kind_check check (
    kind in (
        'purse', 'bonus', 'deposits', 'clearing', 'cash', 'terminal', 'revenue', 'tips', 'loss', 'grants',
        'points', 'points_issued', 'points_redeemed', 'points_lapsed'
    )
    and (kind <> 'points' or balance_cents - held_cents >= 0)
) not valid;

create or replace view wallet_ledger.public_posting as
select transfer.id, transfer.subject, transfer.purpose, transfer.at,
    case when account.kind = 'clearing' and account.key = 'unclaimed' then 'unclaimed' else account.kind end as kind,
    account.key, side.cents
from wallet_ledger.transfer
cross join lateral (values (debit_id, -cents), (credit_id, cents)) as side (account_id, cents)
inner join wallet_ledger.account on account.id = side.account_id
where transfer.step in ('post', 'capture') and not starts_with(account.kind, 'points');

create or replace view wallet_ledger.public_balance as
select id, case when kind = 'clearing' and key = 'unclaimed' then 'unclaimed' else kind end as kind, key, balance_cents
from wallet_ledger.account where not starts_with(kind, 'points');
