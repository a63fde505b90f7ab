-- Purses are a domain of their own. Programs of before find them no more: they end before this migration.
create schema wallet_accounts;
-- squawk-ignore ban-set-schema
alter table wallet.purse set schema wallet_accounts;

-- Purses with their owners, for the domains of the wallet above.
create view wallet_accounts.public_purse as
select id, owner_id, frozen_at from wallet_accounts.purse;
