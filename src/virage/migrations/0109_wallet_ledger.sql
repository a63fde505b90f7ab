-- baseline: the double-entry ledger of wallets: accounts and transfers in cents.
create schema wallet_ledger;

-- The balance is the sum of credits less that of debits and is kept with the account; `held_cents` is reserved by open
-- holds. No column that changes is indexed, so that the versions of a busy account stay on one page (HOT).
create table wallet_ledger.account (
    id uuid primary key,
    balance_cents bigint not null default 0,
    held_cents bigint not null default 0 check (held_cents >= 0),
    kind text not null check (
        kind in ('purse', 'bonus', 'deposits', 'clearing', 'cash', 'terminal', 'revenue', 'tips', 'loss', 'grants')
    ),
    key text not null,
    constraint floor_of_the_kind check (kind not in ('purse', 'bonus') or balance_cents - held_cents >= 0)
) with (fillfactor = 50);

-- A row is written once and never changes. `hold_id` names the hold that a capture or a void ends. `purse_id` is the
-- wallet whose history shows it. There are no foreign keys to accounts: the writer has locked them.
create table wallet_ledger.transfer (
    id uuid primary key,
    debit_id uuid not null,
    credit_id uuid not null,
    subject uuid not null,
    hold_id uuid,
    purse_id uuid,
    at timestamptz not null,
    cents bigint not null check (cents > 0),
    step text not null check (step in ('post', 'hold', 'capture', 'void')),
    purpose text not null,
    constraint two_accounts check (debit_id <> credit_id),
    constraint end_of_a_hold check ((hold_id is not null) = (step in ('capture', 'void')))
);
create unique index transfer_hold on wallet_ledger.transfer (hold_id) where hold_id is not null;
create index transfer_purse on wallet_ledger.transfer (purse_id, at) where purse_id is not null;
-- Rows come in the order of their time: a few bytes per range of pages find a month and cost an insert nothing.
create index transfer_at on wallet_ledger.transfer using brin (at) with (pages_per_range = 32, autosummarize = on);

-- For the accounting export and other books: postings per account, one row per side. Money in wallets of erased people
-- that could not return to a bank card is owed and not held by the provider: its kind is 'unclaimed', by which finance
-- finds and empties it.
create view wallet_ledger.public_posting as
select transfer.id, transfer.subject, transfer.purpose, transfer.at,
    case when account.kind = 'clearing' and account.key = 'unclaimed' then 'unclaimed' else account.kind end as kind,
    account.key, side.cents
from wallet_ledger.transfer
cross join lateral (values (debit_id, -cents), (credit_id, cents)) as side (account_id, cents)
inner join wallet_ledger.account on account.id = side.account_id
where transfer.step in ('post', 'capture');

create view wallet_ledger.public_balance as
select id, case when kind = 'clearing' and key = 'unclaimed' then 'unclaimed' else kind end as kind, key, balance_cents
from wallet_ledger.account;

-- For the wallet domains above: accounts and transfers as they are.
create view wallet_ledger.public_account as
select id, kind, key, balance_cents, held_cents from wallet_ledger.account;

create view wallet_ledger.public_transfer as
select id, debit_id, credit_id, subject, hold_id, purse_id, at, cents, step, purpose from wallet_ledger.transfer;
