-- What came into purses of people who were erased, and went back to no bank card, is owed and not held by the provider:
-- the books call it by a name of its own, by which finance finds and empties it.
create or replace view wallet.public_posting as
select transfer.id, transfer.subject, transfer.purpose, transfer.at,
    case when account.kind = 'clearing' and account.key = 'unclaimed' then 'unclaimed' else account.kind end as kind,
    account.key, side.cents
from wallet.transfer
cross join lateral (values (debit_id, -cents), (credit_id, cents)) as side (account_id, cents)
inner join wallet.account on account.id = side.account_id
where transfer.step in ('post', 'capture');

create or replace view wallet.public_balance as
select id, case when kind = 'clearing' and key = 'unclaimed' then 'unclaimed' else kind end as kind, key, balance_cents
from wallet.account;

-- squawk-ignore require-concurrent-index-creation
create index purse_closed on wallet.purse (id) where frozen_at is not null;
