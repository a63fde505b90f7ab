-- The ledger is a domain of its own. Programs of before find it no more: they end before this migration.
create schema wallet_ledger;
-- squawk-ignore ban-set-schema
alter table wallet.account set schema wallet_ledger;
-- squawk-ignore ban-set-schema
alter table wallet.transfer set schema wallet_ledger;
-- squawk-ignore ban-set-schema
alter view wallet.public_posting set schema wallet_ledger;
-- squawk-ignore ban-set-schema
alter view wallet.public_balance set schema wallet_ledger;

-- Accounts and transfers as they stand, for the domains of the wallet above.
create view wallet_ledger.public_account as
select id, kind, key, balance_cents, held_cents from wallet_ledger.account;

create view wallet_ledger.public_transfer as
select id, debit_id, credit_id, subject, hold_id, purse_id, at, cents, step, purpose from wallet_ledger.transfer;
