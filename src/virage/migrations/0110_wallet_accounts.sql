-- baseline: wallets and their owners.
create schema wallet_accounts;

-- A wallet. Its ledger account has the same id. The wallet of an anonymous card has no owner.
create table wallet_accounts.purse (
    id uuid primary key,
    owner_id uuid,
    opened_at timestamptz not null,
    frozen_at timestamptz
);
create unique index purse_owner on wallet_accounts.purse (owner_id) where owner_id is not null;
create index purse_closed on wallet_accounts.purse (id) where frozen_at is not null;

-- For the wallet domains above.
create view wallet_accounts.public_purse as
select id, owner_id, frozen_at from wallet_accounts.purse;
