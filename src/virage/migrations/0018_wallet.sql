-- The purse and its ledger: accounts, transfers, purses, top-ups, refunds of what is left.
create schema wallet;

-- What somebody has loaded. Its account in the ledger has the same id. Nobody owns the purse of an anonymous card.
create table wallet.purse (
    id uuid primary key,
    owner_id uuid,
    opened_at timestamptz not null,
    frozen_at timestamptz
);
create unique index purse_owner on wallet.purse (owner_id) where owner_id is not null;

-- The balance is what transfers credited less what they debited, and is kept with the account; `held_cents` is what
-- open holds keep of it. No column that changes is indexed, so that a busy account's versions stay on one page (HOT).
create table wallet.account (
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
-- purse whose history shows it. There are no foreign keys to the accounts: they are locked by whoever writes.
create table wallet.transfer (
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
create unique index transfer_hold on wallet.transfer (hold_id) where hold_id is not null;
create index transfer_purse on wallet.transfer (purse_id, at) where purse_id is not null;

-- Money on its way into a purse by bank card. A payment that is made twice credits twice: each is a transfer.
create table wallet.top_up (
    id uuid primary key,
    purse_id uuid not null references wallet.purse (id),
    payment_id uuid not null unique,
    cents integer not null check (cents > 0),
    begun_at timestamptz not null
);
create index top_up_purse on wallet.top_up (purse_id);

-- Money on its way back: what was left, to the bank cards that it came from.
create table wallet.payout (
    id uuid primary key,
    purse_id uuid not null references wallet.purse (id),
    cents integer not null check (cents >= 0),
    asked_at timestamptz not null
);
